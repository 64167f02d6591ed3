import { Option } from "commander"
import type { MeshRow } from "#shared/api/mesh.ts"
import { type Context, clusterIds } from "../context.ts"
import { formatBytesRate, formatLatency, formatRate, formatShare } from "#shared/format/number.ts"
import { type Column, print, printNotices } from "../output.ts"
import { type Add, collect, signedIn } from "./add.ts"

type Flags = { cluster: string[]; namespace: string[]; query?: string }

const columns: Column<MeshRow>[] = [
  { head: "CLUSTER", cell: ({ clusterName }) => clusterName || "-" },
  { head: "NAMESPACE", cell: ({ namespace }) => namespace || "-" },
  { head: "NAME", cell: ({ name }) => name },
  { head: "HEALTH", cell: ({ health, stale }) => (stale ? "stale" : health.state) },
  { head: "RATE", cell: ({ signals }) => formatRate(signals.requestsPerSecond), right: true },
  { head: "ERRORS", cell: ({ signals }) => formatShare(signals.errorRatio), right: true },
  { head: "P95", cell: ({ signals }) => formatLatency(signals.latencyMs?.p95 ?? null), right: true },
  {
    head: "P50",
    cell: ({ signals }) => formatLatency(signals.latencyMs?.p50 ?? null),
    right: true,
    wide: true,
  },
  {
    head: "P99",
    cell: ({ signals }) => formatLatency(signals.latencyMs?.p99 ?? null),
    right: true,
    wide: true,
  },
  {
    head: "THROUGHPUT",
    cell: ({ signals }) => formatBytesRate(signals.bytesPerSecond.sent + signals.bytesPerSecond.received),
    right: true,
  },
  { head: "MTLS", cell: ({ signals }) => formatShare(signals.mtlsRatio), right: true },
  { head: "PODS", cell: ({ pods }) => (pods ? `${pods.ready}/${pods.total}` : "-"), right: true },
  { head: "KIND", cell: ({ kind }) => kind, wide: true },
  { head: "VERSIONS", cell: ({ versions }) => versions.join(",") || "-", wide: true },
  { head: "WHY", cell: ({ health }) => health.reasons.map(({ text }) => text).join("; ") || "-", wide: true },
]

/** All pages: a terminal scrolls, and a pipe wants everything. */
async function all({ client }: Context, name: "listServices" | "listWorkloads", options: Flags) {
  const cluster = await clusterIds(client, options.cluster)
  const query = {
    ...(cluster ? { cluster } : {}),
    ...(options.namespace.length > 0 ? { namespace: options.namespace } : {}),
    ...(options.query === undefined ? {} : { q: options.query }),
    limit: 1000,
  }
  const first = await client.call(name, { query })
  const items = [...first.items]
  for (let cursor = first.cursor; cursor !== null;) {
    const next = await client.call(name, { query: { ...query, cursor } })
    items.push(...next.items)
    cursor = next.cursor
  }
  return { items, notices: first.notices }
}

function addTable(
  add: Add,
  command: string,
  operation: "listServices" | "listWorkloads",
  words: string,
): void {
  add.program
    .command(command)
    .addOption(new Option("--cluster <name>", "only these clusters").default([]).argParser(collect))
    .addOption(new Option("-n, --namespace <name>", "only these namespaces").default([]).argParser(collect))
    .option("-q, --query <text>", "part of a name or namespace")
    .description(words)
    .action(
      signedIn(add, async (context, options: Flags) => {
        const answer = await all(context, operation, options)
        print(context.io, context.flags.output, answer, {
          rows: answer.items,
          columns,
          empty: `No ${command} here`,
        })
        printNotices(context.io, answer.notices)
        return undefined
      }),
    )
}

export const addServices = (add: Add): void =>
  addTable(add, "services", "listServices", "Services with golden signals, worst first")

export const addWorkloads = (add: Add): void =>
  addTable(add, "workloads", "listWorkloads", "Workloads with golden signals, worst first")

import { Option } from "commander"
import type { TopologyDocument, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import { clusterIds } from "../context.ts"
import { formatBytesRate, formatLatency, formatRate, formatShare } from "#shared/format/number.ts"
import { type Column, print, printNotices } from "../output.ts"
import { type Add, collect, signedIn } from "./add.ts"

const nameOf = (nodes: ReadonlyMap<string, TopologyNode>, id: string): string => {
  const node = nodes.get(id)
  if (!node) return id
  return node.namespace === "" ? node.name : `${node.namespace}/${node.name}`
}

function edgeColumns(document: TopologyDocument): Column<TopologyEdge>[] {
  const nodes = new Map(document.nodes.map((node) => [node.id, node]))
  return [
    { head: "SOURCE", cell: ({ source }) => nameOf(nodes, source) },
    { head: "TARGET", cell: ({ target }) => nameOf(nodes, target) },
    { head: "PROTOCOL", cell: ({ protocol }) => protocol },
    {
      head: "RATE",
      cell: (edge) => (edge.protocol === "tcp" ? "-" : formatRate(edge.requestsPerSecond)),
      right: true,
    },
    { head: "ERRORS", cell: ({ errorRatio }) => formatShare(errorRatio), right: true },
    { head: "P95", cell: ({ latencyMs }) => formatLatency(latencyMs?.p95 ?? null), right: true },
    { head: "P50", cell: ({ latencyMs }) => formatLatency(latencyMs?.p50 ?? null), right: true, wide: true },
    { head: "P99", cell: ({ latencyMs }) => formatLatency(latencyMs?.p99 ?? null), right: true, wide: true },
    {
      head: "THROUGHPUT",
      cell: ({ bytesPerSecond }) => formatBytesRate(bytesPerSecond.sent + bytesPerSecond.received),
      right: true,
    },
    { head: "MTLS", cell: ({ mtlsRatio }) => formatShare(mtlsRatio), right: true },
    { head: "HEALTH", cell: ({ health, stale }) => (stale ? `${health} (stale)` : health) },
    { head: "REPORTER", cell: ({ reporter }) => reporter, wide: true },
  ]
}

type Flags = { cluster: string[]; namespace: string[]; view: "service" | "workload"; idle?: true }

/** Worst first, then by rate. */
const order = ["failing", "degraded", "watch", "ok", "unknown", "idle"]
const worstFirst = (a: TopologyEdge, b: TopologyEdge): number =>
  order.indexOf(a.health) - order.indexOf(b.health) || b.requestsPerSecond - a.requestsPerSecond

export function addTopology(add: Add): void {
  add.program
    .command("topology")
    .addOption(new Option("--cluster <name>", "only these clusters").default([]).argParser(collect))
    .addOption(new Option("-n, --namespace <name>", "only these namespaces").default([]).argParser(collect))
    .addOption(
      new Option("--view <view>", "what a node is").choices(["service", "workload"]).default("service"),
    )
    .option("--idle", "what has no traffic too")
    .description("The live graph; -o json prints the same document as the API")
    .action(
      signedIn(add, async ({ io, flags, client }, options: Flags) => {
        const cluster = await clusterIds(client, options.cluster)
        const document = await client.call("getTopology", {
          query: {
            ...(cluster ? { cluster } : {}),
            ...(options.namespace.length > 0 ? { namespace: options.namespace } : {}),
            view: options.view,
            idle: options.idle ? "true" : "false",
          },
        })
        print(io, flags.output, document, {
          rows: [...document.edges].sort(worstFirst),
          columns: edgeColumns(document),
          empty: document.at === null ? "No cluster has sent metrics yet" : "No traffic in this window",
        })
        if (flags.output === "table" || flags.output === "wide") printNotices(io, document.notices)
        return undefined
      }),
    )
}

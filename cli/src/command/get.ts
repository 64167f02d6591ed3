import { Option } from "commander"
import type { InventoryItem } from "#shared/api/inventory.ts"
import { AppError } from "#shared/error.ts"
import type { KindSpec } from "#shared/kube/kinds.ts"
import { type Context, clusterIds } from "../context.ts"
import { UsageError } from "../exit.ts"
import { kindNamed } from "../kind-named.ts"
import { formatAge } from "#shared/format/time.ts"
import { type Column, documentText, isDocument, print, printNotices } from "../output.ts"
import { type Add, collect, signedIn } from "./add.ts"

type Flags = { cluster: string[]; namespace: string[]; selector?: string; query?: string }

const createdAt = ({ object }: InventoryItem): number => Date.parse(object.metadata.creationTimestamp ?? "")

const columns = (now: number): Column<InventoryItem>[] => [
  { head: "CLUSTER", cell: ({ clusterName }) => clusterName },
  { head: "NAMESPACE", cell: ({ object }) => object.metadata.namespace ?? "-" },
  { head: "NAME", cell: ({ object }) => object.metadata.name },
  {
    head: "AGE",
    cell: (item) => (Number.isNaN(createdAt(item)) ? "-" : formatAge(now - createdAt(item))),
    right: true,
  },
  { head: "STATE", cell: ({ stale }) => (stale ? "stale" : "live") },
  { head: "SEEN", cell: ({ seenAt }) => formatAge(now - seenAt), right: true, wide: true },
  {
    head: "LABELS",
    cell: ({ object }) =>
      Object.entries(object.metadata.labels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(",") || "-",
    wide: true,
  },
]

async function list({ client }: Context, kind: KindSpec, options: Flags) {
  const cluster = await clusterIds(client, options.cluster)
  const query = {
    ...(cluster ? { cluster } : {}),
    ...(options.namespace.length > 0 ? { namespace: options.namespace } : {}),
    ...(options.selector === undefined ? {} : { selector: options.selector }),
    ...(options.query === undefined ? {} : { q: options.query }),
    limit: 500,
  }
  const items: InventoryItem[] = []
  const notices = new Map<string, { message: string }>()
  let cursor: string | null | undefined
  do {
    const page = await client.call("listObjects", {
      params: { kind: kind.key },
      query: { ...query, ...(typeof cursor === "string" ? { cursor } : {}) },
    })
    items.push(...page.items)
    for (const notice of page.notices) notices.set(`${notice.code}|${notice.cluster}`, notice)
    cursor = page.cursor
  } while (cursor !== null)
  return { items, notices: [...notices.values()] }
}

/** One object by name: in YAML unless told otherwise, as `kubectl get -o yaml` prints it. */
function printOne(
  { io, flags }: Context,
  kind: KindSpec,
  name: string,
  found: readonly InventoryItem[],
): void {
  const [item] = found
  if (!item) throw new AppError("object.not_found", `no ${kind.kind} "${name}" here`)
  if (found.length > 1) {
    const where = found.map(({ clusterName, object }) =>
      `${clusterName} ${object.metadata.namespace ?? ""}`.trim(),
    )
    throw new UsageError(`${found.length} are named "${name}": ${where.join(", ")}; add --cluster or -n`)
  }
  if (isDocument(flags.output)) io.out(documentText(flags.output, item.object))
  else print(io, flags.output, item, { rows: [item], columns: columns(io.now()), empty: "" })
}

export function addGet(add: Add): void {
  add.program
    .command("get")
    .argument("<kind>", "kind, plural or plural.group: pods, virtualservice, gateways.networking.istio.io")
    .argument("[name]", "one object; -o yaml prints it as it is")
    .addOption(new Option("--cluster <name>", "only these clusters").default([]).argParser(collect))
    .addOption(new Option("-n, --namespace <name>", "only these namespaces").default([]).argParser(collect))
    .option("-l, --selector <labels>", "label selector, as in kubectl")
    .option("-q, --query <text>", "part of a name or namespace")
    .description("Objects of the inventory")
    .action(
      signedIn(add, async (context, kindName: string, name: string | undefined, options: Flags) => {
        const kind = kindNamed(kindName)
        const { items, notices } = await list(
          context,
          kind,
          name === undefined ? options : { ...options, query: name },
        )
        printNotices(context.io, notices)
        if (name === undefined)
          print(
            context.io,
            context.flags.output,
            { items: items.map(({ object }) => object) },
            {
              rows: items,
              columns: columns(context.io.now()),
              empty: `No ${kind.plural} here`,
            },
          )
        else
          printOne(
            context,
            kind,
            name,
            items.filter(({ object }) => object.metadata.name === name),
          )
        return undefined
      }),
    )
}

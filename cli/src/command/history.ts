import { Option } from "commander"
import type { Change, ChangeDetail } from "#shared/api/change.ts"
import { formatLatency, formatRate, formatShare } from "#shared/format/number.ts"
import { formatMoment, formatSince } from "#shared/format/time.ts"
import { clusterOption } from "../change/flags.ts"
import { objectChanges } from "../change/objects.ts"
import { diffLines } from "../change/preview-text.ts"
import { serviceOf } from "../change/target.ts"
import { spanMs } from "#shared/edit/line/span.ts"
import { kindsNamed } from "#shared/kube/kinds.ts"
import { type Context, clusterIds } from "../context.ts"
import { UsageError } from "../exit.ts"
import { type Column, clean, documentText, isDocument, print } from "../output.ts"
import { type Paint, paintFor } from "../validate/table.ts"
import { dayOrTime } from "../when.ts"
import { type Add, collect, signedIn } from "./add.ts"
import { numberOf } from "./control/which.ts"

type Flags = {
  cluster: string[]
  namespace: string[]
  kind?: string
  name?: string
  by?: string
  via?: "console" | "cli" | "api" | "agent" | "outside"
  since?: string
  until?: string
  limit: string
}

const columns = (now: number): Column<Change>[] => [
  { head: "WHEN", cell: ({ at }) => formatSince(at, now), right: true },
  {
    head: "CLUSTER",
    cell: ({ clusters }) => clusters.map(({ clusterName }) => clusterName).join(",") || "-",
  },
  { head: "STATE", cell: ({ state }) => state },
  { head: "BY", cell: ({ by }) => by.name },
  { head: "VIA", cell: ({ via }) => via },
  { head: "SERVICES", cell: ({ services }) => services.join(",") || "-", wide: true },
  { head: "AT", cell: ({ at }) => `${formatMoment(at)} UTC`, wide: true },
  { head: "ID", cell: ({ changeId }) => changeId },
  { head: "WHAT", cell: ({ title }) => title },
]

/** A time ago (`2h`), or a day or time. @throws UsageError */
function momentOf(flag: string, text: string, now: number): number {
  const span = spanMs(text)
  if (span !== undefined) return Math.max(0, now - span)
  const at = dayOrTime(text, flag === "--until")
  if (Number.isNaN(at))
    throw new UsageError(
      `${flag} "${text}": wants a time ago, a day or a time, as 2h, 7d, 2027-01-31 or 2027-01-31T18:00:00Z`,
    )
  return at
}

/** @throws UsageError */
function kindKeyNamed(name: string): string {
  const [kind, ...more] = kindsNamed(name)
  if (!kind) throw new UsageError(`--kind "${name}": no such kind; smm get --help lists them`)
  if (more.length > 0) throw new UsageError(`--kind "${name}" may be several; write plural.group`)
  return kind.key
}

const timesOf = ({ since, until }: Flags, now: number): { from?: number; to?: number } => ({
  ...(since === undefined ? {} : { from: momentOf("--since", since, now) }),
  ...(until === undefined ? {} : { to: momentOf("--until", until, now) }),
})

async function queryOf({ io, client }: Context, written: string | undefined, flags: Flags) {
  const cluster = await clusterIds(client, flags.cluster)
  const service = written === undefined ? undefined : serviceOf(written)
  const { namespace, kind, name, by, via } = flags
  return {
    ...timesOf(flags, io.now()),
    ...(cluster ? { cluster } : {}),
    ...(service ? { service: `${service.namespace}/${service.name}` } : {}),
    ...(namespace.length > 0 ? { namespace } : {}),
    ...(kind === undefined ? {} : { kind: kindKeyNamed(kind) }),
    ...(name === undefined ? {} : { name }),
    ...(by === undefined ? {} : { by }),
    ...(via === undefined ? {} : { via }),
  }
}

const page = 200

/** So many as are wanted, page by page. */
async function list(context: Context, query: Awaited<ReturnType<typeof queryOf>>, limit: number) {
  const items: Change[] = []
  let cursor: string | null | undefined
  do {
    const answer = await context.client.call("listChanges", {
      query: {
        ...query,
        limit: Math.min(page, limit - items.length),
        ...(typeof cursor === "string" ? { cursor } : {}),
      },
    })
    items.push(...answer.items)
    cursor = answer.cursor
  } while (cursor !== null && items.length < limit)
  return { items, more: cursor !== null }
}

const around = ({
  requestsPerSecond,
  errorRatio,
  p95Ms,
}: ChangeDetail["traffic"][number]["before"]): string =>
  `${formatRate(requestsPerSecond)}, ${formatShare(errorRatio)} errors, p95 ${formatLatency(p95Ms)}`

function detailText(change: ChangeDetail, paint: Paint): string {
  const { title, changeId, at, by, via, state, watch, undoneBy, undoOf, clusters, steps, traffic } = change
  const lines = [
    paint("bold", clean(title)),
    clean(`${changeId}, ${formatMoment(at)} UTC, by ${by.name} (${via}): ${state}`),
    ...(watch ? [clean(`${watch.state}: ${watch.reason}`)] : []),
    ...(undoOf === null ? [] : [`takes back ${undoOf}`]),
    ...(undoneBy === null ? [] : [`taken back by ${undoneBy}`]),
    ...clusters.map(({ clusterName, state: each, as, failure }) =>
      clean(`${clusterName}: ${each}${as ? ` as ${as.user}` : ""}${failure ? `, ${failure.message}` : ""}`),
    ),
    ...steps.flatMap(({ outcome }) =>
      outcome?.state === "failed" ? [paint("error", clean(`failed: ${outcome.message}`))] : [],
    ),
    ...objectChanges(steps).flatMap((each) => ["", ...diffLines(each, paint)]),
    ...(traffic.length === 0 ? [] : ["", paint("bold", "Five minutes before, and after")]),
    ...traffic.map(({ service, before, after }) =>
      clean(`  ${service}: ${around(before)} -> ${around(after)}`),
    ),
  ]
  return `${lines.join("\n")}\n`
}

async function printOne({ io, flags, client }: Context, changeId: string): Promise<void> {
  const change = await client.call("getChange", { params: { change: changeId } })
  if (isDocument(flags.output)) io.out(documentText(flags.output, change))
  else io.out(detailText(change, paintFor(io, "out")))
}

async function printList(context: Context, written: string | undefined, flags: Flags): Promise<void> {
  const { io } = context
  const limit = numberOf("--limit", flags.limit)
  const found = await list(context, await queryOf(context, written, flags), limit)
  print(
    io,
    context.flags.output,
    { items: found.items },
    {
      rows: found.items,
      columns: columns(io.now()),
      empty: "No changes here",
    },
  )
  if (found.more) io.err(`note: there are older ones; --limit ${limit * 2} shows more\n`)
}

const help = `
  smm history bookinfo/reviews --since 7d
  smm history --via outside --kind virtualservice -o json
  smm history chg_01J2Z3...                                one change, with its diff and the traffic around it`

export function addHistory(add: Add): void {
  add.program
    .command("history")
    .argument("[service]", "NAMESPACE/SERVICE, or the id of one change")
    .addOption(clusterOption("only these clusters"))
    .addOption(new Option("-n, --namespace <name>", "only these namespaces").default([]).argParser(collect))
    .option("--kind <kind>", "only changes of such objects")
    .option("--name <name>", "only changes of objects of this name")
    .option("--by <name>", "part of a person's, token's or field manager's name")
    .addOption(new Option("--via <way>", "only those").choices(["console", "cli", "api", "agent", "outside"]))
    .option("--since <time>", "from then on: 2h, 7d, 2027-01-31")
    .option("--until <time>", "up to then")
    .option("--limit <count>", "so many at most", "50")
    .description("Changes of the mesh, ours and those from outside, newest first")
    .addHelpText("after", help)
    .action(
      signedIn(add, async (context, written: string | undefined, flags: Flags) => {
        if (written?.startsWith("chg_")) await printOne(context, written)
        else await printList(context, written, flags)
        return undefined
      }),
    )
}

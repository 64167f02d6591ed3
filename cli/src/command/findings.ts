import { Option } from "commander"
import type { FindingItem, FindingList, NotEvaluatedItem } from "#shared/api/validation.ts"
import { formatCount } from "#shared/format/number.ts"
import { formatSince } from "#shared/format/time.ts"
import { type Level, levels } from "#shared/validation/finding.ts"
import { clusterIds } from "../context.ts"
import { NotFoundError, UsageError, exitCode } from "../exit.ts"
import { type Column, clean, documentText, isDocument, printNotices, tableText } from "../output.ts"
import { rulesNamed, spelled, unknownCode } from "../rule-names.ts"
import { isAtLeast } from "../validate/options.ts"
import { refText } from "../validate/result.ts"
import { type Add, collect, signedIn } from "./add.ts"
import { addSuppressions } from "./suppressions.ts"

type Flags = {
  cluster: string[]
  namespace: string[]
  level: Level[]
  code: string[]
  query?: string
  suppressed?: true
  failOn?: Level
}

/** What the API answers at most. */
const most = 2_000

const levelsOf = (value: string, before: Level[]): Level[] => {
  const written = collect(value, before)
  const wrong = written.find((level) => !(levels as readonly string[]).includes(level))
  if (wrong !== undefined) throw new UsageError(`--level ${wrong}: there are ${levels.join(", ")}`)
  return written as Level[]
}

function suppressedBy({ suppressed }: FindingItem): string {
  if (suppressed === null) return "-"
  const { by, code, until } = suppressed
  return `${by} ${code}${until === null ? "" : ` until ${until.slice(0, 10)}`}`
}

function columnsOf(now: number, { rules }: FindingList, withSuppressed: boolean): Column<FindingItem>[] {
  const muted: Column<FindingItem> = { head: "SUPPRESSED", cell: suppressedBy }
  return [
    { head: "LEVEL", cell: ({ level }) => level },
    { head: "CLUSTER", cell: ({ clusterName, stale }) => `${clusterName || "-"}${stale ? " (stale)" : ""}` },
    { head: "OBJECT", cell: ({ object }) => refText(object) },
    { head: "CODE", cell: ({ code }) => code },
    { head: "ALIASES", cell: ({ code }) => rules[code]?.aliases.join(",") || "-", wide: true },
    { head: "SINCE", cell: ({ since }) => (since === null ? "now" : formatSince(since, now)), right: true },
    ...(withSuppressed ? [muted] : []),
    { head: "PATH", cell: ({ path }) => path || "-", wide: true },
    { head: "FIX", cell: ({ fix }) => fix?.title ?? "-", wide: true },
    // The last one: it is as long as it must be, and breaks at the terminal's edge.
    { head: "MESSAGE", cell: ({ message }) => message },
  ]
}

const plural = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`

const notEvaluatedLine = ({ clusterName, reason, codes, objects }: NotEvaluatedItem): string =>
  clean(
    `  ${clusterName === "" ? "" : `${clusterName}: `}${reason}: ${plural(codes.length, "rule")} on ${plural(objects, "object")}  ${codes.join(", ")}`,
  )

function lastLine({ counts, more, objects }: FindingList): string {
  const parts = [
    plural(counts.error, "error"),
    plural(counts.warning, "warning"),
    `${formatCount(counts.info)} info`,
    `${formatCount(counts.suppressed)} suppressed`,
  ]
  const rest =
    more === 0 ? "" : `; ${formatCount(more)} more are not shown, narrow with -n, --level, --code or -q`
  return `${parts.join(", ")} in ${plural(objects, "object")}${rest}`
}

function answerText(answer: FindingList, now: number, flags: Flags, wide: boolean): string {
  const table =
    answer.items.length === 0
      ? []
      : [tableText(answer.items, columnsOf(now, answer, flags.suppressed === true), wide)]
  const unknown = answer.notEvaluated
  const missing = unknown.length === 0 ? [] : ["Not evaluated", ...unknown.map(notEvaluatedLine), ""]
  return [...table, ...missing, `${lastLine(answer)}\n`].join("\n")
}

const query = ({ namespace, level, code, query: q, suppressed }: Flags) => ({
  ...(namespace.length > 0 ? { namespace } : {}),
  ...(level.length > 0 ? { level } : {}),
  ...(code.length > 0 ? { code: code.map(spelled) } : {}),
  ...(q === undefined ? {} : { q }),
  suppressed: suppressed ? ("true" as const) : ("false" as const),
  limit: most,
})

const help = `
  smm findings -n shop --level error,warning
  smm findings --code IST0101 -o wide
  smm findings suppress IST0118 --object 'Service *.legacy' --for 30d --reason 'moves in May'

Exit codes: 0, and with --fail-on 1 for findings at or above that level that are not suppressed`

export function addFindings(add: Add): void {
  const findings = add.program
    .command("findings")
    .addOption(new Option("--cluster <name>", "only these clusters").default([]).argParser(collect))
    .addOption(new Option("-n, --namespace <name>", "only these namespaces").default([]).argParser(collect))
    .addOption(new Option("--level <level>", "only these").choices(levels).default([]).argParser(levelsOf))
    .addOption(
      new Option("--code <code>", "only these; an anchor's too: IST0101, KIA1107")
        .default([])
        .argParser(collect),
    )
    .option("-q, --query <text>", "part of a name, namespace, message or code")
    .option("--suppressed", "those that nobody wants to be told of, too")
    .addOption(new Option("--fail-on <level>", "exit 1 from here on").choices(levels))
    .description("What validation finds in the mesh, worst first")
    .addHelpText("after", help)
    .action(
      signedIn(add, async ({ io, flags, client }, options: Flags) => {
        const unknown = options.code.find((code) => rulesNamed(code).length === 0)
        if (unknown !== undefined) throw new NotFoundError(unknownCode(unknown))
        const cluster = await clusterIds(client, options.cluster)
        const answer = await client.call("listFindings", {
          query: { ...query(options), ...(cluster ? { cluster } : {}) },
        })
        const { output } = flags
        if (isDocument(output)) io.out(documentText(output, answer))
        else io.out(answerText(answer, io.now(), options, output === "wide"))
        printNotices(io, answer.notices)
        const { failOn } = options
        const fails =
          failOn !== undefined && levels.some((level) => isAtLeast(level, failOn) && answer.counts[level] > 0)
        return fails ? exitCode.negative : exitCode.ok
      }),
    )
  addSuppressions({ ...add, program: findings })
}

import type { SuppressionRule } from "#shared/api/validation.ts"
import type { Command } from "commander"
import { formatMoment, formatSince } from "#shared/format/time.ts"
import type { Context } from "../context.ts"
import { NotFoundError, UsageError } from "../exit.ts"
import { type Column, documentText, isDocument, print } from "../output.ts"
import { rulesNamed, spelled, unknownCode } from "../rule-names.ts"
import { dayOrTime } from "../when.ts"
import { type Add, signedIn } from "./add.ts"

const columns = (now: number): Column<SuppressionRule>[] => [
  { head: "ID", cell: ({ suppressionId }) => suppressionId },
  { head: "CODE", cell: ({ code }) => code },
  { head: "OBJECT", cell: ({ object }) => object || "everywhere" },
  { head: "UNTIL", cell: ({ until }) => untilText(until, now) },
  { head: "REASON", cell: ({ reason }) => reason || "-" },
  { head: "BY", cell: ({ createdBy }) => createdBy, wide: true },
  { head: "SINCE", cell: ({ createdAt }) => formatSince(createdAt, now), right: true, wide: true },
]

/** To the minute, UTC, as `--until` takes it. */
const untilText = (until: number | null, now: number): string => {
  if (until === null) return "for good"
  const text = `${formatMoment(until).slice(0, 16)}Z`
  return until < now ? `ended ${text}` : text
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const longestMs = 10 * 366 * 86_400_000

type SuppressFlags = { object: string; for?: string; until?: string; reason: string }

/** When a suppression ends, in ms; null for never. @throws UsageError */
function endOf({ for: span, until }: SuppressFlags, now: number): number | null {
  if (span !== undefined && until !== undefined)
    throw new UsageError("--for and --until say the same; write one of them")
  if (span !== undefined) {
    const [, count = "", unit = ""] = /^(\d{1,6})([mhdw])$/.exec(span) ?? []
    const ms = Number(count) * (unitMs[unit] ?? 0)
    if (!(ms > 0 && ms <= longestMs))
      throw new UsageError(`--for "${span}": wants minutes, hours, days or weeks, as 30m, 12h, 7d or 2w`)
    return now + ms
  }
  if (until === undefined) return null
  const end = dayOrTime(until, true)
  if (Number.isNaN(end))
    throw new UsageError(`--until "${until}": wants a day or a time, as 2027-01-31 or 2027-01-31T18:00:00Z`)
  if (end <= now) throw new UsageError(`--until "${until}" is over already`)
  return end
}

/** A wish that meets nothing is most likely mistyped, and nobody would notice. */
async function tellIdle({ io, client }: Context, { code, object }: SuppressionRule): Promise<void> {
  if (object === "") return
  const { items, more } = await client.call("listFindings", {
    query: { ...(code === "*" ? {} : { code: [code] }), suppressed: "true", limit: 2_000 },
  })
  const met = items.some(({ suppressed }) => suppressed?.by === "settings" && suppressed.code === code)
  if (!met && more === 0) io.err(`note: nothing that is found now is at "${object}"\n`)
}

async function suppress(context: Context, written: string, options: SuppressFlags): Promise<void> {
  const { io, flags, client } = context
  const code = spelled(written)
  if (code === "*" && options.object === "")
    throw new UsageError("this would suppress everything everywhere; add --object")
  if (code !== "*" && rulesNamed(code).length === 0) throw new NotFoundError(unknownCode(code))
  const { object, reason } = options
  const until = endOf(options, io.now())
  const made = await client.call("createSuppression", { body: { code, object, until, reason } })
  if (isDocument(flags.output)) io.out(documentText(flags.output, made))
  else io.out(`${made.suppressionId}\n`)
  const where = object === "" ? "everywhere" : `at "${object}"`
  const when = until === null ? "for good" : `until ${untilText(until, io.now())}`
  io.err(`Suppressed ${code} ${where} ${when}; smm findings unsuppress ${made.suppressionId}\n`)
  await tellIdle(context, made)
}

/** What narrows `smm findings` narrows no suppression; taken silently, it would suppress more than was meant. @throws UsageError */
function demandOwnFlags(findings: Command): void {
  const foreign = findings.options.find(
    (option) => findings.getOptionValueSource(option.attributeName()) === "cli",
  )
  if (foreign)
    throw new UsageError(`${foreign.long ?? foreign.flags} does not narrow a suppression; write --object`)
}

/** The organization's wishes not to be told, below `smm findings`. */
export function addSuppressions(add: Add): void {
  add.program
    .command("suppress")
    .argument("<code>", "ours, an anchor's (IST0101, KIA1107), or * with --object")
    .option("--object <glob>", "only these: 'VirtualService reviews.bookinfo', 'bookinfo/*'", "")
    .option("--for <time>", "for so long: 30m, 12h, 7d, 2w")
    .option("--until <date>", "until this day or time: 2027-01-31")
    .option("--reason <text>", "why, for the others", "")
    .description("Count findings of a code, but tell nobody; prints the id")
    .action(
      signedIn(add, async (context, code: string, options: SuppressFlags) => {
        demandOwnFlags(add.program)
        await suppress(context, code, options)
        return undefined
      }),
    )
  add.program
    .command("suppressions")
    .description("What is suppressed, where, and until when")
    .action(
      signedIn(add, async ({ io, flags, client }) => {
        const answer = await client.call("listSuppressions")
        print(io, flags.output, answer, {
          rows: answer.items,
          columns: columns(io.now()),
          empty: "Nothing is suppressed",
        })
        return undefined
      }),
    )
  add.program
    .command("unsuppress")
    .argument("<id>", "as smm findings suppressions prints it")
    .description("Be told again")
    .action(
      signedIn(add, async ({ io, client }, id: string) => {
        const { items } = await client.call("listSuppressions")
        const found = items.find(({ suppressionId }) => suppressionId === id)
        if (!found) throw new NotFoundError(`no suppression "${id}"; smm findings suppressions lists them`)
        await client.call("removeSuppression", { params: { suppression: id } })
        io.err(`Told again of ${found.code} ${found.object === "" ? "everywhere" : `at "${found.object}"`}\n`)
        return undefined
      }),
    )
}

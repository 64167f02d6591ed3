import { formatCount } from "#shared/format/number.ts"
import { type Level, levels } from "#shared/validation/finding.ts"
import { type Located, type Result, kindName, objectName, placeText } from "./result.ts"

/** Paints a text for a terminal; the text itself elsewhere. */
export type Paint = (style: "bold" | "dim" | Level, text: string) => string

const codes = { bold: "1", dim: "2", error: "31", warning: "33", info: "36" } as const

export const colours: Paint = (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m`
export const noColours: Paint = (_, text) => text

/** Control characters of other people's names never reach the terminal. */
const clean = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?")

const nameOf = ({ finding }: Located): string => {
  const name = `${kindName(finding.object.kind)} ${objectName(finding.object)}`
  return clean(finding.cluster === "" ? name : `${finding.cluster}: ${name}`)
}

/** Findings of one code, at one level. */
function groupsOf(findings: readonly Located[]): Located[][] {
  const groups = new Map<string, Located[]>()
  for (const each of findings) {
    const key = `${levels.indexOf(each.finding.level)} ${each.finding.code}`
    const known = groups.get(key)
    if (known) known.push(each)
    else groups.set(key, [each])
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

/** Wider names and places are left to stand out, so that one long path does not push all others apart. */
const widest = 60
const widthOf = (texts: readonly string[]): number =>
  Math.min(
    widest,
    texts.reduce((most, { length }) => Math.max(most, length), 0),
  )

function rowsOf(group: readonly Located[], paint: Paint): string[] {
  const names = group.map(nameOf)
  const places = group.map(({ at }) => clean(placeText(at)))
  const [nameWidth, placeWidth] = [widthOf(names), widthOf(places)]
  return group.map(
    ({ finding }, row) =>
      `  ${(names[row] ?? "").padEnd(nameWidth)}  ${paint("dim", (places[row] ?? "").padEnd(placeWidth))}  ${clean(finding.message)}`,
  )
}

function groupText(group: readonly Located[], paint: Paint): string {
  const [first] = group
  if (!first) return ""
  const { finding, rule } = first
  const aliases = rule.aliases.length > 0 ? ` (${rule.aliases.join(", ")})` : ""
  const count = group.length > 1 ? `, ${formatCount(group.length)} times` : ""
  return [
    `${paint(finding.level, finding.level)}  ${paint("bold", rule.title)}  ${paint("dim", `${finding.code}${aliases}${count}`)}`,
    ...rowsOf(group, paint),
    ...(rule.effect === "" ? [] : [paint("dim", `  Effect: ${rule.effect}`)]),
    ...(rule.remedy === "" ? [] : [paint("dim", `  Remedy: ${rule.remedy}`)]),
    "",
  ].join("\n")
}

const plural = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`

function notEvaluatedText({ notEvaluated }: Result, paint: Paint): string[] {
  if (notEvaluated.length === 0) return []
  return [
    paint("bold", "Not evaluated"),
    ...notEvaluated.map(
      ({ cluster, reason, codes: rules, objects }) =>
        `  ${cluster === "" ? "" : `${clean(cluster)}: `}${clean(reason)}: ${plural(rules.length, "rule")} on ${plural(objects, "object")}  ${paint("dim", rules.join(", "))}`,
    ),
    "",
  ]
}

const countOf = (findings: readonly Located[], level: Level): number =>
  findings.filter(({ finding }) => finding.level === level).length

function lastLine(result: Result): string {
  const { findings, suppressed, problems, objects, files, elapsedMs, removed } = result
  const unread = problems.filter(({ level }) => level === "error").length
  const parts = [
    plural(countOf(findings, "error"), "error"),
    plural(countOf(findings, "warning"), "warning"),
    `${formatCount(countOf(findings, "info"))} info`,
    ...(removed === null ? [] : [`${formatCount(removed.length)} fewer than now`]),
    ...(suppressed.length > 0 ? [`${formatCount(suppressed.length)} suppressed`] : []),
    ...(unread > 0 ? [`${formatCount(unread)} not read`] : []),
  ]
  return `${parts.join(", ")} in ${plural(objects, "object")} of ${plural(files, "file")}, ${(elapsedMs / 1_000).toFixed(2)} s\n`
}

export function tableText(result: Result, paint: Paint): string {
  const removed = result.removed ?? []
  return [
    ...groupsOf(result.findings).map((group) => groupText(group, paint)),
    ...(removed.length === 0 ? [] : [paint("bold", "No longer found"), ...rowsOf(removed, paint), ""]),
    ...notEvaluatedText(result, paint),
    lastLine(result),
  ].join("\n")
}

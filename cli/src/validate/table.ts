import { formatCount } from "#shared/format/number.ts"
import { type Level, levels } from "#shared/validation/finding.ts"
import type { Io } from "../io.ts"
import { clean } from "../output.ts"
import { type Located, type Result, placeText, refText } from "./result.ts"

/** Paints a text for a terminal; the text itself elsewhere. */
export type Paint = (style: "bold" | "dim" | "added" | "removed" | Level, text: string) => string

const codes = {
  bold: "1",
  dim: "2",
  error: "31",
  warning: "33",
  info: "36",
  added: "32",
  removed: "31",
} as const

export const colours: Paint = (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m`
export const noColours: Paint = (_, text) => text

/** Colours are for people, and not for those who do not want them. Source: no-color.org. */
export const paintFor = ({ terminal, env }: Io, stream: "out" | "err"): Paint =>
  terminal?.[stream] === true && !env["NO_COLOR"] ? colours : noColours

const nameOf = ({ finding }: Located): string => {
  const name = refText(finding.object)
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

/** How a table is drawn: its colours, and how wide the terminal is; as wide as it must be where nobody looks (pipes, logs). */
export type Drawing = { paint: Paint; columns?: number | undefined }

/** Lines of a text that fit behind an indent; words longer than that stand out. */
function wrapped(text: string, indent: number, columns: number | undefined): string[] {
  const room = columns === undefined ? Infinity : Math.max(columns - indent, 20)
  const lines: string[] = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** One below the other, behind an indent. */
const hanging = (lines: readonly string[], indent: number): string => lines.join(`\n${" ".repeat(indent)}`)

/** Less than this beside name and place, and the message has lines of its own. */
const narrow = 40

function rowsOf(group: readonly Located[], { paint, columns }: Drawing): string[] {
  const names = group.map(nameOf)
  const places = group.map(({ at }) => clean(placeText(at)))
  const [nameWidth, placeWidth] = [widthOf(names), widthOf(places)]
  const indent = nameWidth + placeWidth + 6
  const below = columns !== undefined && columns - indent < narrow
  return group.map(({ finding }, row) => {
    const head = `  ${(names[row] ?? "").padEnd(nameWidth)}  `
    const place = places[row] ?? ""
    const message = clean(finding.message)
    return below
      ? `${head}${paint("dim", place)}\n    ${hanging(wrapped(message, 4, columns), 4)}`
      : `${head}${paint("dim", place.padEnd(placeWidth))}  ${hanging(wrapped(message, indent, columns), indent)}`
  })
}

/** `Effect: ...`, in as many lines as it takes. */
function advice(word: string, text: string, { paint, columns }: Drawing): string[] {
  if (text === "") return []
  const indent = word.length + 4
  const lines = wrapped(text, indent, columns)
  return lines.map((line, at) =>
    paint("dim", at === 0 ? `  ${word}: ${line}` : `${" ".repeat(indent)}${line}`),
  )
}

function groupText(group: readonly Located[], drawing: Drawing): string {
  const [first] = group
  if (!first) return ""
  const { paint } = drawing
  const { finding, rule } = first
  const aliases = rule.aliases.length > 0 ? ` (${rule.aliases.join(", ")})` : ""
  const count = group.length > 1 ? `, ${formatCount(group.length)} times` : ""
  return [
    `${paint(finding.level, finding.level)}  ${paint("bold", rule.title)}  ${paint("dim", `${finding.code}${aliases}${count}`)}`,
    ...rowsOf(group, drawing),
    ...advice("Effect", rule.effect, drawing),
    ...advice("Remedy", rule.remedy, drawing),
    "",
  ].join("\n")
}

const plural = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`

function notEvaluatedText({ notEvaluated }: Result, { paint, columns }: Drawing): string[] {
  if (notEvaluated.length === 0) return []
  return [
    paint("bold", "Not evaluated"),
    ...notEvaluated.flatMap(({ cluster, reason, codes: rules, objects }) => {
      const what = `${cluster === "" ? "" : `${clean(cluster)}: `}${clean(reason)}: ${plural(rules.length, "rule")} on ${plural(objects, "object")}`
      const names = rules.join(", ")
      return columns === undefined
        ? [`  ${what}  ${paint("dim", names)}`]
        : [`  ${what}`, ...wrapped(names, 4, columns).map((line) => paint("dim", `    ${line}`))]
    }),
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

export function tableText(result: Result, drawing: Drawing): string {
  const removed = result.removed ?? []
  return [
    ...groupsOf(result.findings).map((group) => groupText(group, drawing)),
    ...(removed.length === 0
      ? []
      : [drawing.paint("bold", "No longer found"), ...rowsOf(removed, drawing), ""]),
    ...notEvaluatedText(result, drawing),
    lastLine(result),
  ].join("\n")
}

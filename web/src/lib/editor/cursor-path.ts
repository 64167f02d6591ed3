import type { Step } from "./completion.ts"

/** Where a cursor stands in block YAML, and what is being written there. */
export type CursorPath = {
  /** To the object whose field is written, or to the field whose value is. */
  path: Step[]
  writes: "field" | "value"
  /** Column, from 0, where the word that is being written begins. */
  from: number
  /** Names that the object has already, on other lines. */
  siblings: string[]
  /** Column of the field's own indentation. */
  indent: number
}

type Line = {
  /** Column at which the content of the line begins, after dashes. */
  column: number
  /** Columns of the dashes of a line `- - a: b`. */
  dashes: number[]
  key: string | undefined
}

const dash = /^-(?:\s+|$)/
const keyed = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'[\]{},&*!|>%@`:-][^:#]*?|[^\s#:]+)\s*:(?:\s|$)/

const unquoted = (key: string): string => (/^["']/.test(key) ? key.slice(1, -1) : key)

function lineOf(text: string): Line | undefined {
  let column = text.search(/\S/)
  if (column < 0 || text[column] === "#") return undefined
  const dashes: number[] = []
  for (let found = dash.exec(text.slice(column)); found; found = dash.exec(text.slice(column))) {
    dashes.push(column)
    column += found[0].length
  }
  const key = keyed.exec(text.slice(column))?.[1]
  return { column, dashes, key: key === undefined ? undefined : unquoted(key) }
}

/** Fields of the same object below and above: lines at this column until one stands further left. */
function siblingsOf(lines: readonly string[], at: number, column: number): string[] {
  const names: string[] = []
  const collect = (from: number, step: 1 | -1): void => {
    for (let i = from; i >= 0 && i < lines.length; i += step) {
      const text = lines[i] ?? ""
      if (/^(---|\.\.\.)/.test(text)) return
      const line = lineOf(text)
      if (!line) continue
      const isItem = line.dashes.length > 0
      if (line.column === column && line.key !== undefined && !(isItem && step > 0)) names.push(line.key)
      const begin = line.dashes[0] ?? line.column
      if (begin < column || (isItem && line.column <= column)) return
    }
  }
  collect(at - 1, -1)
  // A line that begins with a dash begins its object: nothing of it stands above.
  if (lineOf(lines[at] ?? "")?.dashes.length) names.length = 0
  collect(at + 1, 1)
  return names
}

/** The steps from the document's root down to what stands at `column` on line `at`. */
function stepsTo(lines: readonly string[], at: number, column: number, dashes: readonly number[]): Step[] {
  const steps: Step[] = []
  let limit = column
  const items = (columns: readonly number[]): void => {
    for (const dashColumn of [...columns].reverse())
      if (dashColumn < limit) {
        steps.unshift(null)
        limit = dashColumn
      }
  }
  items(dashes)
  let inList = steps.length > 0
  for (let i = at - 1; i >= 0; i--) {
    const text = lines[i] ?? ""
    if (/^(---|\.\.\.)/.test(text)) break
    const line = lineOf(text)
    if (!line) continue
    const begin = line.dashes[0] ?? line.column
    // A list may stand at the column of the field that holds it.
    const holds = line.column < limit || (inList && line.column === limit && line.dashes.length === 0)
    if (holds && line.key !== undefined) {
      steps.unshift(line.key)
      limit = line.column
      const before = steps.length
      items(line.dashes)
      inList = steps.length > before
    } else if (line.dashes.length > 0 && begin < limit) {
      const before = steps.length
      items(line.dashes)
      inList = steps.length > before
    }
  }
  return steps
}

/** @param at line from 0; @param column column from 0 */
export function cursorPath(lines: readonly string[], at: number, column: number): CursorPath | undefined {
  const text = (lines[at] ?? "").slice(0, column)
  if (/(^|\s)#/.test(text)) return undefined
  const own = lineOf(text.trimEnd() === "" ? `${text}x` : text)
  const line = own ?? { column, dashes: [], key: undefined }
  const steps = stepsTo(lines, at, line.column, line.dashes)
  const colon = keyed.exec(`${text.slice(line.column)} `)
  if (colon && line.key !== undefined && text.length > line.column + (colon[0].trimEnd().length - 1)) {
    const start = line.column + colon[0].length
    const from = Math.min(text.length, Math.max(start, line.column + colon[0].trimEnd().length))
    const lead = text.slice(from).search(/\S/)
    return {
      path: [...steps, line.key],
      writes: "value",
      from: lead < 0 ? text.length : from + lead,
      siblings: [],
      indent: line.column,
    }
  }
  if (/\s/.test(text.slice(line.column).trimStart())) return undefined
  return {
    path: steps,
    writes: "field",
    from: Math.min(line.column, text.length),
    siblings: siblingsOf(lines, at, line.column),
    indent: line.column,
  }
}

import { type ComparedLine, comparedLines } from "#shared/edit/compared-lines.ts"

/** A line with its numbers in either text, from 1. */
export type NumberedLine = ComparedLine & { before: number | null; after: number | null }
/** `gap`: so many lines that are the same are left out. */
export type DiffRow = NumberedLine | { type: "gap"; hidden: number }
export type SideRow =
  { type: "pair"; left: NumberedLine | null; right: NumberedLine | null } | { type: "gap"; hidden: number }

function numbered(before: string, after: string): NumberedLine[] {
  let [a, b] = [0, 0]
  return comparedLines(before, after).map(({ type, text }): NumberedLine => {
    if (type === "add") return { type, text, before: null, after: ++b }
    if (type === "del") return { type, text, before: ++a, after: null }
    return { type: "same", text, before: ++a, after: ++b }
  })
}

/** The lines in view: what changes, and some around it. A gap of one line is no shorter than the line. */
export function numberedDiff(before: string, after: string, around = 3): DiffRow[] {
  const lines = numbered(before, after)
  const changes = lines.flatMap(({ type }, i) => (type === "same" ? [] : [i]))
  const near = new Set(
    changes.flatMap((at) => Array.from({ length: 2 * around + 1 }, (_, i) => at - around + i)),
  )
  const rows: DiffRow[] = []
  let hidden: NumberedLine[] = []
  const close = (): void => {
    const [only] = hidden
    if (hidden.length === 1 && only) rows.push(only)
    else if (hidden.length > 1) rows.push({ type: "gap", hidden: hidden.length })
    hidden = []
  }
  for (const [i, line] of lines.entries()) {
    if (!near.has(i)) hidden.push(line)
    else {
      close()
      rows.push(line)
    }
  }
  close()
  return rows
}

export function countsOf(rows: readonly DiffRow[]): { added: number; removed: number } {
  const count = (type: DiffRow["type"]): number => rows.filter((row) => row.type === type).length
  return { added: count("add"), removed: count("del") }
}

/** The same, before and after beside each other: what takes the place of something stands at its height. */
export function sideBySide(rows: readonly DiffRow[]): SideRow[] {
  const sides: SideRow[] = []
  let [dels, adds]: [NumberedLine[], NumberedLine[]] = [[], []]
  const close = (): void => {
    for (let i = 0; i < Math.max(dels.length, adds.length); i++)
      sides.push({ type: "pair", left: dels[i] ?? null, right: adds[i] ?? null })
    ;[dels, adds] = [[], []]
  }
  for (const row of rows) {
    if (row.type === "del") dels.push(row)
    else if (row.type === "add") adds.push(row)
    else {
      close()
      sides.push(row.type === "gap" ? row : { type: "pair", left: row, right: row })
    }
  }
  close()
  return sides
}

import { aligned } from "./align.ts"

/** A line of two texts: in both, only in the first (`del`), or only in the second (`add`). */
export type ComparedLine = { type: "same" | "add" | "del"; text: string }

/** Lines are whole: one never becomes another. */
const byLine = {
  textOf: (line: string) => line,
  costOf: (from: string | undefined) => (from === undefined ? 1 : Infinity),
}

const same = (text: string): ComparedLine => ({ type: "same", text })

function between(before: readonly string[], after: readonly string[]): ComparedLine[] {
  const lines: ComparedLine[] = []
  let added: ComparedLine[] = []
  let row = 0
  for (const each of aligned(before, after, byLine)) {
    if (each.become === "added") added.push({ type: "add", text: each.after })
    else if (each.become === "removed") lines.push({ type: "del", text: before[row++] ?? "" })
    else {
      lines.push(...added, same(before[row++] ?? ""))
      added = []
    }
  }
  return [...lines, ...added]
}

const split = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"))

/** Every line of two texts: those that are the same, and what is taken away before what is added. */
export function comparedLines(before: string, after: string): ComparedLine[] {
  const [a, b] = [split(before), split(after)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++
  return [
    ...a.slice(0, start).map(same),
    ...between(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ]
}

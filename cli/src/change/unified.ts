import { aligned } from "#shared/edit/align.ts"

/** A line of two texts: in both, only in the first (`-`), or only in the second (`+`). */
type Line = { mark: " " | "-" | "+"; text: string }

/** Lines are whole: replacing one costs more than taking one away and adding another. */
const byLine = {
  textOf: (line: string) => line,
  costOf: (from: string | undefined) => (from === undefined ? 1 : 3),
}

function linesOf(before: readonly string[], after: readonly string[]): Line[] {
  const lines: Line[] = []
  let row = 0
  for (const each of aligned(before, after, byLine)) {
    if (each.become !== "added") {
      const mark = each.become === "kept" ? " " : "-"
      lines.push({ mark, text: before[row++] ?? "" })
    }
    if (each.become === "added" || each.become === "edited") lines.push({ mark: "+", text: each.after })
  }
  return lines
}

const context = 3

/** Stretches of lines around what differs. */
function hunks(lines: readonly Line[]): [from: number, to: number][] {
  const found: [number, number][] = []
  for (const [i, { mark }] of lines.entries()) {
    if (mark === " ") continue
    const [from, to] = [Math.max(0, i - context), Math.min(lines.length, i + context + 1)]
    const last = found.at(-1)
    if (last && from <= last[1]) last[1] = to
    else found.push([from, to])
  }
  return found
}

const range = (start: number, count: number): string =>
  `${count === 0 ? start : start + 1}${count === 1 ? "" : `,${count}`}`

/** The head of a hunk, as `diff -u` writes it. */
function head(lines: readonly Line[], from: number, to: number): string {
  const count = (part: readonly Line[], not: "-" | "+"): number =>
    part.filter(({ mark }) => mark !== not).length
  const [above, inside] = [lines.slice(0, from), lines.slice(from, to)]
  const [before, after] = [
    range(count(above, "+"), count(inside, "+")),
    range(count(above, "-"), count(inside, "-")),
  ]
  return `@@ -${before} +${after} @@`
}

const split = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"))

/** Lines of a unified diff without its two heads; none when the texts are the same. */
export function unifiedLines(before: string, after: string): string[] {
  const lines = linesOf(split(before), split(after))
  return hunks(lines).flatMap(([from, to]) => [
    head(lines, from, to),
    ...lines.slice(from, to).map(({ mark, text }) => `${mark}${text}`),
  ])
}

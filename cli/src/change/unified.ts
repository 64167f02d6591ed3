import { type ComparedLine, comparedLines } from "#shared/edit/compared-lines.ts"

const marks = { same: " ", del: "-", add: "+" } as const
const context = 3

/** Stretches of lines around what differs. */
function hunks(lines: readonly ComparedLine[]): [from: number, to: number][] {
  const found: [number, number][] = []
  for (const [i, { type }] of lines.entries()) {
    if (type === "same") continue
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
function head(lines: readonly ComparedLine[], from: number, to: number): string {
  const count = (part: readonly ComparedLine[], not: "del" | "add"): number =>
    part.filter(({ type }) => type !== not).length
  const [above, inside] = [lines.slice(0, from), lines.slice(from, to)]
  const [before, after] = [
    range(count(above, "add"), count(inside, "add")),
    range(count(above, "del"), count(inside, "del")),
  ]
  return `@@ -${before} +${after} @@`
}

/** Lines of a unified diff without its two heads; none when the texts are the same. */
export function unifiedLines(before: string, after: string): string[] {
  const lines = comparedLines(before, after)
  return hunks(lines).flatMap(([from, to]) => [
    head(lines, from, to),
    ...lines.slice(from, to).map(({ type, text }) => `${marks[type]}${text}`),
  ])
}

import type { Level } from "#shared/validation/finding.ts"

/** What a note leads to. */
export type MarkLink = { text: string; href: string }

/** Something said of a part of the text. */
export type Mark = {
  key: string
  from: number
  to: number
  level: Level
  message: string
  /** Our code and the anchors' own. */
  codes: readonly string[]
  /** What Istio does because of it, and what a person does about it. */
  effect: string
  remedy: string
  links: readonly MarkLink[]
}

const rank: Record<Level, number> = { error: 0, warning: 1, info: 2 }

/** By place, worst first where several stand at one. */
export const byPlace = (a: Mark, b: Mark): number =>
  a.from - b.from || rank[a.level] - rank[b.level] || a.to - b.to || (a.key < b.key ? -1 : 1)

export type MarkedLine = {
  /** Offset of the line's begin, and of its end. */
  from: number
  to: number
  worst: Level
  /** Worst first. */
  marks: Mark[]
}

/** The marks of each line that has some, in order. `lineAt`: begin and end of the line at an offset. */
export function markedLines(
  marks: readonly Mark[],
  lineAt: (offset: number) => { from: number; to: number },
): MarkedLine[] {
  const lines = new Map<number, MarkedLine>()
  for (const mark of [...marks].sort(byPlace)) {
    const { from, to } = lineAt(mark.from)
    const known = lines.get(from)
    if (known) known.marks.push(mark)
    else lines.set(from, { from, to, worst: mark.level, marks: [mark] })
  }
  for (const line of lines.values()) {
    line.marks.sort((a, b) => rank[a.level] - rank[b.level] || byPlace(a, b))
    line.worst = line.marks[0]?.level ?? line.worst
  }
  return [...lines.values()].sort((a, b) => a.from - b.from)
}

/** The one that is open beneath its line: the chosen one, else the worst when it is an error; the others stand at the line's end. */
export const openOf = ({ marks, worst }: MarkedLine, chosen: string): Mark | undefined =>
  marks.find(({ key }) => key === chosen) ?? (worst === "error" ? marks[0] : undefined)

/** The mark after this one in the text, from the first again after the last. */
export function nextMark(marks: readonly Mark[], after: string, step: 1 | -1 = 1): Mark | undefined {
  const ordered = [...marks].sort(byPlace)
  const at = ordered.findIndex(({ key }) => key === after)
  if (at < 0) return step > 0 ? ordered[0] : ordered.at(-1)
  return ordered[(at + step + ordered.length) % ordered.length]
}

import { type ComparedLine, comparedLines } from "#shared/edit/compared-lines.ts"

/** A line of a difference; `gap`: lines that are the same are left out here. */
export type DiffLine = ComparedLine | { type: "gap"; text: string }

/** What changes between two texts, with some lines around each change. Empty when nothing does. */
export function diffOf(before: string, after: string, around = 1): DiffLine[] {
  const lines = comparedLines(before, after)
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - around), i + around + 1).some(({ type }) => type !== "same"),
  )
  const shown: DiffLine[] = []
  for (const [i, line] of lines.entries())
    if (near[i]) shown.push(line)
    else if (shown.length > 0 && shown.at(-1)?.type !== "gap") shown.push({ type: "gap", text: "" })
  if (shown.at(-1)?.type === "gap") shown.pop()
  return shown
}

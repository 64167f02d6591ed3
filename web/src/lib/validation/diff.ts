/** A line of a difference; `gap`: lines that are the same are left out here. */
export type DiffLine = { type: "same" | "add" | "del" | "gap"; text: string }

/** Above it, lines in between are not compared one by one: the whole is replaced. */
const mostPairs = 1_000_000

/** Lengths of the longest common run of lines from each pair on. */
function lengthsOf(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = rows[i]
      if (row)
        row[j] =
          a[i] === b[j] ? (rows[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(rows[i + 1]?.[j] ?? 0, row[j + 1] ?? 0)
    }
  return rows
}

function changed(a: readonly string[], b: readonly string[]): DiffLine[] {
  const del = (text: string): DiffLine => ({ type: "del", text })
  const add = (text: string): DiffLine => ({ type: "add", text })
  if (a.length * b.length > mostPairs) return [...a.map(del), ...b.map(add)]
  const lengths = lengthsOf(a, b)
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]]
    if (one !== undefined && one === other) {
      lines.push({ type: "same", text: one })
      i++
      j++
    } else if (
      one !== undefined &&
      (other === undefined || (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))
    ) {
      lines.push(del(one))
      i++
    } else if (other !== undefined) {
      lines.push(add(other))
      j++
    }
  }
  return lines
}

/** Every line of two texts: those that are the same, and what is taken away before what is added. */
export function comparedLines(before: string, after: string): DiffLine[] {
  const split = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"))
  const [a, b] = [split(before), split(after)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++
  const same = (text: string): DiffLine => ({ type: "same", text })
  return [
    ...a.slice(0, start).map(same),
    ...changed(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ]
}

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

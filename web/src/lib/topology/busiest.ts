import { figuresOfLine, toneOf } from "./figures.ts"
import type { Line, Tree } from "./tree.ts"

/** Lines drawn at once: beyond it a graph is a knot. */
const mostLines = 400
/** Of a graph of collapsed boxes, lines a card: everything with everything says nothing. */
const perCard = 3

const volume = (line: Line): number =>
  line.edges.reduce(
    (sum, edge) =>
      sum + edge.requestsPerSecond + (edge.bytesPerSecond.sent + edge.bytesPerSecond.received) / 10_000,
    0,
  )

export function limitOf(lines: number, cards: number, collapsed: boolean): number {
  const most = collapsed ? Math.max(60, cards * perCard) : mostLines
  return lines <= most * 1.3 ? lines : most
}

/**
 * Ids of the lines that are drawn: all, or the busiest and every one with errors. Those drawn before stay while they exist, so that a
 * tick takes no line away; null before anything was drawn.
 */
export function busiestOf(
  lines: readonly Line[],
  limit: number,
  before: ReadonlySet<string> | null,
): Set<string> {
  if (lines.length <= limit) return new Set(lines.map((line) => line.id))
  const kept = before ? lines.filter((line) => before.has(line.id)) : []
  const bad = lines
    .filter((line) => toneOf(figuresOfLine(line).errorRatio) === "failing")
    .slice(0, Math.ceil(limit / 4))
  const ids = new Set([...kept, ...bad].map((line) => line.id))
  if (ids.size >= limit * 0.8) return ids
  for (const line of lines.toSorted((a, b) => volume(b) - volume(a))) {
    if (ids.size >= limit) break
    ids.add(line.id)
  }
  return ids
}

/** The lines that are drawn. `keep` holds the first answer while the structure is the same. */
export function drawnLinesOf(
  { lines, leaves }: Tree,
  chosen: ReadonlySet<string>,
  keep: (make: () => ReadonlySet<string>) => ReadonlySet<string>,
): readonly Line[] {
  const collapsed = leaves.some((leaf) => leaf.type === "bundle" && leaf.kind === "namespace")
  const limit = limitOf(lines.length, leaves.length, collapsed)
  const before = keep(() => busiestOf(lines, limit, null))
  if (lines.length <= limit) return lines
  const drawn = busiestOf(lines, limit, before)
  return lines.filter(
    (line) => drawn.has(line.id) || chosen.has(line.id) || chosen.has(line.source) || chosen.has(line.target),
  )
}

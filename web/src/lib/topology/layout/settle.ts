import type { Gaps, Link, Point, Sized } from "./layered.ts"

export type Rect = Sized & Point

const overlap = (a: Rect, b: Rect, gap: number): { x: number; y: number } => ({
  x: Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x) + gap,
  y: Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y) + gap,
})

/** Moves what overlaps down or to the right, as little as it takes; what stands apart stays. */
export function pushApart(rects: readonly Rect[], gap: number): Rect[] {
  const placed = rects
    .map((rect) => ({ ...rect }))
    .sort((a, b) => a.y - b.y || a.x - b.x || (a.id < b.id ? -1 : 1))
  for (let round = 0; round < placed.length; round++) {
    let moved = false
    for (const [i, one] of placed.entries())
      for (const other of placed.slice(i + 1)) {
        const over = overlap(one, other, gap)
        if (over.x <= 0.5 || over.y <= 0.5) continue
        moved = true
        if (over.y <= over.x) (other.y >= one.y ? other : one).y += over.y
        else (other.x >= one.x ? other : one).x += over.x
      }
    if (!moved) break
  }
  return placed
}

/** Lefts of the columns that cards stand in. */
const columnsOf = (rects: readonly Rect[]): number[] =>
  [...new Set(rects.map((rect) => rect.x))].sort((a, b) => a - b)

function columnFor(
  item: Sized,
  placed: readonly Rect[],
  links: readonly Link[],
  gaps: Gaps,
): { x: number; y: number } {
  const at = new Map(placed.map((rect) => [rect.id, rect]))
  const near = (mine: "from" | "to", other: "from" | "to"): Rect[] =>
    links.filter((link) => link[mine] === item.id).flatMap((link) => at.get(link[other]) ?? [])
  const callers = near("to", "from")
  const callees = near("from", "to")
  const middle = (rects: readonly Rect[]): number =>
    rects.reduce((sum, rect) => sum + rect.y + rect.h / 2, 0) / rects.length - item.h / 2
  const columns = columnsOf(placed)
  if (callers.length > 0) {
    const right = Math.max(...callers.map((rect) => rect.x + rect.w))
    return { x: columns.find((x) => x >= right + gaps.x / 2) ?? right + gaps.x, y: middle(callers) }
  }
  if (callees.length > 0) {
    const left = Math.min(...callees.map((rect) => rect.x))
    return {
      x: columns.findLast((x) => x + item.w + gaps.x / 2 <= left) ?? columns[0] ?? 0,
      y: middle(callees),
    }
  }
  // Without links it joins the shortest column.
  const height = (x: number): number =>
    Math.max(0, ...placed.filter((rect) => rect.x === x).map((rect) => rect.y + rect.h))
  const x = columns.length > 0 ? columns.reduce((a, b) => (height(b) < height(a) ? b : a)) : 0
  return { x, y: height(x) + gaps.y }
}

/** The free place nearest to the wish, in the wished column. */
function freePlace(item: Sized, wish: Point, placed: readonly Rect[], gap: number): Point {
  const inWay = placed.filter((rect) => rect.x < wish.x + item.w + 8 && rect.x + rect.w + 8 > wish.x)
  const fits = (y: number): boolean =>
    y >= 0 && inWay.every((rect) => y + item.h + gap <= rect.y + 0.5 || y >= rect.y + rect.h + gap - 0.5)
  const tries = [wish.y, 0, ...inWay.flatMap((rect) => [rect.y + rect.h + gap, rect.y - item.h - gap])]
  const free = tries.filter(fits).sort((a, b) => Math.abs(a - wish.y) - Math.abs(b - wish.y))
  return { x: wish.x, y: free[0] ?? 0 }
}

/** Places new items among pinned ones, which stay: each beside those it talks to. */
export function placeNew(
  items: readonly Sized[],
  pinned: readonly Rect[],
  links: readonly Link[],
  gaps: Gaps,
): Rect[] {
  const placed = [...pinned]
  const waiting = items.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const isNear = (item: Sized): boolean =>
    links.some((link) =>
      placed.some(
        (rect) =>
          (link.from === item.id && link.to === rect.id) || (link.to === item.id && link.from === rect.id),
      ),
    )
  while (waiting.length > 0) {
    const next = Math.max(0, waiting.findIndex(isNear))
    const [item] = waiting.splice(next, 1)
    if (item)
      placed.push({ ...item, ...freePlace(item, columnFor(item, placed, links, gaps), placed, gaps.y) })
  }
  return placed
}

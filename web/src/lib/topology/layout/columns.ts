import type { Point } from "./layered.ts"

/** Places moved onto the grid of columns, so that cards of different boxes line up; what stood in one column stays in one. */
export function onColumns(places: readonly (Point & { id: string })[], pitch: number): Map<string, Point> {
  const lefts = [...new Set(places.map(({ x }) => Math.round(x)))].sort((a, b) => a - b)
  const column = new Map<number, number>()
  let at = -1
  let last = -Infinity
  for (const left of lefts) {
    if (left - last > pitch / 3) {
      at++
      last = left
    }
    column.set(left, at)
  }
  const top = Math.min(...places.map(({ y }) => y))
  return new Map(
    places.map(({ id, x, y }) => [
      id,
      { x: (column.get(Math.round(x)) ?? 0) * pitch, y: Math.round(y - top) },
    ]),
  )
}

import type { Point } from "./layout/layered.ts"
import type { Frame } from "./layout/arrange.ts"

/** From which side a line leaves its source and enters its target. */
export type Sides = "forward" | "back" | "down" | "up" | "around"
/** A level stretch that a line passes through, so that it goes under no card. In the plane of the graph. */
export type Lane = { from: number; to: number; y: number }
export type Route = { sides: Sides; lane: Lane | null }

type Ends = { id: string; source: string; target: string }

const clear = 7
const samples = 14

export function sidesOf(source: Frame, target: Frame, cards: readonly Frame[]): Sides {
  if (target.x >= source.x + source.w + 16) return "forward"
  if (target.x + target.w + 16 <= source.x) return "back"
  const [upper, lower] = source.y <= target.y ? [source, target] : [target, source]
  const between = cards.some(
    (card) =>
      card !== source &&
      card !== target &&
      card.y >= upper.y + upper.h - 1 &&
      card.y + card.h <= lower.y + 1 &&
      card.x < Math.min(source.x + source.w, target.x + target.w) &&
      card.x + card.w > Math.max(source.x, target.x),
  )
  const far = lower.y - upper.y - upper.h > 160
  if (between || far) return "around"
  return source === upper ? "down" : "up"
}

/** A point of the S curve between two level ends. */
export function curvePoint(a: Point, b: Point, t: number): Point {
  const bend = Math.max(24, Math.abs(b.x - a.x) * 0.5) * Math.sign(b.x - a.x || 1)
  const u = 1 - t
  return {
    x: u * u * u * a.x + 3 * u * u * t * (a.x + bend) + 3 * u * t * t * (b.x - bend) + t * t * t * b.x,
    y: u * u * (u + 3 * t) * a.y + t * t * (3 * u + t) * b.y,
  }
}

const isIn = (point: Point, card: Frame): boolean =>
  point.x > card.x - 2 &&
  point.x < card.x + card.w + 2 &&
  point.y > card.y - 4 &&
  point.y < card.y + card.h + 4

function hits(a: Point, b: Point, cards: readonly Frame[]): number {
  let count = 0
  for (const card of cards) {
    if (card.x > Math.max(a.x, b.x) || card.x + card.w < Math.min(a.x, b.x)) continue
    if (card.y - 4 > Math.max(a.y, b.y) || card.y + card.h + 4 < Math.min(a.y, b.y)) continue
    for (let i = 1; i < samples; i++)
      if (isIn(curvePoint(a, b, i / samples), card)) {
        count++
        break
      }
  }
  return count
}

/** The lane that avoids most cards with the least way up and down; null when the direct curve is as good. */
function laneFor(a: Point, b: Point, cards: readonly Frame[]): Lane | null {
  const direct = hits(a, b, cards)
  if (direct === 0) return null
  const [left, right] = a.x < b.x ? [a.x, b.x] : [b.x, a.x]
  const inWay = cards.filter((card) => card.x + card.w > left && card.x < right)
  const first = Math.min(...inWay.map((card) => card.x)) - 14
  const last = Math.max(...inWay.map((card) => card.x + card.w)) + 14
  const [from, to] =
    a.x < b.x
      ? [Math.max(left, first), Math.min(right, last)]
      : [Math.min(right, last), Math.max(left, first)]
  const lanes = [...new Set(inWay.flatMap((card) => [card.y - clear, card.y + card.h + clear]))]
  const cost = (y: number): number => Math.abs(y - a.y) + Math.abs(y - b.y)
  let best: { y: number; hits: number } | undefined
  for (const y of lanes.sort((p, q) => cost(p) - cost(q)).slice(0, 24)) {
    const under = inWay.filter((card) => y > card.y - 4 && y < card.y + card.h + 4).length
    const count = under + hits(a, { x: from, y }, cards) + hits({ x: to, y }, b, cards)
    if (!best || count < best.hits) best = { y, hits: count }
    if (count === 0) break
  }
  return best && best.hits < direct ? { from, to, y: best.y } : null
}

/** How each line goes. Of the positions only: a tick changes nothing. */
export function routesOf(
  lines: readonly Ends[],
  frames: ReadonlyMap<string, Frame>,
  { leaves }: { leaves: readonly { id: string }[] },
): Map<string, Route> {
  const cards = leaves.flatMap((leaf) => frames.get(leaf.id) ?? [])
  const routes = new Map<string, Route>()
  const used = new Map<string, number>()
  for (const line of lines) {
    const source = frames.get(line.source)
    const target = frames.get(line.target)
    if (!source || !target) continue
    const sides = sidesOf(source, target, cards)
    const others = cards.filter((card) => card.id !== source.id && card.id !== target.id)
    const [a, b] =
      sides === "back"
        ? [
            { x: source.x, y: source.y + source.h / 2 },
            { x: target.x + target.w, y: target.y + target.h / 2 },
          ]
        : [
            { x: source.x + source.w, y: source.y + source.h / 2 },
            { x: target.x, y: target.y + target.h / 2 },
          ]
    const found = sides === "forward" || sides === "back" ? laneFor(a, b, others) : null
    if (!found) {
      routes.set(line.id, { sides, lane: null })
      continue
    }
    // Lines that share a lane lie beside each other.
    const key = String(Math.round(found.y / 6))
    const turn = used.get(key) ?? 0
    used.set(key, turn + 1)
    const offset = (turn % 2 === 0 ? 1 : -1) * Math.ceil((turn % 5) / 2) * 3
    routes.set(line.id, { sides, lane: { ...found, y: found.y + offset } })
  }
  return routes
}

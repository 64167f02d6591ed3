import type { Scene } from "./scene.ts"
import type { Line } from "./tree.ts"

export type Direction = "left" | "right" | "up" | "down"

const rateOf = (line: Line): number => line.edges.reduce((sum, edge) => sum + edge.requestsPerSecond, 0)

/** Left to the busiest caller, right to the busiest callee, up and down to the neighbour in the same column; undefined when there is none. */
export function stepFrom(
  id: string,
  direction: Direction,
  lines: readonly Line[],
  scene: Scene,
): string | undefined {
  if (direction === "left" || direction === "right") {
    const [mine, other] =
      direction === "left" ? (["target", "source"] as const) : (["source", "target"] as const)
    const next = lines
      .filter((line) => line[mine] === id && line[other] !== id)
      .sort((a, b) => rateOf(b) - rateOf(a))[0]
    return next?.[other]
  }
  const own = scene.cards.get(id)
  if (!own) return undefined
  const sign = direction === "down" ? 1 : -1
  return [...scene.cards]
    .filter(
      ([other, card]) =>
        other !== id && card.x < own.x + own.w && card.x + card.w > own.x && (card.y - own.y) * sign > 0,
    )
    .sort(([, a], [, b]) => (a.y - b.y) * sign)[0]?.[0]
}

/** Ids of lines and cards on the shortest ways between two cards, in either direction. */
export function pathsBetween(a: string, b: string, lines: readonly Line[]): Set<string> {
  const out = Map.groupBy(lines, (line) => line.source)
  const way = (from: string, to: string): Set<string> => {
    const distance = new Map([[from, 0]])
    const queue = [from]
    for (let id = queue.shift(); id !== undefined; id = queue.shift())
      for (const line of out.get(id) ?? [])
        if (!distance.has(line.target)) {
          distance.set(line.target, (distance.get(id) ?? 0) + 1)
          queue.push(line.target)
        }
    const found = new Set<string>()
    if (!distance.has(to)) return found
    const back = [to]
    for (let id = back.shift(); id !== undefined; id = back.shift()) {
      found.add(id)
      for (const line of lines)
        if (line.target === id && distance.get(line.source) === (distance.get(id) ?? 0) - 1) {
          found.add(line.id)
          if (!found.has(line.source)) back.push(line.source)
        }
    }
    return found
  }
  return new Set([...way(a, b), ...way(b, a)])
}

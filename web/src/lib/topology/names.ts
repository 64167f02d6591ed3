import { textWidth } from "./card.ts"
import type { Scene, Shape } from "./scene.ts"
import type { Leaf } from "./tree.ts"

const meet = (a: Shape, b: Shape): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

/** Ids of the busiest nodes whose names, right of their rings, meet neither another ring nor another name. */
export function namesThatFit(leaves: readonly Leaf[], scene: Scene, most: number): Set<string> {
  const taken = [...scene.cards.values()]
  const busiest = leaves
    .flatMap((leaf) => (leaf.type === "node" ? [leaf.node] : []))
    .sort((a, b) => (b.signals.requestsPerSecond ?? 0) - (a.signals.requestsPerSecond ?? 0))
  const named = new Set<string>()
  for (const node of busiest) {
    const ring = scene.cards.get(node.id)
    if (!ring || named.size >= most) continue
    const name = { x: ring.x + ring.w + 2, y: ring.y, w: textWidth(node.name, 11), h: ring.h }
    if (taken.some((other) => other !== ring && meet(name, other))) continue
    taken.push(name)
    named.add(node.id)
  }
  return named
}

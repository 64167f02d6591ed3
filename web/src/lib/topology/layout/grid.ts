import {
  type Gaps,
  type Link,
  type Point,
  type Sized,
  flowOrder,
  folded,
  mostColumns,
  strongest,
} from "./layered.ts"

/** Where a link ends in a child: its column and middle, counted from the child's own. */
export type Port = { column: number; y: number }
export type PortLink = Link & { fromPort: Port; toPort: Port }
/** A card, or a box that covers several columns. `inset`: how far its first column is inside of it. */
export type Block = Sized & { columns: number; inset: number }
export type Grid = { pitch: number; gaps: Gaps }

type Spot = { block: Block; column: number; y: number }

const rounds = 24

/** Column of each block: behind those that call it, counted where the calls start and end inside of boxes. */
function columnsOf(blocks: readonly Block[], links: readonly PortLink[]): Map<string, number> {
  const order = flowOrder(
    blocks.map((block) => block.id),
    links,
  )
  const rank = new Map(order.map((id, i) => [id, i]))
  const ahead = links.filter((link) => (rank.get(link.from) ?? 0) < (rank.get(link.to) ?? 0))
  const from = Map.groupBy(ahead, (link) => link.from)
  const called = new Set(ahead.map((link) => link.to))
  const column = new Map(order.map((id) => [id, 0]))
  const step = (link: PortLink): number => link.fromPort.column + 1 - link.toPort.column
  for (const id of order)
    for (const link of from.get(id) ?? [])
      column.set(link.to, Math.max(column.get(link.to) ?? 0, (column.get(id) ?? 0) + step(link)))
  for (const id of order.toReversed()) {
    if (called.has(id)) continue
    const next = (from.get(id) ?? []).map((link) => (column.get(link.to) ?? 0) - step(link))
    if (next.length > 0) column.set(id, Math.min(...next))
  }
  const first = Math.min(0, ...column.values())
  return new Map([...column].map(([id, at]) => [id, at - first]))
}

const widest = (blocks: readonly Block[]): number => Math.max(0, ...blocks.map((block) => block.columns))

const shares = (a: Spot, b: Spot): boolean =>
  a.column < b.column + b.block.columns && b.column < a.column + a.block.columns

/** Stacks blocks in this order, each as high as the columns it covers allow. */
function stack(order: readonly Spot[], gap: number): number {
  const bottoms: number[] = []
  for (const spot of order) {
    const own = Array.from({ length: spot.block.columns }, (_, i) => spot.column + i)
    spot.y = Math.max(0, ...own.map((column) => bottoms[column] ?? 0))
    for (const column of own) bottoms[column] = spot.y + spot.block.h + gap
  }
  return Math.max(0, ...bottoms.filter((bottom) => bottom !== undefined)) - gap
}

type Wished = (spot: Spot) => number | null

function wishes(spots: ReadonlyMap<string, Spot>, links: readonly PortLink[]): Wished {
  const byEnd = new Map<string, { other: string; own: Port; far: Port; weight: number }[]>()
  for (const link of links) {
    byEnd.set(link.from, [
      ...(byEnd.get(link.from) ?? []),
      { other: link.to, own: link.fromPort, far: link.toPort, weight: link.weight },
    ])
    byEnd.set(link.to, [
      ...(byEnd.get(link.to) ?? []),
      { other: link.from, own: link.toPort, far: link.fromPort, weight: link.weight },
    ])
  }
  return (spot) => {
    const near = byEnd.get(spot.block.id) ?? []
    const weight = near.reduce((sum, one) => sum + one.weight, 0)
    if (weight === 0) return null
    return (
      near.reduce(
        (sum, one) => sum + ((spots.get(one.other)?.y ?? 0) + one.far.y - one.own.y) * one.weight,
        0,
      ) / weight
    )
  }
}

/** Lets each block slide toward its wish between those above and below it. */
function relax(order: readonly Spot[], wished: Wished, height: number, gap: number): void {
  for (let round = 0; round < 8; round++)
    for (const spot of round % 2 === 0 ? order.toReversed() : order) {
      const wish = wished(spot)
      if (wish === null) continue
      let low = 0
      let high = height - spot.block.h
      for (const other of order) {
        if (other === spot || !shares(spot, other)) continue
        if (other.y < spot.y) low = Math.max(low, other.y + other.block.h + gap)
        else high = Math.min(high, other.y - gap - spot.block.h)
      }
      if (low <= high) spot.y = Math.min(high, Math.max(low, wish))
    }
}

function costOf(spots: ReadonlyMap<string, Spot>, links: readonly PortLink[], height: number): number {
  let cost = height * 2
  for (const link of links) {
    const from = spots.get(link.from)
    const to = spots.get(link.to)
    if (!from || !to) continue
    cost += link.weight * Math.abs(from.y + link.fromPort.y - to.y - link.toPort.y)
  }
  return cost
}

/**
 * Boxes and cards on one grid of columns, so that cards of different boxes line up and links go to the right. The same input gives the
 * same answer.
 */
export function gridded(
  blocks: readonly Block[],
  links: readonly PortLink[],
  { pitch, gaps }: Grid,
): Map<string, Point> {
  const column = folded(
    columnsOf(blocks, strongest(links, blocks.length)),
    mostColumns(blocks.length) + widest(blocks),
  )
  const spots = new Map(blocks.map((block) => [block.id, { block, column: column.get(block.id) ?? 0, y: 0 }]))
  const wished = wishes(spots, links)
  let order = [...spots.values()].sort((a, b) => a.column - b.column || b.block.h - a.block.h)
  let best = new Map<string, number>()
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    const height = stack(order, gaps.y)
    const next = order.map((spot, i) => ({ spot, at: (wished(spot) ?? spot.y) + spot.block.h / 2, i }))
    relax(order, wished, height, gaps.y)
    const cost = costOf(spots, links, height)
    if (cost < least - 1) {
      least = cost
      best = new Map([...spots].map(([id, spot]) => [id, spot.y]))
    }
    order = next.sort((a, b) => a.at - b.at || a.i - b.i).map(({ spot }) => spot)
  }
  return new Map(
    blocks.map((block) => [
      block.id,
      { x: (column.get(block.id) ?? 0) * pitch - block.inset, y: Math.round(best.get(block.id) ?? 0) },
    ]),
  )
}

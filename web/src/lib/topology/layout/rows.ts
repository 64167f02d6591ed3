import type { Cell, CellLink } from "./layered.ts"
import { sidesOf } from "./order.ts"

const rounds = 12

type Wish = { at: number; weight: number; size: number }

/**
 * Tops of a column's cells: as near to their wishes as the order and the gap allow (least squares; pooling of neighbours that get in
 * each other's way).
 */
export function settleColumn(wishes: readonly Wish[], gap: number): number[] {
  type Pool = { first: number; last: number; weight: number; mean: number }
  const offsets: number[] = []
  let offset = 0
  for (const wish of wishes) {
    offsets.push(offset)
    offset += wish.size + gap
  }
  const pools: Pool[] = []
  wishes.forEach((wish, i) => {
    let pool: Pool = { first: i, last: i, weight: wish.weight, mean: wish.at - (offsets[i] ?? 0) }
    for (let last = pools.at(-1); last && last.mean > pool.mean; last = pools.at(-1)) {
      const weight = last.weight + pool.weight
      const mean = (last.mean * last.weight + pool.mean * pool.weight) / weight
      pool = { first: last.first, last: pool.last, weight, mean }
      pools.pop()
    }
    pools.push(pool)
  })
  return pools.flatMap(({ first, last, mean }) =>
    Array.from({ length: last - first + 1 }, (_, i) => mean + (offsets[first + i] ?? 0)),
  )
}

/** y of every cell: links as level as possible, long ones most of all. */
export function placeRows(
  layers: readonly (readonly Cell[])[],
  links: readonly CellLink[],
  gap: number,
): Map<string, number> {
  const { before, after } = sidesOf(links)
  const cells = new Map(layers.flat().map((cell) => [cell.id, cell]))
  const top = new Map<string, number>()
  for (const layer of layers) {
    const height = layer.reduce((sum, cell) => sum + cell.h + gap, -gap)
    let y = -height / 2
    for (const cell of layer) {
      top.set(cell.id, y)
      y += cell.h + gap
    }
  }
  const middle = (id: string): number => (top.get(id) ?? 0) + (cells.get(id)?.h ?? 0) / 2
  const straighten = (a: string, b: string): number => (cells.get(a)?.bend && cells.get(b)?.bend ? 8 : 1)
  const settle = (layer: readonly Cell[], sides: (typeof before)[]): void => {
    const wishes = layer.map((cell): Wish => {
      const near = sides.flatMap((side) => side.get(cell.id) ?? [])
      const pull = near.map(({ id }) => ({ at: middle(id), weight: straighten(cell.id, id) }))
      const weight = pull.reduce((sum, one) => sum + one.weight, 0)
      const mean = pull.reduce((sum, one) => sum + one.at * one.weight, 0) / weight
      return {
        at: (weight > 0 ? mean : middle(cell.id)) - cell.h / 2,
        weight: Math.max(0.2, weight),
        size: cell.h,
      }
    })
    settleColumn(wishes, gap).forEach((y, i) => {
      const cell = layer[i]
      if (cell) top.set(cell.id, y)
    })
  }
  for (let round = 0; round < rounds; round++) {
    const both = round >= rounds - 4
    for (const layer of round % 2 === 0 ? layers : layers.toReversed())
      settle(layer, both ? [before, after] : [round % 2 === 0 ? before : after])
  }
  return new Map([...top].map(([id, y]) => [id, Math.round(y)]))
}

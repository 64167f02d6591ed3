import type { Cell, CellLink } from "./layered.ts"

const sweeps = 12

type Sides = {
  before: Map<string, { id: string; weight: number }[]>
  after: Map<string, { id: string; weight: number }[]>
}

export function sidesOf(links: readonly CellLink[]): Sides {
  const before: Sides["before"] = new Map()
  const after: Sides["after"] = new Map()
  for (const { from, to, weight } of links) {
    before.set(to, [...(before.get(to) ?? []), { id: from, weight }])
    after.set(from, [...(after.get(from) ?? []), { id: to, weight }])
  }
  return { before, after }
}

/** Crossings of links between neighbouring layers. */
export function crossings(layers: readonly (readonly Cell[])[], links: readonly CellLink[]): number {
  const rank = new Map(layers.flatMap((layer, at) => layer.map((cell, i) => [cell.id, { at, i }] as const)))
  const byLayer = Map.groupBy(links, (link) => rank.get(link.from)?.at ?? -1)
  let count = 0
  for (const own of byLayer.values()) {
    const ends = own.map((link) => [rank.get(link.from)?.i ?? 0, rank.get(link.to)?.i ?? 0] as const)
    for (let a = 0; a < ends.length; a++)
      for (let b = a + 1; b < ends.length; b++) {
        const [a1 = 0, a2 = 0] = ends[a] ?? []
        const [b1 = 0, b2 = 0] = ends[b] ?? []
        if ((a1 - b1) * (a2 - b2) < 0) count++
      }
  }
  return count
}

/** The layer in order of the mean place of each cell's neighbours on one side; cells without any stay where they are. */
function sortLayer(layer: readonly Cell[], fixed: readonly Cell[], near: Sides["before"]): Cell[] {
  const place = new Map(fixed.map((cell, i) => [cell.id, i + 0.5]))
  const scale = layer.length / Math.max(1, fixed.length)
  const wanted = layer.map((cell, i) => {
    const places = (near.get(cell.id) ?? []).map(({ id }) => place.get(id)).filter((at) => at !== undefined)
    const mean = places.reduce((sum, at) => sum + at, 0) / places.length
    return { cell, at: places.length > 0 ? mean * scale : i + 0.5, i }
  })
  return wanted.sort((a, b) => a.at - b.at || a.i - b.i).map(({ cell }) => cell)
}

/** Swaps neighbours as long as that takes crossings away. */
function swapNeighbours(layers: Cell[][], links: readonly CellLink[], least: number): number {
  let best = least
  for (let at = 0; at < layers.length && best > 0; at++)
    for (let i = 0; i + 1 < (layers[at]?.length ?? 0); i++) {
      const layer = layers[at] ?? []
      const swapped = [...layer]
      const [a, b] = [layer[i], layer[i + 1]]
      if (!a || !b) continue
      swapped[i] = b
      swapped[i + 1] = a
      const trial = layers.with(at, swapped)
      const count = crossings(trial, links)
      if (count < best) {
        best = count
        layers[at] = swapped
      }
    }
  return best
}

/** Order of the cells within their layers, with as few crossings as sweeps in both directions find. */
export function orderLayers(layers: readonly Cell[][], links: readonly CellLink[]): Cell[][] {
  const { before, after } = sidesOf(links)
  let now = layers.map((layer) => [...layer])
  let best = now
  let least = crossings(now, links)
  for (let sweep = 0; sweep < sweeps && least > 0; sweep++) {
    now = now.map((layer) => [...layer])
    if (sweep % 2 === 0)
      for (let at = 1; at < now.length; at++) now[at] = sortLayer(now[at] ?? [], now[at - 1] ?? [], before)
    else
      for (let at = now.length - 2; at >= 0; at--)
        now[at] = sortLayer(now[at] ?? [], now[at + 1] ?? [], after)
    const count = crossings(now, links)
    if (count < least) {
      least = count
      best = now
    }
  }
  const result = best.map((layer) => [...layer])
  // Each trial counts all crossings: worth it only while that is little work.
  if (links.length <= 120)
    for (let round = 0, last = Infinity; round < 4 && least < last; round++) {
      last = least
      least = swapNeighbours(result, links, least)
    }
  return result
}

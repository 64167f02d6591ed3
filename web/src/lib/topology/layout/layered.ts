import { orderLayers } from "./order.ts"
import { placeRows } from "./rows.ts"

export type Sized = { id: string; w: number; h: number }
export type Link = { from: string; to: string; weight: number }
export type Point = { x: number; y: number }
export type Gaps = { x: number; y: number }

/** A node of the layered graph: an item, or a bend of a link that passes through a layer. */
export type Cell = { id: string; w: number; h: number; bend: boolean }
export type CellLink = { from: string; to: string; weight: number }

const bendHeight = 10

/** Sinks to the right, sources to the left, and of what turns in circles the one that sends most first: few links go back. */
export function flowOrder(ids: readonly string[], links: readonly Link[]): string[] {
  const left = new Set(ids)
  const first: string[] = []
  const last: string[] = []
  const from = Map.groupBy(links, (link) => link.from)
  const to = Map.groupBy(links, (link) => link.to)
  const sum = (own: readonly Link[] | undefined): number =>
    (own ?? []).reduce((all, link) => all + (left.has(link.from) && left.has(link.to) ? link.weight : 0), 0)
  while (left.size > 0) {
    const rates = [...left].map((id) => ({ id, out: sum(from.get(id)), into: sum(to.get(id)) }))
    const sinks = rates.filter((rate) => rate.out === 0)
    const sources = rates.filter((rate) => rate.into === 0 && rate.out > 0)
    for (const { id } of sinks) {
      last.unshift(id)
      left.delete(id)
    }
    for (const { id } of sources) {
      first.push(id)
      left.delete(id)
    }
    if (sinks.length > 0 || sources.length > 0) continue
    const best = rates.reduce((a, b) => (b.out - b.into > a.out - a.into ? b : a))
    first.push(best.id)
    left.delete(best.id)
  }
  return [...first, ...last]
}

/** Layer of each item by its longest path from a source; a source stands right before what it calls. */
function layersOf(ids: readonly string[], links: readonly Link[]): Map<string, number> {
  const layer = new Map(ids.map((id) => [id, 0]))
  const order = flowOrder(ids, links)
  const from = Map.groupBy(links, (link) => link.from)
  const called = new Set(links.map((link) => link.to))
  for (const id of order)
    for (const link of from.get(id) ?? [])
      layer.set(link.to, Math.max(layer.get(link.to) ?? 0, (layer.get(id) ?? 0) + 1))
  for (const id of order.toReversed()) {
    if (called.has(id)) continue
    const next = (from.get(id) ?? []).map((link) => layer.get(link.to) ?? 0)
    if (next.length > 0) layer.set(id, Math.min(...next) - 1)
  }
  return layer
}

/** A layer with more than `most` items becomes several: those that call nobody stand to the right. */
function splitTall(layer: Map<string, number>, links: readonly Link[], most: number): Map<string, number> {
  const columns = Map.groupBy(layer.keys(), (id) => layer.get(id) ?? 0)
  const calls = new Map<string, number>()
  for (const link of links) calls.set(link.from, (calls.get(link.from) ?? 0) + 1)
  const split = new Map<string, number>()
  let at = 0
  for (const number of [...columns.keys()].sort((a, b) => a - b)) {
    const column = (columns.get(number) ?? []).toSorted(
      (a, b) => (calls.get(b) ?? 0) - (calls.get(a) ?? 0) || (a < b ? -1 : 1),
    )
    const parts = Math.ceil(column.length / most)
    const size = Math.ceil(column.length / parts)
    column.forEach((id, i) => split.set(id, at + Math.floor(i / size)))
    at += parts
  }
  return split
}

/** Columns beyond which a graph that turns in circles is folded: wide enough to follow, no wider than a screen. */
export const mostColumns = (count: number): number => Math.max(7, Math.ceil(1.5 * Math.sqrt(count)))

/** Layers pressed together to at most `most`. */
export function folded(layer: ReadonlyMap<string, number>, most: number): Map<string, number> {
  const count = Math.max(-1, ...layer.values()) + 1
  return new Map([...layer].map(([id, at]) => [id, count <= most ? at : Math.floor((at * most) / count)]))
}

/** Of many links, the strongest: everything with everything has no layers. */
export function strongest<L extends Link>(links: readonly L[], items: number): L[] {
  const most = items * 3
  return links.length <= most ? [...links] : links.toSorted((a, b) => b.weight - a.weight).slice(0, most)
}

/** Links forward only, once each, without loops. */
function forward(ids: readonly string[], links: readonly Link[]): Link[] {
  const rank = new Map(flowOrder(ids, links).map((id, i) => [id, i]))
  const merged = new Map<string, Link>()
  for (const { from, to, weight } of links) {
    const a = rank.get(from)
    const b = rank.get(to)
    if (a === undefined || b === undefined || from === to) continue
    const [left, right] = a < b ? [from, to] : [to, from]
    const known = merged.get(`${left}>${right}`)
    merged.set(`${left}>${right}`, { from: left, to: right, weight: weight + (known?.weight ?? 0) })
  }
  return [...merged.values()]
}

/** Items without links, in rows no wider than `width`. */
function shelf(
  items: readonly Sized[],
  width: number,
  gaps: Gaps,
): { points: Map<string, Point>; h: number } {
  const points = new Map<string, Point>()
  let x = 0
  let y = 0
  let tall = 0
  for (const item of items) {
    if (x > 0 && x + item.w > width) {
      x = 0
      y += tall + gaps.y
      tall = 0
    }
    points.set(item.id, { x, y })
    x += item.w + gaps.x
    tall = Math.max(tall, item.h)
  }
  return { points, h: items.length > 0 ? y + tall : 0 }
}

/** Beyond this many links bends only cost time: a knot has no free ways. */
const mostBent = 200

/** Bends of links that span several layers, so that nothing stands where they pass; the links of one source pass together. */
function withBends(
  items: readonly Sized[],
  links: readonly Link[],
  layer: ReadonlyMap<string, number>,
): { layers: Cell[][]; links: CellLink[] } {
  const count = Math.max(-1, ...layer.values()) + 1
  const layers: Cell[][] = Array.from({ length: count }, () => [])
  for (const item of items) layers[layer.get(item.id) ?? 0]?.push({ ...item, bend: false })
  const parts = new Map<string, CellLink>()
  const join = (from: string, to: string, weight: number): void => {
    const known = parts.get(`${from} ${to}`)
    parts.set(`${from} ${to}`, { from, to, weight: weight + (known?.weight ?? 0) })
  }
  const bent = links.length <= mostBent
  for (const { from, to, weight } of links) {
    let last = from
    for (let at = (layer.get(from) ?? 0) + 1; bent && at < (layer.get(to) ?? 0); at++) {
      const id = `${from}@${at}`
      const own = layers[at] ?? []
      // In the middle of its layer: what comes after it would drift away from an end.
      if (!own.some((cell) => cell.id === id))
        own.splice(own.length >> 1, 0, { id, w: 0, h: bendHeight, bend: true })
      join(last, id, weight)
      last = id
    }
    join(last, to, weight)
  }
  return { layers, links: [...parts.values()] }
}

/**
 * Items in layers from left to right along their links, with few crossings and short, level links. The same input gives the same
 * answer; the top left corner of what is placed is 0, 0.
 */
export function layered(items: readonly Sized[], links: readonly Link[], gaps: Gaps): Map<string, Point> {
  const sorted = items.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const ids = sorted.map((item) => item.id)
  const ahead = forward(ids, strongest(links, ids.length))
  const linked = new Set(ahead.flatMap((link) => [link.from, link.to]))
  const inFlow = sorted.filter((item) => linked.has(item.id))
  const alone = sorted.filter((item) => !linked.has(item.id))
  const most = Math.max(5, Math.ceil(Math.sqrt(inFlow.length * 1.8)))
  const raw = folded(layersOf([...linked].sort(), ahead), mostColumns(linked.size))
  const layer = splitTall(raw, ahead, most)
  const across = ahead.filter((link) => layer.get(link.from) !== layer.get(link.to))
  const graph = withBends(inFlow, across, layer)
  const ordered = orderLayers(graph.layers, graph.links)
  const rows = placeRows(ordered, graph.links, gaps.y)
  const points = new Map<string, Point>()
  let x = 0
  for (const column of ordered) {
    for (const cell of column) if (!cell.bend) points.set(cell.id, { x, y: rows.get(cell.id) ?? 0 })
    x += Math.max(0, ...column.map((cell) => cell.w)) + gaps.x
  }
  const top = Math.min(...points.values().map((point) => point.y))
  for (const point of points.values()) point.y -= top
  const bottom = Math.max(0, ...inFlow.map((item) => (points.get(item.id)?.y ?? 0) + item.h))
  const area = alone.reduce((sum, item) => sum + (item.w + gaps.x) * (item.h + gaps.y), 0)
  const width = Math.max(x - gaps.x, Math.sqrt(area * 1.6), ...alone.map((item) => item.w))
  const rest = shelf(alone, width, gaps)
  const below = inFlow.length > 0 ? bottom + gaps.y : 0
  for (const [id, point] of rest.points) points.set(id, { x: point.x, y: point.y + below })
  return points
}

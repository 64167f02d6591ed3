import type { Box, Line, Tree } from "../tree.ts"
import { type Block, type PortLink, gridded } from "./grid.ts"
import { type Gaps, type Point, layered } from "./layered.ts"
import { type Rect, placeNew, pushApart } from "./settle.ts"

/** Where the children of each box stand in it, by the box's id; `""` is the whole graph. What is remembered. */
export type Pins = Map<string, Map<string, Point>>
export type Frame = Rect
export type Layout = {
  /** Cards and boxes in the plane of the graph. */
  frames: Map<string, Frame>
  w: number
  h: number
  pins: Pins
}

/** Between the columns of cards: room for a label, and for the edges of the boxes between them. */
const columnGap = 80

/** Room around what stands in a box, and between what stands in it. */
type Room = { left: number; top: number; right: number; bottom: number; gaps: Gaps; least: number }
const rooms: Record<Box["kind"] | "root", Room> = {
  root: { left: 0, top: 0, right: 0, bottom: 0, gaps: { x: columnGap, y: 20 }, least: 0 },
  cluster: { left: 8, top: 32, right: 8, bottom: 12, gaps: { x: columnGap, y: 14 }, least: 180 },
  namespace: { left: 10, top: 26, right: 10, bottom: 10, gaps: { x: columnGap, y: 12 }, least: 0 },
  app: { left: 8, top: 26, right: 8, bottom: 8, gaps: { x: columnGap, y: 12 }, least: 0 },
}

export type Child = Block & { box: boolean }
/** One box to lay out: what stands in it, and the links between them. `pitch` is from column to column, in every box the same. */
export type Group = { id: string; children: Child[]; links: PortLink[]; gaps: Gaps; pitch: number }

/** The weight of a line: busy ones are kept short and forward. */
const weightOf = (line: Line): number =>
  1 + Math.log10(1 + line.edges.reduce((sum, edge) => sum + edge.requestsPerSecond, 0))

/** Who stands for a card among the children of a box, for every box around it. */
function ancestors(tree: Tree): Map<string, Map<string, string>> {
  const parents = new Map(tree.boxes.map((box) => [box.id, box.parent]))
  const drawn = new Set(tree.boxes.map((box) => box.id))
  const above = (id: string | null): string | null =>
    id === null || drawn.has(id) ? id : above(parents.get(id) ?? null)
  const result = new Map<string, Map<string, string>>()
  for (const leaf of tree.leaves) {
    const own = new Map<string, string>()
    let child = leaf.id
    let box = above(leaf.parent)
    own.set(box ?? "", child)
    while (box !== null) {
      child = box
      box = above(parents.get(box) ?? null)
      own.set(box ?? "", child)
    }
    result.set(leaf.id, own)
  }
  return result
}

/** The lines between the children of each box: each belongs to the innermost box around both of its ends. */
type Lifted = { from: string; to: string; line: Line }

function linesByBox(tree: Tree): Map<string, Lifted[]> {
  const own = ancestors(tree)
  const lifted = new Map<string, Lifted[]>()
  for (const line of tree.lines) {
    const from = own.get(line.source)
    const to = own.get(line.target)
    if (!from || !to) continue
    for (const [box, child] of from) {
      const other = to.get(box)
      if (other === undefined) continue
      if (other !== child) lifted.set(box, [...(lifted.get(box) ?? []), { from: child, to: other, line }])
      break
    }
  }
  return lifted
}

/** Boxes innermost first, the whole graph last. */
function innermostFirst(tree: Tree): (Box | null)[] {
  const depth = (box: Box): number => {
    const parent = tree.boxes.find((other) => other.id === box.parent)
    return parent ? depth(parent) + 1 : 0
  }
  return [...tree.boxes.toSorted((a, b) => depth(b) - depth(a) || (a.id < b.id ? -1 : 1)), null]
}

/** How a box is laid out: `layered` here, ELK in the worker. */
export type Lay = (group: Group) => Map<string, Point>

const ownLay: Lay = ({ children, links, gaps, pitch }) =>
  children.some((child) => child.box)
    ? gridded(children, links, { pitch, gaps })
    : layered(children, links, { x: pitch - Math.max(0, ...children.map((child) => child.w)), y: gaps.y })

/** Keeps what is pinned where it is; new children find a place among them. With little pinned the box is laid out anew. */
export function layWith(pinned: ReadonlyMap<string, Point> | undefined, lay: Lay): Lay {
  return (group) => {
    const known = group.children.flatMap((child) => {
      const point = pinned?.get(child.id)
      return point ? [{ ...child, ...point }] : []
    })
    if (known.length * 2 < group.children.length || known.length === 0) return lay(group)
    const fresh = group.children.filter((child) => !pinned?.has(child.id))
    return new Map(placeNew(fresh, known, group.links, group.gaps).map(({ id, x, y }) => [id, { x, y }]))
  }
}

type Step = { box: Box | null; room: Room; group: Group }
type Placed = {
  rects: Rect[]
  pins: Map<string, Point>
  w: number
  h: number
  /** Middles of the left sides of all cards in it, from its corner. */
  cards: Map<string, Point>
  /** From its corner to its first column. */
  inset: number
}

/** Goes through the boxes, innermost first; each one's layout has to be in `done` before the next is asked for. */
function* steps(
  tree: Tree,
  sizes: ReadonlyMap<string, { w: number; h: number }>,
  done: ReadonlyMap<string, Placed>,
): Generator<Step> {
  const lifted = linesByBox(tree)
  const widest = Math.max(0, ...tree.leaves.map((leaf) => sizes.get(leaf.id)?.w ?? 0))
  const pitch = widest + columnGap
  for (const box of innermostFirst(tree)) {
    const id = box?.id ?? ""
    const leaves = tree.leaves.filter((leaf) => (leaf.parent ?? "") === id)
    const boxes = tree.boxes.filter((other) => (other.parent ?? "") === id)
    const children: Child[] = [
      ...leaves.map((leaf) => ({
        id: leaf.id,
        ...(sizes.get(leaf.id) ?? { w: 0, h: 0 }),
        columns: 1,
        inset: 0,
        box: false,
      })),
      ...boxes.map((inner) => {
        const { w = 0, h = 0, inset = 0 } = done.get(inner.id) ?? {}
        return { id: inner.id, w, h, inset, columns: Math.max(1, Math.ceil((w - inset) / pitch)), box: true }
      }),
    ].sort((a, b) => (a.id < b.id ? -1 : 1))
    const port = (child: string, leaf: string): { column: number; y: number } => {
      const inside = done.get(child)
      const at = inside?.cards.get(leaf)
      if (!inside || !at) return { column: 0, y: (sizes.get(leaf)?.h ?? 0) / 2 }
      return { column: Math.round((at.x - inside.inset) / pitch), y: at.y }
    }
    const links = (lifted.get(id) ?? []).map(({ from, to, line }) => ({
      from,
      to,
      weight: weightOf(line),
      fromPort: port(from, line.source),
      toPort: port(to, line.target),
    }))
    const room = rooms[box?.kind ?? "root"]
    const tall = children.some((child) => !child.box && child.h > 60)
    const gaps = { ...room.gaps, y: room.gaps.y + (tall ? 12 : 0) }
    yield { box, room, group: { id, children, links, gaps, pitch } }
  }
}

/** The cards in a box as its parent sees them. */
function cardsOf(rects: readonly Rect[], done: ReadonlyMap<string, Placed>): Map<string, Point> {
  const cards = new Map<string, Point>()
  for (const rect of rects) {
    const inside = done.get(rect.id)
    if (!inside) cards.set(rect.id, { x: rect.x, y: rect.y + rect.h / 2 })
    for (const [id, at] of inside?.cards ?? []) cards.set(id, { x: rect.x + at.x, y: rect.y + at.y })
  }
  return cards
}

/** Size of a box around its children. Pins are kept as they were laid; what a grown neighbour pushes away comes back when it shrinks. */
function placed(
  { room, group }: Step,
  points: ReadonlyMap<string, Point>,
  pinned: ReadonlyMap<string, Point> | undefined,
  done: ReadonlyMap<string, Placed>,
): Placed {
  const rects = pushApart(
    group.children.map((child) => ({ ...child, ...(points.get(child.id) ?? { x: 0, y: 0 }) })),
    Math.min(group.gaps.y, 12),
  )
  const left = Math.min(0, ...rects.map((rect) => rect.x))
  const top = Math.min(0, ...rects.map((rect) => rect.y))
  for (const rect of rects) {
    rect.x += room.left - left
    rect.y += room.top - top
  }
  const w = Math.max(room.least, ...rects.map((rect) => rect.x + rect.w)) + room.right
  const h = Math.max(0, ...rects.map((rect) => rect.y + rect.h)) + room.bottom
  const cards = cardsOf(rects, done)
  const inset = Math.min(w, ...cards.values().map((card) => card.x))
  return { rects, pins: new Map([...(pinned ?? []), ...points]), w, h, cards, inset }
}

function absolute(done: ReadonlyMap<string, Placed>): Layout {
  const frames = new Map<string, Frame>()
  const walk = (id: string, x: number, y: number): void => {
    for (const rect of done.get(id)?.rects ?? []) {
      frames.set(rect.id, { id: rect.id, w: rect.w, h: rect.h, x: x + rect.x, y: y + rect.y })
      if (done.has(rect.id)) walk(rect.id, x + rect.x, y + rect.y)
    }
  }
  walk("", 0, 0)
  const root = done.get("")
  return {
    frames,
    w: root?.w ?? 0,
    h: root?.h ?? 0,
    pins: new Map([...done].map(([id, own]) => [id, own.pins])),
  }
}

/** Lays the graph out, keeping what is pinned. Pure: the same tree and pins give the same layout. */
export function arrange(
  tree: Tree,
  sizes: ReadonlyMap<string, { w: number; h: number }>,
  pins: Pins,
): Layout {
  const done = new Map<string, Placed>()
  for (const step of steps(tree, sizes, done)) {
    const pinned = pins.get(step.group.id)
    done.set(step.group.id, placed(step, layWith(pinned, ownLay)(step.group), pinned, done))
  }
  return absolute(done)
}

/**
 * Lays the graph out anew. Boxes of cards only are laid out by somebody who takes a while (ELK, in its worker); what holds boxes stands
 * on the grid of columns as always.
 */
export async function arrangeAnew(
  tree: Tree,
  sizes: ReadonlyMap<string, { w: number; h: number }>,
  lay: (group: Group) => Promise<Map<string, Point>>,
): Promise<Pins> {
  const done = new Map<string, Placed>()
  for (const step of steps(tree, sizes, done)) {
    const plain = step.group.links.length > 0 && step.group.children.every((child) => !child.box)
    const points = plain ? await lay(step.group) : ownLay(step.group)
    done.set(step.group.id, placed(step, points, undefined, done))
  }
  return absolute(done).pins
}

import type { Frame, Layout } from "./layout/arrange.ts"
import type { Point } from "./layout/layered.ts"
import { type Route, type Sides, curvePoint } from "./route.ts"
import { textWidth } from "./card.ts"
import type { Leaf, Line, Tree } from "./tree.ts"

/** 3: whole cards, 2: names, 1: rings, 0: boxes only. */
export type Level = 0 | 1 | 2 | 3
export const levelOf = (zoom: number): Level => (zoom >= 0.85 ? 3 : zoom >= 0.5 ? 2 : zoom >= 0.25 ? 1 : 0)

export type Shape = { x: number; y: number; w: number; h: number }
type Segment =
  | { type: "curve"; a: Point; b: Point }
  | { type: "line"; a: Point; b: Point }
  | { type: "arc"; a: Point; b: Point; out: number }
export type Path = {
  id: string
  d: string
  segments: Segment[]
  tip: Point & { angle: number }
  level: boolean
}

export type Scene = {
  level: Level
  cards: Map<string, Shape>
  boxes: Map<string, Shape>
  paths: Map<string, Path>
}

/** How far a card at names only may reach into the gap to its right, of 100 %. */
const reach = 36
const tinyWidth = 60

/** Positions scale with the zoom; a card keeps the height that its texts need, and grows into the gap where its name is cut. */
function cardShape(frame: Frame, zoom: number, level: Level, leaf: Leaf): Shape {
  const middle = (frame.y + frame.h / 2) * zoom
  const tiny = leaf.type === "node" && leaf.node.kind === "unknown"
  const scaled = frame.w * zoom
  if (level === 1) {
    const ring = 16
    return { x: frame.x * zoom, y: middle - ring / 2, w: ring, h: ring }
  }
  const h =
    level >= 3 ? Math.max(frame.h * zoom, Math.min(frame.h, 36)) : Math.min(frame.h * zoom, tiny ? 22 : 26)
  const wanted = tiny
    ? tinyWidth
    : 27 + 12 + textWidth(leaf.type === "node" ? leaf.node.name : leaf.title, 12)
  const w = level === 2 ? Math.max(scaled, Math.min(wanted, scaled + reach * zoom)) : scaled
  return { x: frame.x * zoom, y: middle - h / 2, w, h }
}

type End = { line: Line; out: boolean; other: number }
type Spread = { start: Map<string, number>; end: Map<string, number> }

const exits = (sides: Sides): { out: string; into: string } => {
  if (sides === "forward") return { out: "right", into: "left" }
  if (sides === "back") return { out: "left", into: "right" }
  if (sides === "around") return { out: "right", into: "right" }
  return sides === "down" ? { out: "bottom", into: "top" } : { out: "top", into: "bottom" }
}

/** Offsets of the ends along their side, in order of where they lead, so that they do not cross at the card. */
function spread(
  lines: readonly Line[],
  cards: ReadonlyMap<string, Shape>,
  routes: ReadonlyMap<string, Route>,
  zoom: number,
): Spread {
  const ends = new Map<string, End[]>()
  const add = (key: string, end: End): void => void ends.set(key, [...(ends.get(key) ?? []), end])
  for (const line of lines) {
    const source = cards.get(line.source)
    const target = cards.get(line.target)
    const route = routes.get(line.id)
    if (!source || !target || !route) continue
    const sides = exits(route.sides)
    const upright = sides.out === "top" || sides.out === "bottom"
    const lane = route.lane ? route.lane.y * zoom : null
    add(`${line.source} ${sides.out}`, {
      line,
      out: true,
      other: upright ? target.x : (lane ?? target.y + target.h / 2),
    })
    add(`${line.target} ${sides.into}`, {
      line,
      out: false,
      other: upright ? source.x : (lane ?? source.y + source.h / 2),
    })
  }
  const result: Spread = { start: new Map(), end: new Map() }
  for (const [key, list] of ends) {
    const card = cards.get(key.slice(0, key.lastIndexOf(" ")))
    const upright = /(top|bottom)$/.test(key)
    const room = card ? (upright ? card.w - 24 : card.h - 10) : 0
    const gap = Math.min(8, Math.max(0, room) / Math.max(1, list.length - 1))
    list
      .sort((a, b) => a.other - b.other || (a.line.id < b.line.id ? -1 : 1))
      .forEach((end, i) => {
        ;(end.out ? result.start : result.end).set(end.line.id, (i - (list.length - 1) / 2) * gap)
      })
  }
  return result
}

const number = (value: number): string => String(Math.round(value * 10) / 10)
const curveTo = (a: Point, b: Point): string => {
  const bend = Math.max(24, Math.abs(b.x - a.x) * 0.5) * Math.sign(b.x - a.x || 1)
  return `C${[a.x + bend, a.y, b.x - bend, b.y, b.x, b.y].map(number).join(" ")}`
}

function drawn(segments: readonly Segment[]): string {
  let d = ""
  for (const segment of segments) {
    if (d === "") d = `M${number(segment.a.x)} ${number(segment.a.y)}`
    if (segment.type === "curve") d += curveTo(segment.a, segment.b)
    else if (segment.type === "line") d += `L${number(segment.b.x)} ${number(segment.b.y)}`
    else
      d += `C${[segment.a.x + segment.out, segment.a.y, segment.b.x + segment.out, segment.b.y, segment.b.x, segment.b.y].map(number).join(" ")}`
  }
  return d
}

/** Length of the arrow, left free before the callee. */
const arrow = 5

function pathOf(
  line: Line,
  { sides, lane }: Route,
  ends: { source: Shape; target: Shape; start: number; end: number },
  zoom: number,
): Path {
  const { source, target, start, end } = ends
  const made = (segments: Segment[], tip: Path["tip"]): Path => ({
    id: line.id,
    d: drawn(segments),
    segments,
    tip,
    level: sides === "forward" || sides === "back",
  })
  if (sides === "down" || sides === "up") {
    const down = sides === "down"
    const x = Math.max(source.x, target.x) + Math.min(source.w, target.w) * 0.46 + (start + end) / 2
    const a = { x, y: down ? source.y + source.h : source.y }
    const tip = { x, y: down ? target.y : target.y + target.h }
    return made([{ type: "line", a, b: { x, y: tip.y + (down ? -arrow : arrow) } }], {
      ...tip,
      angle: down ? 90 : -90,
    })
  }
  const sourceMiddle = source.y + source.h / 2 + start
  const targetMiddle = target.y + target.h / 2 + end
  if (sides === "around") {
    const a = { x: source.x + source.w, y: sourceMiddle }
    const tip = { x: target.x + target.w, y: targetMiddle }
    const out = 28 + Math.min(60, Math.abs(a.y - tip.y) * 0.2)
    return made([{ type: "arc", a, b: { x: tip.x + arrow, y: tip.y }, out }], { ...tip, angle: 180 })
  }
  const ahead = sides === "forward"
  const a = { x: ahead ? source.x + source.w : source.x, y: sourceMiddle }
  const tip = { x: ahead ? target.x : target.x + target.w, y: targetMiddle }
  const b = { x: tip.x + (ahead ? -arrow : arrow), y: tip.y }
  const angle = ahead ? 0 : 180
  if (!lane) return made([{ type: "curve", a, b }], { ...tip, angle })
  const from = { x: lane.from * zoom, y: lane.y * zoom }
  const to = { x: lane.to * zoom, y: lane.y * zoom }
  return made(
    [
      { type: "curve", a, b: from },
      { type: "line", a: from, b: to },
      { type: "curve", a: to, b },
    ],
    { ...tip, angle },
  )
}

const lengthOf = ({ a, b }: Segment): number => Math.hypot(b.x - a.x, b.y - a.y)

/** A point of a path, 0 at its source, 1 at its target. */
export function pointAt(path: Path, t: number): Point {
  const total = path.segments.reduce((sum, segment) => sum + lengthOf(segment), 0)
  let rest = t * total
  for (const segment of path.segments) {
    const length = lengthOf(segment)
    if (rest > length && segment !== path.segments.at(-1)) {
      rest -= length
      continue
    }
    const at = length === 0 ? 0 : Math.min(1, rest / length)
    if (segment.type === "curve") return curvePoint(segment.a, segment.b, at)
    const { a, b } = segment
    const bulge = segment.type === "arc" ? segment.out * 3 * at * (1 - at) : 0
    return { x: a.x + (b.x - a.x) * at + bulge, y: a.y + (b.y - a.y) * at }
  }
  return path.tip
}

export const pathLength = (path: Path): number =>
  path.segments.reduce((sum, segment) => sum + lengthOf(segment), 0)

/** Everything that is drawn, at this zoom, before the camera moves it. */
export function sceneOf(
  tree: Tree,
  lines: readonly Line[],
  layout: Layout,
  routes: ReadonlyMap<string, Route>,
  zoom: number,
): Scene {
  const level = levelOf(zoom)
  const cards = new Map<string, Shape>()
  for (const leaf of tree.leaves) {
    const frame = layout.frames.get(leaf.id)
    if (frame)
      cards.set(leaf.id, cardShape(frame, zoom, leaf.type === "bundle" && level < 3 ? 2 : level, leaf))
  }
  const boxes = new Map<string, Shape>()
  for (const box of tree.boxes) {
    const frame = layout.frames.get(box.id)
    if (frame)
      boxes.set(box.id, { x: frame.x * zoom, y: frame.y * zoom, w: frame.w * zoom, h: frame.h * zoom })
  }
  const { start, end } = spread(lines, cards, routes, zoom)
  const paths = new Map<string, Path>()
  for (const line of lines) {
    const source = cards.get(line.source)
    const target = cards.get(line.target)
    const route = routes.get(line.id)
    if (!source || !target || !route) continue
    const offsets = { start: start.get(line.id) ?? 0, end: end.get(line.id) ?? 0 }
    paths.set(line.id, pathOf(line, route, { source, target, ...offsets }, zoom))
  }
  return { level, cards, boxes, paths }
}

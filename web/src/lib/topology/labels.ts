import { textWidth } from "./card.ts"
import type { LabelPart } from "./figures.ts"
import { type Path, type Shape, pathLength, pointAt } from "./scene.ts"

export type Wanted = {
  id: string
  parts: readonly LabelPart[]
  /** An open padlock before the text. */
  plain: boolean
  /** Higher is placed first. */
  rank: number
}
/** Middle of a label; `short`: only its last part had room. */
export type Placement = { x: number; y: number; short: boolean }

const along = [0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8, 0.14, 0.86]
const height = 16

export const labelWidth = (parts: readonly LabelPart[], plain: boolean): number =>
  8 +
  (plain ? 13 : 0) +
  parts.reduce(
    (sum, part, i) => sum + textWidth(part.text, 10.5) + (i > 0 ? 6 : 0) + (part.glyph ? 12 : 0),
    0,
  )

const meet = (a: Shape, b: Shape): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

/** Cells of a coarse grid, so that a label is only compared with what is near. */
class Taken {
  #cells = new Map<string, Shape[]>()

  #keys(shape: Shape): string[] {
    const keys: string[] = []
    for (let x = Math.floor(shape.x / 128); x <= Math.floor((shape.x + shape.w) / 128); x++)
      for (let y = Math.floor(shape.y / 128); y <= Math.floor((shape.y + shape.h) / 128); y++)
        keys.push(`${x} ${y}`)
    return keys
  }
  add(shape: Shape): void {
    for (const key of this.#keys(shape)) this.#cells.set(key, [...(this.#cells.get(key) ?? []), shape])
  }
  hits(shape: Shape): boolean {
    return this.#keys(shape).some((key) => this.#cells.get(key)?.some((other) => meet(shape, other)))
  }
}

/**
 * A place for each label, worst and busiest first: the middle of its path, else outwards along it, else beside it; never on a card, a
 * title or another label. Where only its error finds room, that; otherwise none.
 */
export function placeLabels(
  wanted: readonly Wanted[],
  paths: ReadonlyMap<string, Path>,
  blocked: readonly Shape[],
): Map<string, Placement> {
  const taken = new Taken()
  for (const shape of blocked) taken.add(shape)
  const placements = new Map<string, Placement>()
  for (const label of wanted.toSorted((a, b) => b.rank - a.rank || (a.id < b.id ? -1 : 1))) {
    const path = paths.get(label.id)
    if (!path || label.parts.length === 0) continue
    const last = label.parts.at(-1)
    const variants =
      label.parts.length > 1 && last?.glyph
        ? [
            { parts: label.parts, short: false },
            { parts: [last], short: true },
          ]
        : [{ parts: label.parts, short: false }]
    const short = path.level && pathLength(path) < 150
    for (const { parts, short: shortened } of variants) {
      const w = labelWidth(parts, label.plain)
      const place = firstFree(path, w, short ? [-11, 12, 0, -20, 20] : [0, -11, 12], taken)
      if (!place) continue
      taken.add({ x: place.x - w / 2 - 1, y: place.y - height / 2 - 1, w: w + 2, h: height + 2 })
      placements.set(label.id, { ...place, short: shortened })
      break
    }
  }
  return placements
}

function firstFree(
  path: Path,
  w: number,
  offsets: readonly number[],
  taken: Taken,
): { x: number; y: number } | undefined {
  for (const offset of offsets)
    for (const t of along) {
      const at = pointAt(path, t)
      const x = path.level ? at.x : at.x + w / 2 + 8
      const y = at.y + (path.level ? offset : 0)
      if (!taken.hits({ x: x - w / 2, y: y - height / 2, w, h: height })) return { x, y }
    }
  return undefined
}

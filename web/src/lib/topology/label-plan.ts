import type { TopologyNode } from "#shared/topology/document.ts"
import { type LabelPart, figuresOfLine, isPlain, labelOf } from "./figures.ts"
import type { Focus } from "./focus.ts"
import type { Placement, Wanted } from "./labels.ts"
import type { LabelName } from "./question.ts"
import type { Level, Scene, Shape } from "./scene.ts"
import type { Leaf, Line } from "./tree.ts"

export type DrawnLabel = { parts: readonly LabelPart[]; plain: boolean; place: Placement }
export type LabelInput = {
  lines: readonly Line[]
  leaves: ReadonlyMap<string, Leaf>
  focus: Focus
  labels: readonly LabelName[]
  windowSeconds: number
}

export const nodeAt = (leaves: ReadonlyMap<string, Leaf>, id: string): TopologyNode | undefined => {
  const leaf = leaves.get(id)
  return leaf?.type === "node" ? leaf.node : undefined
}

/** What the labels of lines would say at this level; lines outside of the focus say nothing, at rings only errors are said. */
export function labelsWanted(
  { lines, leaves, focus, labels, windowSeconds }: LabelInput,
  level: Level,
): Wanted[] {
  const sent = new Map<string, number>()
  for (const line of lines)
    sent.set(line.source, (sent.get(line.source) ?? 0) + (figuresOfLine(line).requestsPerSecond ?? 0))
  return lines.flatMap((line) => {
    if (focus && !focus.near.has(line.id)) return []
    const figures = figuresOfLine(line)
    const total = sent.get(line.source) ?? 0
    const share = figures.requestsPerSecond !== null && total > 0 ? figures.requestsPerSecond / total : null
    const parts = labelOf(line, labels, { share, windowSeconds })
    if (parts.length === 0 || (level === 1 && !parts.some((part) => part.glyph))) return []
    const plain = isPlain(line, { source: nodeAt(leaves, line.source), target: nodeAt(leaves, line.target) })
    const rank =
      (figures.errorRatio ?? 0) * 1e6 + (figures.requestsPerSecond ?? figures.bytesPerSecond / 10_000)
    return [{ id: line.id, parts, plain, rank }]
  })
}

/** Where no label may be: cards and titles. */
export const blockedIn = ({ cards, boxes }: Scene): Shape[] => [
  ...[...cards.values()].map((card) => ({ x: card.x - 2, y: card.y - 7, w: card.w + 4, h: card.h + 9 })),
  ...[...boxes.values()].map((box) => ({ x: box.x + 4, y: box.y + 2, w: Math.min(box.w, 160), h: 20 })),
]

/** The labels that have a place; where only the error had room, that. */
export const drawnLabels = (
  wanted: readonly Wanted[],
  places: ReadonlyMap<string, Placement>,
): Map<string, DrawnLabel> =>
  new Map(
    wanted.flatMap(({ id, parts, plain }): [string, DrawnLabel][] => {
      const place = places.get(id)
      return place ? [[id, { parts: place.short ? parts.slice(-1) : parts, plain, place }]] : []
    }),
  )

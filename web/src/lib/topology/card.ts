import type { Leaf, Tree } from "./tree.ts"

/** Sizes in the plane of the graph, which is the screen at 100 %. */
export const cardHeight = 36
export const cardWidth = { least: 122, most: 176 }
const stripHeight = 22
const tiny = { w: 72, h: 24 }
const bundle = { w: 152, h: 62 }
const hosts = { w: 152, h: 40 }

const narrow = new Set("iljtf.,:;'|!()[]- ")
const wide = new Set("mwMW@%")

/** Width of a text in Inter, a little more than it is: for room to be enough, not for setting type. */
export function textWidth(text: string, size: number): number {
  let units = 0
  for (const letter of text)
    units += narrow.has(letter)
      ? 0.34
      : wide.has(letter)
        ? 0.88
        : letter >= "A" && letter <= "Z"
          ? 0.68
          : 0.57
  return units * size
}

/** The text, cut at its end where there is no more room. */
export function clipped(text: string, size: number, room: number): string {
  if (textWidth(text, size) <= room) return text
  let end = text.length
  while (end > 1 && textWidth(`${text.slice(0, end)}…`, size) > room) end--
  return `${text.slice(0, end)}…`
}

export const isSplit = (leaf: Leaf): boolean =>
  leaf.type === "node" &&
  leaf.node.kind === "service" &&
  leaf.node.versions.filter(({ share }) => share > 0).length > 1

/** Size of a card at 100 %; all cards of a graph are as wide as most of its names want, within bounds. */
export function cardSizes(tree: Tree): Map<string, { w: number; h: number }> {
  const wanted = tree.leaves
    .flatMap((leaf) => (leaf.type === "node" && leaf.node.kind !== "unknown" ? [leaf.node.name] : []))
    .map((name) => 37 + 10 + textWidth(name, 11.5))
    .sort((a, b) => a - b)
  // A few long names are cut rather than that all cards grow.
  const longest = wanted[Math.floor(wanted.length * 0.95)] ?? 0
  const w = Math.round(Math.min(cardWidth.most, Math.max(cardWidth.least, longest)) / 2) * 2
  return new Map(
    tree.leaves.map((leaf) => {
      if (leaf.type === "bundle") return [leaf.id, leaf.kind === "external" ? hosts : bundle]
      if (leaf.node.kind === "unknown") return [leaf.id, tiny]
      return [leaf.id, { w, h: isSplit(leaf) ? cardHeight + stripHeight : cardHeight }]
    }),
  )
}

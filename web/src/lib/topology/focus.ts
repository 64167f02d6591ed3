import type { Line, Tree } from "./tree.ts"
import { pathsBetween } from "./walk.ts"

/** What a reader has chosen, and what stays in sight with it (or with what is looked for); null: nothing, so that nothing is dimmed. */
export type Focus = { near: ReadonlySet<string>; chosen: ReadonlySet<string> } | null

/** Ids of the cards and lines that were chosen; a node or an edge in a collapsed box stands for its card or line. */
export function chosenOf(tree: Tree, select: readonly string[]): Set<string> {
  const chosen = new Set<string>()
  for (const id of select) {
    const leaf = tree.leaves.find(
      (one) => one.id === id || (one.type === "bundle" && one.nodes.some((node) => node.id === id)),
    )
    if (leaf) chosen.add(leaf.id)
    const line = tree.lines.find((one) => one.id === id || one.edges.some((edge) => edge.id === id))
    if (line) chosen.add(line.id)
  }
  return chosen
}

/** Cards and lines that hold what was found, with the ends of the lines. */
function holding(tree: Tree, lines: readonly Line[], found: ReadonlySet<string>): Set<string> {
  const near = new Set<string>()
  for (const leaf of tree.leaves) {
    const nodes = leaf.type === "bundle" ? leaf.nodes : [leaf.node]
    if (nodes.some((node) => found.has(node.id))) near.add(leaf.id)
  }
  for (const line of lines)
    if (line.edges.some((edge) => found.has(edge.id)))
      for (const id of [line.id, line.source, line.target]) near.add(id)
  return near
}

/** Around one choice its neighbours; between two cards the ways; otherwise what was found. */
export function focusOf(
  tree: Tree,
  lines: readonly Line[],
  chosen: ReadonlySet<string>,
  found: ReadonlySet<string> | null,
): Focus {
  if (chosen.size === 0) return found === null ? null : { chosen, near: holding(tree, lines, found) }
  const near = new Set(chosen)
  const [a, b, more] = [...chosen].filter((id) => tree.leaves.some((leaf) => leaf.id === id))
  if (a !== undefined && b !== undefined && more === undefined)
    for (const id of pathsBetween(a, b, lines)) near.add(id)
  else
    for (const line of lines)
      if (chosen.has(line.id) || chosen.has(line.source) || chosen.has(line.target))
        for (const id of [line.id, line.source, line.target]) near.add(id)
  return { chosen, near }
}

import type { TopologyDocument, TopologyEdge } from "#shared/topology/document.ts"

/** Edges of the last documents that the newest one lacks, and when each was last seen. */
export type Seen = { at: number | null; documents: { at: number; edges: Map<string, TopologyEdge> }[] }
export const nothingSeen: Seen = { at: null, documents: [] }

/** For how many ticks an edge that is gone is still drawn. */
const keptTicks = 2

export function remember(seen: Seen, document: Pick<TopologyDocument, "at" | "edges">): Seen {
  const { at } = document
  if (at === null) return seen
  const edges = new Map(document.edges.map((edge) => [edge.id, edge]))
  const older = seen.documents.filter((one) => one.at < at)
  return { at, documents: [...older.slice(-keptTicks), { at, edges }] }
}

/** Edges that were there within the last two ticks and are no more, with the moment they were last seen. */
export function vanishedOf(seen: Seen): Map<string, { edge: TopologyEdge; lastSeen: number }> {
  const newest = seen.documents.at(-1)
  const gone = new Map<string, { edge: TopologyEdge; lastSeen: number }>()
  for (const { at, edges } of seen.documents.slice(0, -1))
    for (const [id, edge] of edges) if (!newest?.edges.has(id)) gone.set(id, { edge, lastSeen: at })
  return gone
}

/** When each edge that is gone was last seen, by its id. */
export const goneOf = (seen: Seen): Map<string, number> =>
  new Map([...vanishedOf(seen)].map(([id, { lastSeen }]) => [id, lastSeen]))

/** The document with the edges that are gone since the last two ticks, where their nodes still are. */
export function withVanished(document: TopologyDocument, seen: Seen): TopologyDocument {
  const vanished = vanishedOf(seen)
  if (vanished.size === 0) return document
  const ids = new Set(document.nodes.map((node) => node.id))
  const edges = [...vanished.values()].flatMap(({ edge }) =>
    ids.has(edge.source) && ids.has(edge.target) ? [edge] : [],
  )
  return { ...document, edges: [...document.edges, ...edges] }
}

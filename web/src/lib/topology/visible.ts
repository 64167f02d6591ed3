import type { TopologyDocument, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import type { Filter } from "../table/filter.ts"
import { type Item, matchesItem } from "./fields.ts"
import type { Question } from "./question.ts"

export type Visible = {
  nodes: TopologyNode[]
  edges: TopologyEdge[]
  /** Nodes left out because they have no traffic. */
  idle: number
  /** Nodes and edges that the reader hid. */
  hidden: number
  /** Ids that `find` marks; null when nothing is looked for. */
  found: ReadonlySet<string> | null
}

type Graph = { nodes: TopologyNode[]; edges: TopologyEdge[] }

/** Edges whose ends are both there. */
const between = (edges: readonly TopologyEdge[], nodes: ReadonlySet<string>): TopologyEdge[] =>
  edges.filter((edge) => nodes.has(edge.source) && nodes.has(edge.target))

const idsOf = (nodes: readonly TopologyNode[]): Set<string> => new Set(nodes.map((node) => node.id))

/** These nodes, their edges, and the other ends of those. */
function around({ nodes, edges }: Graph, wanted: (node: TopologyNode) => boolean): Graph {
  const inside = idsOf(nodes.filter(wanted))
  const kept = edges.filter((edge) => inside.has(edge.source) || inside.has(edge.target))
  const ends = new Set([...inside, ...kept.flatMap((edge) => [edge.source, edge.target])])
  return { nodes: nodes.filter((node) => ends.has(node.id)), edges: kept }
}

const worse = new Set(["watch", "degraded", "failing"])

/** Without idle nodes: no edge with traffic touches them, and nothing is wrong with them. */
function withTraffic({ nodes, edges }: Graph): Graph {
  const busy = edges.filter((edge) => edge.health !== "idle")
  const ends = new Set(busy.flatMap((edge) => [edge.source, edge.target]))
  const kept = nodes.filter((node) => ends.has(node.id) || worse.has(node.health.state))
  return { nodes: kept, edges: between(busy, idsOf(kept)) }
}

function itemsOf({ nodes, edges }: Graph): { id: string; item: Item }[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return [
    ...nodes.map((node) => ({ id: node.id, item: { type: "node" as const, node } })),
    ...edges.flatMap((edge) => {
      const source = byId.get(edge.source)
      const target = byId.get(edge.target)
      return source && target ? [{ id: edge.id, item: { type: "edge" as const, edge, source, target } }] : []
    }),
  ]
}

const matching = (graph: Graph, filter: Filter): Set<string> =>
  new Set(
    itemsOf(graph)
      .filter(({ item }) => matchesItem(filter, item))
      .map(({ id }) => id),
  )

function withoutIds({ nodes, edges }: Graph, ids: ReadonlySet<string>): Graph {
  const kept = nodes.filter((node) => !ids.has(node.id))
  return {
    nodes: kept,
    edges: between(
      edges.filter((edge) => !ids.has(edge.id)),
      idsOf(kept),
    ),
  }
}

/** What of a document is drawn, and how much is not. The document holds the idle nodes too. */
export function visibleOf(
  document: TopologyDocument,
  question: Question,
  filters: { find: Filter | undefined; hide: Filter | undefined },
): Visible {
  let graph: Graph = document
  if (question.protocols.length > 0)
    graph = {
      nodes: graph.nodes,
      edges: graph.edges.filter((edge) => question.protocols.includes(edge.protocol)),
    }
  if (question.health.length > 0) graph = around(graph, (node) => question.health.includes(node.health.state))
  if (question.isolate.length > 0) graph = around(graph, (node) => question.isolate.includes(node.id))
  const all = graph.nodes.length
  if (!question.idle) graph = withTraffic(graph)
  const idle = all - graph.nodes.length
  const before = graph.nodes.length + graph.edges.length
  const unwanted = new Set([...question.without, ...(filters.hide ? matching(graph, filters.hide) : [])])
  if (unwanted.size > 0) graph = withoutIds(graph, unwanted)
  return {
    ...graph,
    idle,
    hidden: before - graph.nodes.length - graph.edges.length,
    found: filters.find ? matching(graph, filters.find) : null,
  }
}

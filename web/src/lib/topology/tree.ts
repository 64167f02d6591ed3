import type { HealthState, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import type { Question } from "./question.ts"

export type BoxKind = "cluster" | "namespace" | "app"
export type Box = {
  id: string
  kind: BoxKind
  title: string
  parent: string | null
  /** Nodes in it, at any depth. */
  nodes: TopologyNode[]
}

/** What is drawn as one card: a node, or everything in a collapsed box. */
export type Leaf = { id: string; parent: string | null } & (
  | { type: "node"; node: TopologyNode }
  | { type: "bundle"; kind: "namespace" | "app" | "external"; title: string; nodes: TopologyNode[] }
)

/** What is drawn as one line: the edges between two cards over one protocol. */
export type Line = {
  id: string
  source: string
  target: string
  protocol: TopologyEdge["protocol"]
  edges: TopologyEdge[]
}

export type Tree = {
  boxes: Box[]
  leaves: Leaf[]
  lines: Line[]
  /** Collapsed because there are too many nodes, not by hand. */
  automatic: boolean
}

/** Above this many visible nodes, namespaces collapse by themselves. */
export const mostNodes = 150
/** Above this many hosts outside of the mesh, a collapsed graph shows them as one card. */
const mostHosts = 6

const clusterBox = (node: TopologyNode): string => `c/${node.cluster}`
const namespaceBox = (node: TopologyNode, question: Question): string =>
  question.group === "namespace" ? `ns//${node.namespace}` : `ns/${node.cluster}/${node.namespace}`

/** The app of a workload: the service in front of it, or its own name. */
const appOf = (node: TopologyNode): string => {
  const front = node.related.find((id) => id.startsWith("svc/"))
  return front?.split("/").at(-1) ?? node.name
}

const isInside = (node: TopologyNode): boolean =>
  node.cluster !== "" && node.namespace !== "" && node.kind !== "external" && node.kind !== "unknown"

/** Boxes of a node, outermost first. */
function boxesOf(node: TopologyNode, question: Question): Omit<Box, "nodes" | "parent">[] {
  if (!isInside(node) || question.group === "flat") return []
  const cluster = { id: clusterBox(node), kind: "cluster" as const, title: node.clusterName }
  const namespace = {
    id: namespaceBox(node, question),
    kind: "namespace" as const,
    title: node.namespace,
  }
  const app = {
    id: `app/${node.cluster}/${node.namespace}/${appOf(node)}`,
    kind: "app" as const,
    title: appOf(node),
  }
  if (question.group === "namespace") return [namespace]
  return question.group === "app" ? [cluster, namespace, app] : [cluster, namespace]
}

function allBoxes(nodes: readonly TopologyNode[], question: Question): Map<string, Box> {
  const boxes = new Map<string, Box>()
  for (const node of nodes) {
    let parent: string | null = null
    for (const made of boxesOf(node, question)) {
      const box: Box = boxes.get(made.id) ?? { ...made, parent, nodes: [] }
      box.nodes.push(node)
      boxes.set(made.id, box)
      parent = made.id
    }
  }
  return boxes
}

/** A cluster is always said; any other box of one node is left out. */
const isDrawn = (box: Box): boolean => box.kind === "cluster" || box.nodes.length > 1

function isCollapsed(box: Box, question: Question, crowded: boolean): boolean {
  if (box.kind === "cluster" || !isDrawn(box)) return false
  if (question.open.includes(box.id)) return false
  if (question.shut.includes(box.id)) return true
  const usual = box.kind === "namespace"
  return usual && (question.detail === "namespaces" || (question.detail === "auto" && crowded))
}

/** In a flat graph, collapsing needs namespaces too. */
const collapsing = (question: Question, crowded: boolean): Question =>
  question.group === "flat" && (question.detail === "namespaces" || (question.detail === "auto" && crowded))
    ? { ...question, group: "cluster" }
    : question

function hostBundle(nodes: readonly TopologyNode[], question: Question, collapsed: boolean): TopologyNode[] {
  const hosts = nodes.filter((node) => node.kind === "external")
  return collapsed && hosts.length > mostHosts && !question.open.includes("ext") ? hosts : []
}

/** Boxes, cards and lines of what is visible, with boxes collapsed as asked. */
export function treeOf(
  { nodes, edges }: { nodes: readonly TopologyNode[]; edges: readonly TopologyEdge[] },
  asked: Question,
): Tree {
  const crowded = nodes.length > mostNodes
  const question = collapsing(asked, crowded)
  const all = allBoxes(nodes, question)
  const collapsed = [...all.values()].filter((box) => isCollapsed(box, question, crowded))
  const hosts = hostBundle(nodes, question, collapsed.length > 0)

  const leafOf = new Map<string, Leaf>()
  const parentOf = (id: string | null): string | null => {
    const box = id === null ? undefined : all.get(id)
    return !box || isDrawn(box) ? (box?.id ?? null) : parentOf(box.parent)
  }
  // Outermost first, so that a node stands in the largest collapsed box around it.
  for (const box of collapsed) {
    const kind = box.kind === "app" ? "app" : "namespace"
    const bundle: Leaf = {
      id: box.id,
      parent: parentOf(box.parent),
      type: "bundle",
      kind,
      title: box.title,
      nodes: box.nodes,
    }
    for (const node of box.nodes) if (!leafOf.has(node.id)) leafOf.set(node.id, bundle)
  }
  if (hosts.length > 0) {
    const title = `${hosts.length} external hosts`
    const bundle: Leaf = { id: "ext", parent: null, type: "bundle", kind: "external", title, nodes: hosts }
    for (const node of hosts) leafOf.set(node.id, bundle)
  }
  for (const node of nodes)
    if (!leafOf.has(node.id)) {
      const inner = boxesOf(node, question).at(-1)?.id ?? null
      leafOf.set(node.id, { id: node.id, parent: parentOf(inner), type: "node", node })
    }
  const leaves = [...new Set(leafOf.values())]
  const used = new Set<string>()
  const use = (id: string | null): void => {
    if (id === null || used.has(id)) return
    used.add(id)
    use(all.get(id)?.parent ?? null)
  }
  for (const leaf of leaves) use(leaf.parent)
  return {
    boxes: [...all.values()].filter((box) => used.has(box.id) && isDrawn(box)),
    leaves,
    lines: linesOf(edges, leafOf),
    automatic: crowded && asked.detail === "auto" && collapsed.length > 0,
  }
}

function linesOf(edges: readonly TopologyEdge[], leafOf: ReadonlyMap<string, Leaf>): Line[] {
  const lines = new Map<string, Line>()
  for (const edge of edges) {
    const source = leafOf.get(edge.source)
    const target = leafOf.get(edge.target)
    if (!source || !target || (source === target && source.type === "bundle")) continue
    const id = `${source.id}>${target.id}>${edge.protocol}`
    const line = lines.get(id)
    if (line) line.edges.push(edge)
    else lines.set(id, { id, source: source.id, target: target.id, protocol: edge.protocol, edges: [edge] })
  }
  return [...lines.values()]
}

/** How many nodes of a box are in which state. */
export function mixOf(nodes: readonly TopologyNode[]): Record<HealthState, number> {
  const mix: Record<HealthState, number> = { ok: 0, watch: 0, degraded: 0, failing: 0, idle: 0, unknown: 0 }
  for (const node of nodes) mix[node.health.state]++
  return mix
}

export const leavesById = (tree: Tree): Map<string, Leaf> =>
  new Map(tree.leaves.map((leaf) => [leaf.id, leaf]))

/** What a layout depends on: boxes and cards, where they belong and how large they are. Never what they say. */
export const structureOf = (tree: Tree, sizes: ReadonlyMap<string, { w: number; h: number }>): string =>
  [
    ...tree.boxes.map((box) => box.id),
    ...tree.leaves.map((leaf) => {
      const { w = 0, h = 0 } = sizes.get(leaf.id) ?? {}
      return `${leaf.id} ${leaf.parent ?? ""} ${w} ${h}`
    }),
  ].join("\n")

export type Bar = { state: HealthState; x: number; w: number; h: number }

/** Heights of the parts of a health bar: what is worse is taller, so that it reads without colour. */
const barHeights: Record<HealthState, number> = {
  ok: 3,
  watch: 4,
  degraded: 6,
  failing: 9,
  idle: 3,
  unknown: 3,
}

/** The health of many nodes as one bar of this width. */
export function barsOf(nodes: readonly TopologyNode[], width: number): Bar[] {
  const mix = mixOf(nodes)
  const states = (["ok", "watch", "degraded", "failing", "idle", "unknown"] as const).filter(
    (state) => mix[state] > 0,
  )
  const room = width - 2 * (states.length - 1)
  let x = 0
  return states.map((state) => {
    const w = Math.max(5, (mix[state] / nodes.length) * room)
    const bar = { state, x, w, h: barHeights[state] }
    x += w + 2
    return bar
  })
}

import type { TopologySources } from "../api/mesh.ts"
import { healthOf } from "../telemetry/health.ts"
import { type Aggregate, errorRatioOf, responsesOf, signalsOf } from "./aggregate.ts"
import { appliedTo, badgesOf, inMeshOf, podsOf } from "./badges.ts"
import type { Signals, TopologyDocument, TopologyEdge, TopologyNode } from "./document.ts"
import { type Edge, Graph, type Node, collectSamples } from "./graph.ts"
import { at, indexFacts } from "./mesh-index.ts"
import { noticesOf } from "./notices.ts"
import {
  type IndexedCluster,
  type NodeIdentity,
  type Resolver,
  type View,
  createResolver,
} from "./resolve.ts"

export type TopologyOptions = {
  view: View
  /** Cluster ids; absent or empty: all. */
  clusters?: readonly string[]
  /** Namespaces; absent or empty: all. An edge stays when one of its ends is in them. */
  namespaces?: readonly string[]
  /** Nodes without traffic too. */
  idle: boolean
  now: number
}

type SourceCluster = TopologySources["clusters"][number]

const indexes = new WeakMap<SourceCluster["facts"], IndexedCluster>()

/** The index of a cluster's facts, kept as long as the same list of facts is. */
export function indexedCluster(source: SourceCluster): IndexedCluster {
  const known = indexes.get(source.facts)
  if (
    known &&
    known.cluster === source.cluster &&
    known.clusterName === source.clusterName &&
    known.istioClusterId === source.istioClusterId
  )
    return known
  const { cluster, clusterName, istioClusterId } = source
  const made = { cluster, clusterName, istioClusterId, index: indexFacts(source.facts) }
  indexes.set(source.facts, made)
  return made
}

const isStale = (source: SourceCluster): boolean => source.link === "stale" || source.link === "revoked"

const oldAfterMs = 5 * 60_000

/** Whether the newest numbers of a cluster say nothing of now any more, though its agent may well be there: its Prometheus is down. */
export function isOld({ ticks }: SourceCluster, now: number): boolean {
  const newest = ticks.at(-1)
  return newest !== undefined && now - newest.at > Math.max(oldAfterMs, 3 * newest.windowMs)
}

const idleIdentities = (resolver: Resolver, cluster: IndexedCluster, view: View): NodeIdentity[] =>
  view === "workload"
    ? [...cluster.index.workloads.values()].map((workload) =>
        resolver.workload(cluster, workload.namespace, workload.name),
      )
    : [
        ...[...cluster.index.services.values()].map((service) =>
          resolver.service(cluster, service.namespace, service.name),
        ),
        ...[...cluster.index.workloads.values()]
          .filter((workload) => !cluster.index.front.has(at(workload.namespace, workload.name)))
          .map((workload) => resolver.workload(cluster, workload.namespace, workload.name)),
      ]

/** Gateways report only what they send: that is their traffic. */
const nodeSignals = (node: Node): Signals => {
  const gateway = node.identity.kind === "gateway" || node.identity.kind === "waypoint"
  return signalsOf(
    gateway && !node.inbound.hasRequests && !node.inbound.hasTcp ? node.outbound : node.inbound,
  )
}

const relatedOf = ({ cluster, namespace, name, service }: NodeIdentity): string[] => {
  if (!cluster) return []
  if (service === null)
    return (cluster.index.front.get(at(namespace, name)) ?? []).map(
      (front) => `svc/${cluster.cluster}/${front.namespace}/${front.name}`,
    )
  return (cluster.index.behind.get(at(namespace, service)) ?? []).map(
    (workload) => `wl/${cluster.cluster}/${workload.namespace}/${workload.name}`,
  )
}

const versionsOf = (node: Node): TopologyNode["versions"] => {
  const weight = (part: Aggregate) =>
    node.inbound.requestsPerSecond > 0 ? part.requestsPerSecond : part.sent + part.received
  const total = [...node.versions.values()].reduce((sum, part) => sum + weight(part), 0)
  return [...node.versions]
    .map(([key, part]) => ({
      version: key.slice(0, key.lastIndexOf("|")),
      workload: part.workload,
      share: total > 0 ? weight(part) / total : 0,
      errorRatio: errorRatioOf(part),
    }))
    .filter(({ workload }) => workload !== "")
    .sort((a, b) =>
      a.version < b.version ? -1 : a.version > b.version ? 1 : a.workload < b.workload ? -1 : 1,
    )
}

/** `stale`: what is shown was known then. `old`: so are the numbers, and no health is claimed from them. */
type Age = { stale: boolean; old: boolean }

function finishNode(node: Node, { stale, old }: Age, windowMs: number): TopologyNode {
  const { identity } = node
  const signals = nodeSignals(node)
  const inMesh = inMeshOf(identity)
  const pods = podsOf(identity)
  const sends = node.outbound.hasRequests || node.outbound.hasTcp
  const gateway = identity.kind === "gateway" || identity.kind === "waypoint"
  return {
    id: identity.id,
    kind: identity.kind,
    cluster: identity.cluster?.cluster ?? "",
    clusterName: identity.cluster?.clusterName ?? "",
    namespace: identity.namespace,
    name: identity.name,
    ...(identity.service === null && identity.workload ? { workloadKind: identity.workload.kind } : {}),
    protocols: [
      ...(gateway && node.protocols.size === 0 && sends ? (["http"] as const) : node.protocols),
    ].sort(),
    signals,
    health: healthOf({
      signals,
      windowMs,
      pods,
      sends,
      stale,
      old,
      measurable: identity.kind !== "unknown",
    }),
    versions: versionsOf(node),
    pods,
    inMesh,
    badges: badgesOf(appliedTo(identity), inMesh, signals.mtlsRatio),
    related: relatedOf(identity),
    stale,
  }
}

function finishEdge(id: string, edge: Edge, { stale, old }: Age, windowMs: number): TopologyEdge {
  const signals = signalsOf(edge.sum)
  return {
    id,
    source: edge.source.id,
    target: edge.target.id,
    protocol: edge.protocol,
    requestsPerSecond: edge.sum.requestsPerSecond,
    errorRatio: signals.errorRatio,
    latencyMs: signals.latencyMs,
    bytesPerSecond: signals.bytesPerSecond,
    tcpOpenedPerSecond: signals.tcpOpenedPerSecond,
    mtlsRatio: signals.mtlsRatio,
    responses: responsesOf(edge.sum),
    health: healthOf({ signals, windowMs, pods: null, sends: false, stale, old, measurable: true }).state,
    reporter: edge.reporter,
    stale,
  }
}

const areAll = (clusters: ReadonlySet<string>, of: ReadonlySet<string>): boolean =>
  clusters.size > 0 && [...clusters].every((cluster) => of.has(cluster))

/** A node outside of every cluster is as old as all who speak of it. */
const isNodeIn = ({ identity, reportedBy }: Node, clusters: ReadonlySet<string>): boolean =>
  identity.cluster ? clusters.has(identity.cluster.cluster) : areAll(reportedBy, clusters)

/** Keeps an edge when one of its ends is in the namespaces, and the nodes that its edges need. */
function filterNamespaces(
  nodes: TopologyNode[],
  edges: TopologyEdge[],
  namespaces: readonly string[],
): { nodes: TopologyNode[]; edges: TopologyEdge[] } {
  if (namespaces.length === 0) return { nodes, edges }
  const inside = new Set(
    nodes
      .filter((node) => namespaces.includes(node.namespace) && node.kind !== "external")
      .map((node) => node.id),
  )
  const kept = edges.filter((edge) => inside.has(edge.source) || inside.has(edge.target))
  const wanted = new Set([...inside, ...kept.flatMap((edge) => [edge.source, edge.target])])
  return { nodes: nodes.filter((node) => wanted.has(node.id)), edges: kept }
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/**
 * The graph of these clusters now: inventory facts joined with each cluster's newest tick. Pure, and the same in the cloud, the CLI and
 * the browser. Nodes and edges are in order of id, so that the same input gives the same text.
 */
export function buildTopology(sources: TopologySources, options: TopologyOptions): TopologyDocument {
  const chosen = sources.clusters.filter(
    (source) => !options.clusters?.length || options.clusters.includes(source.cluster),
  )
  const indexed = chosen.map(indexedCluster)
  const graph = new Graph(createResolver(indexed, options.view))
  for (const { sample, reporter } of collectSamples(chosen, indexed)) graph.add(sample, reporter)
  if (options.idle)
    for (const cluster of indexed)
      for (const identity of idleIdentities(graph.resolver, cluster, options.view)) graph.node(identity)
  const newest = chosen.map((source) => source.ticks.at(-1)).filter((tick) => tick !== undefined)
  const windowMs = Math.max(0, ...newest.map((tick) => tick.windowMs))
  const idsOf = (some: readonly SourceCluster[]) => new Set(some.map(({ cluster }) => cluster))
  const stale = idsOf(chosen.filter(isStale))
  const old = idsOf(chosen.filter((source) => isOld(source, options.now)))
  const nodes = [...graph.nodes.values()].map((node) =>
    finishNode(node, { stale: isNodeIn(node, stale), old: isNodeIn(node, old) }, windowMs),
  )
  const edges = [...graph.edges].map(([id, edge]) =>
    finishEdge(
      id,
      edge,
      { stale: areAll(edge.reportedBy, stale), old: areAll(edge.reportedBy, old) },
      windowMs,
    ),
  )
  const shown = filterNamespaces(nodes, edges, options.namespaces ?? [])
  return {
    at: newest.length > 0 ? Math.max(...newest.map((tick) => tick.at)) : null,
    window: windowMs / 1000,
    view: options.view,
    nodes: shown.nodes.sort(byId),
    edges: shown.edges.sort(byId),
    notices: chosen.flatMap((source) => noticesOf(source, old.has(source.cluster))),
  }
}

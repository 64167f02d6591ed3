import type { TopologyDocument, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"

const health = (state: TopologyNode["health"]["state"], score: number | null): TopologyNode["health"] => ({
  state,
  score,
  lowConfidence: false,
  reasons: [],
})

/** A service of a made-up mesh; its id is `svc/c1/<namespace>/<name>`. */
export const service = (
  name: string,
  namespace = "shop",
  change: Partial<TopologyNode> = {},
): TopologyNode => ({
  id: `svc/c1/${namespace}/${name}`,
  kind: "service",
  cluster: "c1",
  clusterName: "prod",
  namespace,
  name,
  protocols: ["http"],
  signals: {
    requestsPerSecond: 10,
    errorRatio: 0,
    latencyMs: { p50: 1, p95: 2, p99: 3 },
    bytesPerSecond: { sent: 100, received: 100 },
    tcpOpenedPerSecond: null,
    mtlsRatio: 1,
  },
  health: health("ok", 100),
  versions: [],
  pods: { ready: 1, total: 1 },
  inMesh: true,
  badges: [],
  related: [],
  stale: false,
  ...change,
})

export const idle = { health: health("idle", null) }
export const failing = { health: health("failing", 20) }

export const call = (
  source: TopologyNode,
  target: TopologyNode,
  change: Partial<TopologyEdge> = {},
): TopologyEdge => ({
  id: `${source.id}>${target.id}>${change.protocol ?? "http"}`,
  source: source.id,
  target: target.id,
  protocol: "http",
  requestsPerSecond: 10,
  errorRatio: 0,
  latencyMs: { p50: 1, p95: 2, p99: 3 },
  bytesPerSecond: { sent: 100, received: 100 },
  tcpOpenedPerSecond: null,
  mtlsRatio: 1,
  responses: [{ code: "200", flags: "-", grpc: "", requestsPerSecond: 10 }],
  health: "ok",
  reporter: "both",
  stale: false,
  ...change,
})

export const meshOf = (nodes: TopologyNode[], edges: TopologyEdge[]): TopologyDocument => ({
  at: 1_000,
  window: 60,
  view: "service",
  nodes,
  edges,
  notices: [],
})

/** Namespaces in a row, each with a chain of services; each namespace's first calls the next one's first. */
export function largeMesh(namespaces: number, services: number): TopologyDocument {
  const nodes: TopologyNode[] = []
  const edges: TopologyEdge[] = []
  for (let n = 0; n < namespaces; n++) {
    const own = Array.from({ length: services }, (_, i) => service(`s${i}`, `team-${n}`))
    const [first] = own
    const before = nodes.find((node) => node.namespace === `team-${n - 1}`)
    if (first && before) edges.push(call(before, first))
    own.slice(1).forEach((node, i) => {
      const caller = own[Math.floor(i / 2)]
      if (caller) edges.push(call(caller, node))
    })
    nodes.push(...own)
  }
  return meshOf(nodes, edges)
}

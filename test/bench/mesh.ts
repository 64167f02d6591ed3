import type { TopologySources } from "#shared/api/mesh.ts"
import type { EdgeSample, Tick } from "#shared/telemetry/edge.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"

export type MeshSize = { services: number; edges: number; namespaces: number }

/** Numbers in 0..1, the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const nameOf = (i: number): string => `service-${String(i).padStart(4, "0")}`

/** Facts of a mesh of this size: namespaces, services, one Deployment each, a VirtualService and DestinationRule for one in ten. */
export function factsOf({ services, namespaces }: MeshSize): TopologyFact[] {
  const namespaceOf = (i: number): string => `team-${String(i % namespaces).padStart(2, "0")}`
  const facts: TopologyFact[] = Array.from({ length: namespaces }, (_, i) => ({
    type: "namespace",
    id: `Namespace//${namespaceOf(i)}`,
    name: namespaceOf(i),
    injection: "enabled",
  }))
  for (let i = 0; i < services; i++) {
    const namespace = namespaceOf(i)
    const name = nameOf(i)
    facts.push({
      type: "service",
      id: `Service/${namespace}/${name}`,
      namespace,
      name,
      selector: { app: name },
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      headless: false,
    })
    facts.push({
      type: "workload",
      id: `Deployment.apps/${namespace}/${name}-v1`,
      kind: "Deployment",
      namespace,
      name: `${name}-v1`,
      labels: { app: name, version: "v1" },
      pods: { ready: 2, total: 2 },
      sidecar: true,
      ambient: null,
      role: "app",
    })
    if (i % 10 === 0)
      facts.push({
        type: "config",
        id: `VirtualService.networking.istio.io/${namespace}/${name}`,
        namespace,
        name,
        hosts: [`${name}.${namespace}.svc.cluster.local`],
        selector: null,
        badges: ["route"],
      })
  }
  return facts
}

/** Calls between those services: a few are called by many, as in real meshes; every 50th edge fails in part, every 20th is TCP. */
export function edgesOf({ services, edges, namespaces }: MeshSize, seed: number): EdgeSample[] {
  const random = createRandom(seed)
  const end = (i: number) => ({
    cluster: "Kubernetes",
    namespace: `team-${String(i % namespaces).padStart(2, "0")}`,
    workload: `${nameOf(i)}-v1`,
    app: nameOf(i),
    version: "v1",
  })
  const made = new Map<string, EdgeSample>()
  for (let n = 0; made.size < edges; n++) {
    const from = Math.floor(random() * services)
    const to = Math.floor(random() ** 2 * services)
    const key = `${from}>${to}`
    if (made.has(key) || from === to) continue
    const rate = 0.5 + random() * 200
    const tcp = n % 20 === 19
    const failing = n % 50 === 49 ? rate * 0.04 : 0
    const p50 = 2 + random() * 40
    made.set(key, {
      source: end(from),
      destination: { ...end(to), service: nameOf(to), serviceNamespace: end(to).namespace },
      protocol: tcp ? "tcp" : n % 7 === 0 ? "grpc" : "http",
      reporter: "both",
      requestsPerSecond: tcp ? 0 : rate,
      responses: tcp
        ? []
        : [
            { code: "200", flags: "-", grpc: n % 7 === 0 ? "0" : "", requestsPerSecond: rate - failing },
            ...(failing > 0 ? [{ code: "503", flags: "UF", grpc: "", requestsPerSecond: failing }] : []),
          ],
      latencyMs: tcp ? null : { p50, p95: p50 * (2 + random()), p99: p50 * (4 + random() * 3) },
      bytesPerSecond: { sent: rate * (300 + random() * 200), received: rate * (1_000 + random() * 4_000) },
      tcp: tcp ? { openedPerSecond: random(), closedPerSecond: random() } : null,
      mtlsRatio: 1,
    })
  }
  return [...made.values()]
}

export const tickOf = (size: MeshSize, seed: number, at: number): Tick => ({
  at,
  windowMs: 60_000,
  source: "prometheus",
  edges: edgesOf(size, seed),
  gaps: [],
})

/** What the graph is made from, as the API answers it. */
export function sourcesOf(size: MeshSize, at: number): TopologySources {
  return {
    clusters: [
      {
        cluster: "cls_00000000000000000000000001",
        clusterName: "bench",
        link: "live",
        linkSince: at,
        istioClusterId: "Kubernetes",
        facts: factsOf(size),
        ticks: [packTick(tickOf(size, 1, at))],
        notices: [],
      },
    ],
  }
}

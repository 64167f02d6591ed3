import { kindKeyOf, type KubeObject } from "#shared/kube/object.ts"
import type { EdgeSample } from "#shared/telemetry/edge.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { watchedKinds } from "#shared/kube/kinds.ts"
import type { Cloud } from "#cloud/cloud.ts"
import { Clusters } from "#cloud/store/cluster.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { key } from "#cloud/store/key.ts"
import { Ticks } from "#cloud/store/tick.ts"

export const service = (name: string, namespace = "shop"): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels: { app: name, tier: name === "web" ? "front" : "back" } },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80 }] },
})
export const deployment = (name: string, namespace = "shop", version = "v1"): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: `${name}-${version}`, namespace, labels: { app: name } },
  spec: {
    replicas: 1,
    template: {
      metadata: { labels: { app: name, version } },
      spec: { containers: [{ name: "app" }, { name: "istio-proxy", image: "istio/proxyv2:1.27.1" }] },
    },
  },
  status: { readyReplicas: 1 },
})
export const pod = (name: string, namespace = "shop", version = "v1"): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `${name}-${version}-7c9f-x2k4p`,
    namespace,
    labels: { app: name, version },
    ownerReferences: [{ kind: "ReplicaSet", name: `${name}-${version}-7c9f`, controller: true }],
  },
  spec: { nodeName: "node-1", containers: [{ name: "istio-proxy", image: "istio/proxyv2:1.27.1" }] },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
})
const istiod: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "istiod", namespace: "istio-system", labels: { app: "istiod" } },
  spec: {
    replicas: 1,
    template: {
      metadata: { labels: { app: "istiod" } },
      spec: {
        containers: [
          {
            name: "discovery",
            image: "istio/pilot:1.27.1",
            env: [{ name: "CLUSTER_ID", value: "Kubernetes" }],
          },
        ],
      },
    },
  },
  status: { readyReplicas: 1 },
}
const route: KubeObject = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "cart", namespace: "shop" },
  spec: { hosts: ["cart"], http: [{ route: [{ destination: { host: "cart" } }] }] },
}
const gateways: KubeObject[] = ["networking.istio.io/v1", "gateway.networking.k8s.io/v1"].map(
  (apiVersion) => ({
    apiVersion,
    kind: "Gateway",
    metadata: { name: "edge", namespace: "shop" },
    spec: {},
  }),
)
const namespaces: KubeObject[] = ["shop", "istio-system"].map((name) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: { "istio-injection": "enabled" } },
}))

/** web -> cart -> db, on three services with a workload and a pod each. */
export const smallMesh: KubeObject[] = [
  ...namespaces,
  ...["web", "cart", "db"].flatMap((name) => [service(name), deployment(name), pod(name)]),
  istiod,
  route,
  ...gateways,
]

const end = (name: string) => ({
  cluster: "Kubernetes",
  namespace: "shop",
  workload: `${name}-v1`,
  app: name,
  version: "v1",
})

export const edge = (from: string, to: string, requestsPerSecond: number, errors = 0): EdgeSample => ({
  source: end(from),
  destination: { ...end(to), service: to, serviceNamespace: "shop" },
  protocol: "http",
  reporter: "both",
  requestsPerSecond,
  responses: [
    { code: "200", flags: "-", grpc: "", requestsPerSecond: requestsPerSecond * (1 - errors) },
    ...(errors > 0
      ? [{ code: "503", flags: "UF", grpc: "", requestsPerSecond: requestsPerSecond * errors }]
      : []),
  ],
  latencyMs: { p50: 5, p95: 20, p99: 50 },
  bytesPerSecond: { sent: 1000, received: 4000 },
  tcp: null,
  mtlsRatio: 1,
})

export async function putTick(cloud: Cloud, owner: Inventory.Owner, at: number, edges: EdgeSample[]) {
  const tick = packTick({ at, windowMs: 60_000, source: "prometheus", edges, gaps: [] })
  await Ticks.put(cloud, owner, { tick, late: false })
  return tick
}

/** Stores objects as a first meeting would. */
export async function putObjects(cloud: Cloud, owner: Inventory.Owner, objects: KubeObject[]): Promise<void> {
  const buckets = new Map<string, KubeObject[]>()
  for (const object of objects) {
    const at = `${kindKeyOf(object)}#${object.metadata.namespace ?? ""}`
    buckets.set(at, [...(buckets.get(at) ?? []), object])
  }
  for (const [at, list] of buckets) {
    const [kind = "", namespace = ""] = at.split("#")
    const sorted = list.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    await Inventory.applyBucket(cloud, owner, 1, { kind, namespace, after: "", upTo: null, objects: sorted })
  }
}

type KindStates = Clusters.StoredStatus["kinds"]

export async function putStatus(
  cloud: Cloud,
  owner: Inventory.Owner,
  objects: readonly KubeObject[],
  overrides: Partial<Record<string, Partial<KindStates[number]>>> = {},
): Promise<void> {
  const at = cloud.now()
  const kinds: KindStates = watchedKinds.map(({ key: kind }) => ({
    kind,
    state: "live",
    since: at,
    count: objects.filter((object) => kindKeyOf(object) === kind).length,
    reason: "",
    ...overrides[kind],
  }))
  await Clusters.writeStatus(cloud, owner.organizationId, owner.clusterId, {
    at,
    kinds,
    telemetry: {
      source: "prometheus",
      state: "live",
      target: "http://prometheus:9090",
      lastTickAt: at,
      reason: "",
      queryMs: 12,
    },
    act: {
      mode: "mapped",
      reason: "",
      problems: [],
      identityProvider: null,
      kinds: watchedKinds.filter(({ family }) => family !== "core").map(({ key: kind }) => kind),
      watching: 0,
    },
    progress: { objects: objects.length, expected: objects.length },
    process: { rssBytes: 80_000_000, cpuMillicores: 7 },
    root: { hash: 0, count: objects.length },
  })
}

/** A cluster that has joined, is connected, and has sent `objects` and a tick. */
export async function putCluster(
  cloud: Cloud,
  organizationId: string,
  name: string,
  objects: KubeObject[] = smallMesh,
): Promise<Inventory.Owner> {
  const at = cloud.now()
  const { clusterId } = await Clusters.create(cloud, organizationId, { name, write: [], createdBy: "ann" })
  const owner = { organizationId, clusterId }
  await Clusters.change(cloud, organizationId, clusterId, {
    clusterUid: "7a3c1a52-1111-4222-8333-444455556666",
    agentVersion: "0.1.0",
    kubernetesVersion: "v1.36.0",
    connectedAt: at,
    identifiedAt: at,
    inventoryDoneAt: at,
    firstMetricsAt: at,
  })
  await cloud.table.put({
    ...key.link(organizationId, clusterId),
    session: 1,
    epoch: 1,
    instance: "instance-1",
    connection: `agent-${clusterId}`,
    keyId: "key_1",
    connectedAt: at,
    disconnectedAt: null,
    lastSeenAt: at,
    lastTickAt: at,
    seq: 9,
    tickMs: 60_000,
  })
  await putObjects(cloud, owner, objects)
  await putStatus(cloud, owner, objects)
  await putTick(cloud, owner, at, [edge("web", "cart", 10), edge("cart", "db", 5, 0.2)])
  return owner
}

/** The agent was heard of now. */
export async function hear(cloud: Cloud, { organizationId, clusterId }: Inventory.Owner): Promise<void> {
  const at = cloud.now()
  await cloud.table.update(key.link(organizationId, clusterId), { lastSeenAt: at, lastTickAt: at })
}

import type { Destination, EdgeSample, Endpoint } from "../telemetry/edge.ts"
import type { NodeKind } from "./document.ts"
import { type MeshIndex, type WorkloadFact, at } from "./mesh-index.ts"

export type View = "service" | "workload"

/** A cluster as the graph sees it: its identity, its facts indexed. */
export type IndexedCluster = {
  cluster: string
  clusterName: string
  istioClusterId: string | null
  index: MeshIndex
}

/** Who a node is. `service` and `workload` are what it stands for, where known. */
export type NodeIdentity = {
  id: string
  kind: NodeKind
  cluster: IndexedCluster | null
  namespace: string
  name: string
  service: string | null
  workload: WorkloadFact | null
}

/** Turns the labels of an edge into nodes. Deterministic: the same ends give the same ids in every document. */
export type Resolver = {
  source(endpoint: Endpoint, reporter: IndexedCluster): NodeIdentity
  target(destination: Destination, reporter: IndexedCluster): NodeIdentity
  service(cluster: IndexedCluster, namespace: string, name: string): NodeIdentity
  workload(cluster: IndexedCluster, namespace: string, name: string): NodeIdentity
}

/** Services that Envoy invents for traffic that matched nothing. Source: istio.io, "Monitoring blocked and passthrough external service traffic". */
const catchAll = new Set([
  "PassthroughCluster",
  "BlackHoleCluster",
  "InboundPassthroughCluster",
  "InboundPassthroughClusterIpv4",
])

/** A host that nobody answered for is as the caller wrote it: `cart.shop` is a service if there is one, else a name of the internet. */
function asWritten(
  { service, serviceNamespace, namespace }: Destination,
  { index }: IndexedCluster,
): { service: string; namespace: string } {
  const [name = "", rest = "", ...more] = service.split(".")
  return serviceNamespace === "" && more.length === 0 && index.services.has(at(rest, name))
    ? { service: name, namespace: rest }
    : { service, namespace: serviceNamespace || namespace }
}

const kindOfRole = (workload: WorkloadFact | null, otherwise: NodeKind): NodeKind =>
  workload?.role === "gateway" ||
  workload?.role === "waypoint" ||
  (workload?.role === "vm" && otherwise === "workload")
    ? workload.role
    : otherwise

export function createResolver(clusters: readonly IndexedCluster[], view: View): Resolver {
  const known = new Map<string, NodeIdentity>()
  const remember = (id: string, make: () => NodeIdentity): NodeIdentity => {
    const node = known.get(id) ?? make()
    known.set(id, node)
    return node
  }

  /** Several clusters may carry the default name `Kubernetes`: the reporter's own wins. */
  const clusterOf = (name: string, reporter: IndexedCluster): IndexedCluster =>
    name === "" || name === reporter.istioClusterId
      ? reporter
      : (clusters.find((cluster) => cluster.istioClusterId === name) ?? reporter)

  const service = (cluster: IndexedCluster, namespace: string, name: string): NodeIdentity =>
    remember(`svc/${cluster.cluster}/${namespace}/${name}`, () => {
      const workload = cluster.index.behind.get(at(namespace, name))?.[0] ?? null
      const id = `svc/${cluster.cluster}/${namespace}/${name}`
      return { id, kind: kindOfRole(workload, "service"), cluster, namespace, name, service: name, workload }
    })

  const workload = (cluster: IndexedCluster, namespace: string, name: string): NodeIdentity =>
    remember(`wl/${cluster.cluster}/${namespace}/${name}`, () => {
      const fact = cluster.index.workloads.get(at(namespace, name)) ?? null
      const id = `wl/${cluster.cluster}/${namespace}/${name}`
      return {
        id,
        kind: kindOfRole(fact, "workload"),
        cluster,
        namespace,
        name,
        service: null,
        workload: fact,
      }
    })

  const external = (host: string, reporter: IndexedCluster): NodeIdentity =>
    remember(`ext/${host}`, () => {
      const entry = reporter.index.external(host)
      return {
        id: `ext/${host}`,
        kind: "external",
        cluster: null,
        namespace: entry?.namespace ?? "",
        name: host,
        service: host,
        workload: null,
      }
    })

  const unknown = (cluster: IndexedCluster): NodeIdentity =>
    remember(`unknown/${cluster.cluster}`, () => ({
      id: `unknown/${cluster.cluster}`,
      kind: "unknown",
      cluster,
      namespace: "",
      name: "unknown",
      service: null,
      workload: null,
    }))

  /** A caller stands for the service in front of it; without its object, its app names the service if there is one. */
  const callerService = (cluster: IndexedCluster, endpoint: Endpoint): NodeIdentity => {
    const front = cluster.index.front.get(at(endpoint.namespace, endpoint.workload))?.[0]
    if (front) return service(cluster, front.namespace, front.name)
    if (
      !cluster.index.workloads.has(at(endpoint.namespace, endpoint.workload)) &&
      cluster.index.services.has(at(endpoint.namespace, endpoint.app))
    )
      return service(cluster, endpoint.namespace, endpoint.app)
    return workload(cluster, endpoint.namespace, endpoint.workload)
  }

  const calledService = (
    destination: Destination,
    cluster: IndexedCluster,
    reporter: IndexedCluster,
  ): NodeIdentity => {
    const { service: name, namespace } = asWritten(destination, cluster)
    if (name === "")
      return destination.workload === "" ? unknown(cluster) : callerService(cluster, destination)
    if (cluster.index.services.has(at(namespace, name))) return service(cluster, namespace, name)
    if (catchAll.has(name) && destination.workload !== "") return callerService(cluster, destination)
    return catchAll.has(name) || name.includes(".") || reporter.index.external(name)
      ? external(name, reporter)
      : service(cluster, namespace, name)
  }

  return {
    service,
    workload,
    source: (endpoint, reporter) => {
      const cluster = clusterOf(endpoint.cluster, reporter)
      if (endpoint.workload === "") return unknown(cluster)
      return view === "service"
        ? callerService(cluster, endpoint)
        : workload(cluster, endpoint.namespace, endpoint.workload)
    },
    target: (destination, reporter) => {
      const cluster = clusterOf(destination.cluster, reporter)
      if (view === "workload" && destination.workload !== "")
        return workload(cluster, destination.namespace, destination.workload)
      return calledService(destination, cluster, reporter)
    },
  }
}

/** Samples that both ends of a cross-cluster call reported (each in its own cluster's tick) count once: the one that saw more. */
export function withoutEchoes(
  samples: readonly { sample: EdgeSample; key: string; reporter: string }[],
): EdgeSample[] {
  const best = new Map<string, { sample: EdgeSample; reporter: string }>()
  const rest: EdgeSample[] = []
  for (const { sample, key, reporter } of samples) {
    const other = best.get(key)
    if (!other) best.set(key, { sample, reporter })
    else if (other.reporter === reporter) rest.push(sample)
    else best.set(key, { sample: { ...larger(other.sample, sample), reporter: "both" }, reporter })
  }
  return [...[...best.values()].map(({ sample }) => sample), ...rest]
}

const volume = (sample: EdgeSample): number =>
  sample.requestsPerSecond + sample.bytesPerSecond.sent + sample.bytesPerSecond.received

const larger = (a: EdgeSample, b: EdgeSample): EdgeSample => (volume(b) > volume(a) ? b : a)

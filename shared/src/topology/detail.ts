import type { MeshDetail, TopologySources } from "../api/mesh.ts"
import type { KubeObject } from "../kube/object.ts"
import { matchesLabels } from "../kube/selector.ts"
import { appliedTo } from "./badges.ts"
import { buildTopology, indexedCluster } from "./build.ts"
import { at, type WorkloadFact } from "./mesh-index.ts"
import { createResolver } from "./resolve.ts"
import { neighboursOf, podRow, rowOf } from "./rows.ts"

export type DetailTarget = {
  view: "service" | "workload"
  cluster: string
  namespace: string
  name: string
  now: number
}

/** In which order Istio considers the kinds: routing before destination, authentication before authorization. */
const kindOrder = [
  "VirtualService",
  "HTTPRoute",
  "GRPCRoute",
  "DestinationRule",
  "PeerAuthentication",
  "RequestAuthentication",
  "AuthorizationPolicy",
]
const orderOf = (id: string): number => kindOrder.findIndex((kind) => id.startsWith(`${kind}.`))

/** Pods behind these workloads: by owner (a Deployment owns through a ReplicaSet named after it) or by name for a bare pod. */
export const podsOfWorkload = (workload: WorkloadFact, pods: readonly KubeObject[]): KubeObject[] =>
  pods.filter(
    (pod) =>
      pod.metadata.namespace === workload.namespace &&
      (pod.metadata.name === workload.name || pod.metadata.name.startsWith(`${workload.name}-`)) &&
      matchesLabels(workload.labels, pod.metadata.labels),
  )

/** Everything a detail page shows; undefined when no such service or workload is known or seen in traffic. */
export function detailOf(
  sources: TopologySources,
  target: DetailTarget,
  pods: readonly KubeObject[],
): MeshDetail | undefined {
  const { view, cluster, namespace, name, now } = target
  const id = `${view === "service" ? "svc" : "wl"}/${cluster}/${namespace}/${name}`
  const document = buildTopology(sources, { view, idle: true, now })
  const node = document.nodes.find((candidate) => candidate.id === id)
  const source = sources.clusters.find((candidate) => candidate.cluster === cluster)
  if (!node || !source) return undefined
  const indexed = indexedCluster(source)
  const resolver = createResolver([indexed], view)
  const identity =
    view === "service"
      ? resolver.service(indexed, namespace, name)
      : resolver.workload(indexed, namespace, name)
  const workloads =
    view === "service"
      ? (indexed.index.behind.get(at(namespace, name)) ?? [])
      : identity.workload
        ? [identity.workload]
        : []
  const other = buildTopology(sources, {
    view: view === "service" ? "workload" : "service",
    clusters: [cluster],
    idle: true,
    now,
  })
  return {
    row: rowOf(node),
    ...neighboursOf(document, id),
    related: other.nodes.filter((candidate) => node.related.includes(candidate.id)).map(rowOf),
    pods: workloads.flatMap((workload) => podsOfWorkload(workload, pods)).map(podRow),
    appliesHere: appliedTo(identity)
      .sort((a, b) => orderOf(a.config.id) - orderOf(b.config.id) || (a.config.id < b.config.id ? -1 : 1))
      .map(({ config, why }) => ({
        kind: config.id.slice(0, config.id.indexOf("/")),
        namespace: config.namespace,
        name: config.name,
        why,
      })),
    notices: document.notices.filter((notice) => notice.cluster === cluster),
  }
}

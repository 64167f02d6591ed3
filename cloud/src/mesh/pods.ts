import type { TopologySources } from "#shared/api/mesh.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { indexedCluster } from "#shared/topology/build.ts"
import type { DetailTarget } from "#shared/topology/detail.ts"
import { at } from "#shared/topology/mesh-index.ts"
import type { Cloud } from "../cloud.ts"
import { Inventory } from "../store/inventory.ts"

/** The pods that may be behind a service or workload: those whose names begin as its workloads do, not all of a namespace. */
export async function podsFor(
  cloud: Cloud,
  owner: Inventory.Owner,
  sources: TopologySources,
  { view, namespace, name }: DetailTarget,
): Promise<KubeObject[]> {
  const source = sources.clusters.find(({ cluster }) => cluster === owner.clusterId)
  if (!source) return []
  const { behind } = indexedCluster(source).index
  const names =
    view === "workload" ? [name] : (behind.get(at(namespace, name)) ?? []).map((workload) => workload.name)
  const found = await Promise.all(
    [...new Set(names)].map((prefix) =>
      Inventory.beginning(cloud, owner, { kind: "Pod", namespace, name: prefix }),
    ),
  )
  const byName = new Map(found.flat().map((pod) => [pod.metadata.name, pod]))
  return [...byName.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

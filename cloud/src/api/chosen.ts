import { type Actor, clusterFor, clustersFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import type { Clusters } from "../store/cluster.ts"

/** The clusters that a query names, or all that the actor may see. One that is not there for the actor is an error, never left out. */
export async function chosenClusters(
  cloud: Cloud,
  actor: Actor,
  ids: readonly string[] | undefined,
): Promise<Clusters.Cluster[]> {
  if (ids === undefined || ids.length === 0) return clustersFor(cloud, actor)
  const wanted = [...new Set(ids)].sort()
  return Promise.all(wanted.map((id) => clusterFor(cloud, actor, id)))
}

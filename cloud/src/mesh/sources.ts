import type { TopologySources } from "#shared/api/mesh.ts"
import type { Actor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Links } from "../store/link.ts"
import { linkOf, readingNotices } from "./cluster-info.ts"
import { factsOfCluster, newestTick } from "./memory.ts"
import { restricted } from "./restricted.ts"

export type SourceCluster = TopologySources["clusters"][number]

async function sourceOf(
  cloud: Cloud,
  organizationId: string,
  cluster: Clusters.Cluster,
): Promise<SourceCluster> {
  const owner = { organizationId, clusterId: cluster.clusterId }
  const [link, status, { facts, istiods }, tick] = await Promise.all([
    Links.read(cloud, owner),
    Clusters.readStatus(cloud, organizationId, cluster.clusterId),
    factsOfCluster(cloud, owner),
    newestTick(cloud, owner),
  ])
  return {
    cluster: cluster.clusterId,
    clusterName: cluster.name,
    ...linkOf(cluster, link, cloud.now()),
    istioClusterId: istiods.find(({ clusterId }) => clusterId !== null)?.clusterId ?? null,
    facts,
    ticks: tick ? [tick] : [],
    notices: readingNotices(cluster, status),
  }
}

/** What the graph of these clusters is made from now, as far as the caller sees it: facts of the inventory, and each one's newest tick. */
export const sourcesOf = async (
  cloud: Cloud,
  { organizationId, sight }: Pick<Actor, "organizationId" | "sight">,
  clusters: readonly Clusters.Cluster[],
): Promise<TopologySources> =>
  restricted(sight, {
    clusters: await Promise.all(clusters.map((cluster) => sourceOf(cloud, organizationId, cluster))),
  })

import type { Cloud } from "../cloud.ts"
import type { Cluster } from "./cluster.ts"
import { freeName } from "./cluster-name.ts"
import { key, partition } from "./key.ts"
import type { Owner } from "./owner.ts"
import type { Item } from "./table.ts"

/** A removal that has not ended by then is taken up by somebody else. */
const abandonedAfterMs = 60_000

export const isRemoved = (item: Item): boolean => item["removedAt"] !== undefined

export async function removeKeys(cloud: Cloud, organizationId: string, clusterId: string): Promise<void> {
  const keys = await cloud.table.all(partition.cluster(organizationId, clusterId), { prefix: "key#" })
  await cloud.table.batch(
    [],
    keys.map(({ pk, sk }) => ({ pk, sk })),
  )
}

async function wipe(cloud: Cloud, { organizationId, clusterId }: Owner): Promise<void> {
  let after: string | undefined
  do {
    const page = await cloud.table.page(partition.cluster(organizationId, clusterId), {
      limit: 500,
      ...(after === undefined ? {} : { after }),
    })
    await cloud.table.batch(
      [],
      page.items.map(({ pk, sk }) => ({ pk, sk })),
    )
    after = page.last
  } while (after !== undefined)
}

type Leaving = Pick<Cluster, "clusterId" | "name" | "clusterUid">

async function finish(cloud: Cloud, organizationId: string, cluster: Leaving): Promise<void> {
  const owner = { organizationId, clusterId: cluster.clusterId }
  const index = key.clusterOwner(cluster.clusterId)
  await cloud.table.remove(index.pk, index.sk)
  await freeName(cloud, owner, cluster.name)
  if (cluster.clusterUid !== null) {
    const uid = key.clusterUid(organizationId, cluster.clusterUid)
    const own = { expression: "clusterId = :clusterId", values: { clusterId: cluster.clusterId } }
    await cloud.table.remove(uid.pk, uid.sk, own)
  }
  await wipe(cloud, owner)
  const at = key.cluster(organizationId, cluster.clusterId)
  await cloud.table.remove(at.pk, at.sk)
}

/**
 * Removes the cluster and everything known of it. It is gone for everybody with the first write, and its keys with the second: from then
 * on no agent can speak for it. The mark itself goes last, so that a removal that was cut short is found and ended.
 */
export async function remove(cloud: Cloud, organizationId: string, cluster: Leaving): Promise<void> {
  const { clusterId } = cluster
  const there = { condition: { expression: "attribute_exists(pk)" } }
  await cloud.table.update(key.cluster(organizationId, clusterId), { removedAt: cloud.now() }, there)
  await removeKeys(cloud, organizationId, clusterId)
  await finish(cloud, organizationId, cluster)
}

/** Ends the removals that somebody began and did not end. */
export async function finishRemovals(cloud: Cloud, organizationId: string): Promise<void> {
  const items = await cloud.table.all(partition.organization(organizationId), { prefix: "cluster#" })
  for (const item of items)
    if (isRemoved(item) && cloud.now() - Number(item["removedAt"]) > abandonedAfterMs)
      await finish(cloud, organizationId, {
        clusterId: String(item["clusterId"]),
        name: String(item["name"]),
        clusterUid: (item["clusterUid"] as string | null | undefined) ?? null,
      })
}

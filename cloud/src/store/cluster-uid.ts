import { AppError } from "#shared/error.ts"
import type { Cloud } from "../cloud.ts"
import { Clusters } from "./cluster.ts"
import { key } from "./key.ts"
import type { Owner } from "./owner.ts"

export * as ClusterUids from "./cluster-uid.ts"

/**
 * Binds a Kubernetes cluster (the UID of its kube-system) to one cluster of the organization, both ways: no cluster is joined twice,
 * and a token made for one is not spent by another. @throws AppError join.wrong_cluster
 */
export async function claim(cloud: Cloud, { organizationId, clusterId }: Owner, uid: string): Promise<void> {
  const own = await Clusters.read(cloud, organizationId, clusterId)
  if (own.clusterUid !== null && own.clusterUid !== uid)
    throw new AppError(
      "join.wrong_cluster",
      `"${own.name}" is the cluster with UID ${own.clusterUid}, the agent runs in ${uid}; add this one under a name of its own`,
    )
  const at = key.clusterUid(organizationId, uid)
  const isNew = { expression: "attribute_not_exists(pk)" }
  if (await cloud.table.put({ ...at, clusterId }, isNew)) return
  const item = await cloud.table.get(at.pk, at.sk)
  const holder = String(item?.["clusterId"])
  if (holder === clusterId) return
  const other = await Clusters.find(cloud, organizationId, holder)
  // One that was bound to another UID since lost a race for it: its claim on this one is void.
  if (other && (other.clusterUid === null || other.clusterUid === uid))
    throw new AppError(
      "join.wrong_cluster",
      `this Kubernetes cluster joined as "${other.name}" already; remove "${other.name}" first, or revoke it and make a new join token for it`,
    )
  const stillHis = { expression: "attribute_not_exists(pk) OR clusterId = :holder", values: { holder } }
  if (!(await cloud.table.put({ ...at, clusterId }, stillHis)))
    throw new AppError(
      "join.wrong_cluster",
      "this Kubernetes cluster is joining as another one just now; try again",
    )
}

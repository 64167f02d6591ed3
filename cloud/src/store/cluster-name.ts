import { AppError } from "#shared/error.ts"
import type { Cloud } from "../cloud.ts"
import { key } from "./key.ts"
import type { Owner } from "./owner.ts"

/** Whether this cluster is there and has this name. */
export type IsNamed = (cloud: Cloud, owner: Owner, name: string) => Promise<boolean>

/** A claim whose cluster has not come by then was made by somebody who died, or lost a race. */
const abandonedAfterMs = 60_000

/** Makes the name the cluster's own; of two that come together one gets it. @throws AppError cluster.name_taken */
export async function claimName(
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  name: string,
  isNamed: IsNamed,
): Promise<void> {
  const at = key.clusterName(organizationId, name)
  const claim = { ...at, clusterId, claimedAt: cloud.now() }
  if (await cloud.table.put(claim, { expression: "attribute_not_exists(pk)" })) return
  const held = await cloud.table.get(at.pk, at.sk)
  const holder = String(held?.["clusterId"])
  if (holder === clusterId) return
  const young = cloud.now() - Number(held?.["claimedAt"] ?? 0) < abandonedAfterMs
  const taken = young || (await isNamed(cloud, { organizationId, clusterId: holder }, name))
  const same = { expression: "clusterId = :holder", values: { holder } }
  if (taken || !(await cloud.table.put(claim, same)))
    throw new AppError("cluster.name_taken", `there is a cluster "${name}" already; choose another name`)
}

/** Gives the name back, if it is this cluster's. */
export async function freeName(
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  name: string,
): Promise<void> {
  const { pk, sk } = key.clusterName(organizationId, name)
  await cloud.table.remove(pk, sk, { expression: "clusterId = :clusterId", values: { clusterId } })
}

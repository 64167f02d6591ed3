import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import type { Connections } from "../store/connection.ts"
import type { Owner } from "../store/inventory.ts"
import type { Links } from "../store/link.ts"

/** What a handler of a message knows: whose connection it is, and where its link stands. */
export type Session = {
  owner: Owner
  connection: string
  number: number
  link: Links.Link
}

/**
 * The order among writers: a later session is above every earlier one, and within a session messages count up. A connection lives two
 * hours at most, so that its messages stay far below 2^32.
 */
export const versionOf = (session: number, seq: number): number => session * 2 ** 32 + seq

export const ownerOf = ({ organizationId, clusterId }: Connections.AgentConnection): Owner => ({
  organizationId,
  clusterId,
})

/** Notes a moment of the join, the first time. */
export async function reach(
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  moment: "inventoryDoneAt" | "firstMetricsAt",
): Promise<void> {
  const cluster = await Clusters.find(cloud, organizationId, clusterId)
  if (cluster) await Clusters.reached(cloud, organizationId, cluster, moment)
}

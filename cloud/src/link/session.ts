import type { Connections } from "../store/connection.ts"
import type { Clusters } from "../store/cluster.ts"
import type { Owner } from "../store/inventory.ts"
import type { Links } from "../store/link.ts"

/** What a handler of a message knows: whose connection it is, and where its link stands. */
export type Session = {
  owner: Owner
  connection: string
  number: number
  cluster: Clusters.Cluster
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

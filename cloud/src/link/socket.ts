import { AppError } from "#shared/error.ts"
import { type Cloud, hashOf } from "../cloud.ts"
import { publishCluster } from "../console/publish.ts"
import { AgentKeys } from "../store/agent-key.ts"
import { Clusters } from "../store/cluster.ts"
import { Connections } from "../store/connection.ts"
import { Links } from "../store/link.ts"
import { Secret } from "../store/secret.ts"
import { noteSeldom } from "./note.ts"
import { receive } from "./receive.ts"
import { sayBye } from "./send.ts"
import { ownerOf } from "./session.ts"
import { type Patience, take } from "./take.ts"

/** Lets an agent in by its ticket, which is spent. @throws AppError link.denied, link.revoked: the handshake is refused */
export async function onConnect(
  cloud: Cloud,
  { connection, ticket }: { connection: string; ticket: string },
): Promise<void> {
  const hash = hashOf(ticket)
  const grant = await Secret.live(cloud, hash, ["link"])
  if (!grant || !(await Secret.spend(cloud, hash, connection)))
    throw new AppError(
      "link.denied",
      "this ticket is not known, was used, or is older than 60 s; ask for another",
    )
  const { type: _type, ...rest } = grant
  const owner = { organizationId: grant.organizationId, clusterId: grant.clusterId }
  const cluster = await Clusters.find(cloud, owner.organizationId, owner.clusterId)
  if (!cluster || cluster.revokedAt !== null || !(await AgentKeys.read(cloud, owner, grant.keyId)))
    throw new AppError(
      "link.revoked",
      "the cluster was removed or its keys were revoked since this ticket was made",
    )
  await Connections.create(cloud, { type: "agent", connection, ...rest, session: null })
  await Clusters.reached(cloud, owner.organizationId, cluster, "connectedAt")
  await publishCluster(cloud, owner)
}

/**
 * Takes one text frame of an agent. Messages of one connection come one after the other where the caller can see to it; where it cannot,
 * `patience` (a sleep) lets a message wait for the one before it.
 */
export async function onMessage(
  cloud: Cloud,
  connection: string,
  text: string,
  patience?: Patience,
): Promise<void> {
  const own = await Connections.read(cloud, connection)
  if (own?.type !== "agent") return cloud.sockets.close(connection, 1008, "link.denied")
  try {
    const message = await receive(cloud, connection, text)
    if (message) await take(cloud, own, message, patience)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await refuse(cloud, own, error)
  }
}

async function refuse(cloud: Cloud, own: Connections.AgentConnection, error: AppError): Promise<void> {
  cloud.log.warn({ clusterId: own.clusterId, code: error.code }, "an agent's connection was ended")
  if (error.code !== "link.revoked") await noteSeldom(cloud, ownerOf(own), "refused", error.message)
  await sayBye(cloud, own.connection, error)
}

/** Forgets the connection; the link is down if it was the one that held it. */
export async function onDisconnect(cloud: Cloud, connection: string): Promise<void> {
  const own = await Connections.read(cloud, connection)
  await Connections.remove(cloud, connection)
  if (own?.type !== "agent") return
  const owner = ownerOf(own)
  if (!(await Links.end(cloud, owner, connection, cloud.now()))) return
  await Clusters.note(cloud, owner.organizationId, owner.clusterId, {
    kind: "disconnected",
    message: "The agent's connection ended",
  })
  await publishCluster(cloud, owner)
}

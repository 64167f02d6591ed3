import { AppError } from "#shared/error.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Hello } from "#shared/protocol/up.ts"
import { oldestProtocolVersion, protocolVersion } from "#shared/protocol/version.ts"
import type { Cloud } from "../cloud.ts"
import { redeliver } from "../change/deliver.ts"
import { publishCluster } from "../console/publish.ts"
import { AgentKeys } from "../store/agent-key.ts"
import { Clusters } from "../store/cluster.ts"
import { Connections } from "../store/connection.ts"
import { Links } from "../store/link.ts"
import { endLink } from "./end.ts"
import { wantedTickMs } from "./pace.ts"
import { sayBye, sendDown } from "./send.ts"
import { ownerOf } from "./session.ts"

function check(own: Connections.AgentConnection, cluster: Clusters.Cluster, hello: Hello): void {
  if (hello.protocol < oldestProtocolVersion || hello.protocol > protocolVersion)
    throw new AppError(
      "link.protocol",
      `agent ${hello.agent} speaks version ${hello.protocol} of the link, this server ${oldestProtocolVersion} to ${protocolVersion}: install the agent again`,
    )
  if (hello.instance !== own.instance || hello.epoch !== own.epoch)
    throw new AppError("link.denied", "instance and epoch of the hello are not those of the ticket")
  if (hello.clusterUid !== cluster.clusterUid)
    throw new AppError(
      "link.denied",
      `"${cluster.name}" is the cluster with UID ${cluster.clusterUid ?? "none"}, the agent runs in ${hello.clusterUid}: make a join token for this one`,
    )
}

/** Who held the link before learns that it no longer does. A planned rotation closes its old connection itself. */
async function dismiss(cloud: Cloud, before: Links.Link | undefined, now: Links.Link): Promise<void> {
  if (!before?.connection || before.connection === now.connection || before.instance === now.instance) return
  await sayBye(
    cloud,
    before.connection,
    now.epoch > before.epoch
      ? {
          code: "link.fenced",
          message: `the agent with lease epoch ${now.epoch} speaks for this cluster now`,
        }
      : {
          code: "link.duplicate",
          message: `another agent (instance ${now.instance}) connected with the same identity; run one, or let them share a Lease`,
        },
  )
}

async function noteHello(
  cloud: Cloud,
  own: Connections.AgentConnection,
  before: Links.Link | undefined,
  hello: Hello,
): Promise<void> {
  const note = (kind: "connected" | "rotated" | "refused", message: string) =>
    Clusters.note(cloud, own.organizationId, own.clusterId, { kind, message })
  const rotation = before?.connection != null && before.instance === hello.instance
  if (rotation) await note("rotated", "The agent took up a new connection before the old one ends")
  else await note("connected", `Agent ${hello.agent} connected`)
  if (before?.connection != null && !rotation && before.epoch === hello.epoch)
    await note(
      "refused",
      `Two agents have this cluster's identity; instance ${before.instance} was sent away`,
    )
  if ((await AgentKeys.retireOlder(cloud, ownerOf(own), own.keyId)) > 0)
    await note("rotated", "The agent uses a new key; the old one is dead")
}

/** Begins the session of a connection. @throws AppError link.protocol, link.denied, link.fenced */
export async function onHello(
  cloud: Cloud,
  own: Connections.AgentConnection,
  cluster: Clusters.Cluster,
  hello: Hello,
): Promise<void> {
  check(own, cluster, hello)
  const owner = ownerOf(own)
  const before = await Links.read(cloud, owner)
  const tickMs = await wantedTickMs(cloud, owner)
  const { connection, instance, epoch, keyId } = own
  const link = await Links.begin(cloud, owner, { connection, instance, epoch, keyId, tickMs })
  if (!link)
    throw new AppError(
      "link.fenced",
      `an agent with lease epoch ${before?.epoch ?? 0} speaks for this cluster, this one has ${epoch}`,
    )
  await Connections.change(cloud, connection, { session: link.session })
  const now = await Clusters.change(cloud, owner.organizationId, owner.clusterId, {
    agentVersion: hello.agent,
    kubernetesVersion: hello.kubernetes,
    ...(cluster.identifiedAt === null ? { identifiedAt: cloud.now() } : {}),
  })
  // Revoked while we were at it: the session that was just begun is not one.
  if (now.revokedAt !== null) return endLink(cloud, owner, `the keys of "${cluster.name}" were revoked`)
  await sendDown(cloud, connection, {
    type: "welcome",
    session: link.session,
    serverAt: cloud.now(),
    tickMs,
    maxUnacked: limits.maxUnacked,
    commandKeys: [...cloud.signer.certificates],
  })
  await sendDown(cloud, connection, { type: "ack", seq: 1 })
  await redeliver(cloud, owner, "always")
  await dismiss(cloud, before, link)
  await noteHello(cloud, own, before, hello)
  await publishCluster(cloud, owner)
}

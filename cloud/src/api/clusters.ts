import type { Who } from "#shared/act/policy.ts"
import type { Answer } from "#shared/api/client.ts"
import type { ClusterInfo, ClusterInstall, WriteFamily } from "#shared/api/cluster.ts"
import { AppError } from "#shared/error.ts"
import { limits } from "#shared/protocol/limits.ts"
import { type Actor, clusterFor, clustersFor, demandAllClusters } from "../auth/actor.ts"
import { type Cloud, newSecret } from "../cloud.ts"
import { publishCluster } from "../console/publish.ts"
import { endLink } from "../link/end.ts"
import { clusterInfo } from "../mesh/cluster-info.ts"
import { Clusters } from "../store/cluster.ts"
import { Secret } from "../store/secret.ts"
import type { Call } from "./call.ts"
import { cursorInvalid, fromCursor, toCursor } from "./cursor.ts"

export const listClusters = async (cloud: Cloud, actor: Actor): Promise<{ items: ClusterInfo[] }> => ({
  items: await Promise.all(
    (await clustersFor(cloud, actor)).map((cluster) => clusterInfo(cloud, actor.organizationId, cluster)),
  ),
})

export const getCluster = async (
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"getCluster">,
): Promise<ClusterInfo> =>
  clusterInfo(cloud, actor.organizationId, await clusterFor(cloud, actor, params.cluster))

/** A new one-time token for the cluster. The one before stops working. */
async function install(cloud: Cloud, actor: Actor, cluster: Clusters.Cluster): Promise<ClusterInstall> {
  const { organizationId } = actor
  const { clusterId } = cluster
  const token = newSecret("smj_")
  const expiresAt = cloud.now() + limits.joinTokenMs
  if (cluster.tokenHash !== null) await Secret.remove(cloud, cluster.tokenHash)
  const tokenHash = await Secret.create(cloud, token, { type: "join", organizationId, clusterId }, expiresAt)
  const changed = await Clusters.change(cloud, organizationId, clusterId, {
    tokenHash,
    tokenExpiresAt: expiresAt,
    manifestFetchedAt: null,
    write: cluster.write,
    act: cluster.act,
    addedBy: cluster.addedBy,
    carriesPolicy: cluster.carriesPolicy,
  })
  await Clusters.note(cloud, organizationId, clusterId, {
    kind: "token",
    message: `${actor.name} made a join token`,
  })
  await publishCluster(cloud, { organizationId, clusterId })
  const query = cluster.write.length === 0 ? "" : `?write=${cluster.write.join(",")}`
  const manifestUrl = `${cloud.publicUrl}/install${query}`
  const quoted = query === "" ? manifestUrl : `"${manifestUrl}"`
  return {
    cluster: await clusterInfo(cloud, organizationId, changed),
    token,
    expiresAt,
    command: `curl -fsSL -H "Authorization: Bearer ${token}" ${quoted} | kubectl apply -f -`,
    manifestUrl,
  }
}

/** A token's owner is mapped beside it: one person, at the console and at a shell. */
const whoOf = ({ user, token }: Actor): Who[] => [
  ...(token === null ? [] : [{ token: token.name }]),
  ...[user?.email ?? token?.createdBy ?? ""]
    .filter((name) => name.includes("@"))
    .map((member) => ({ member })),
]

/** Each family once, in one order. */
const familiesOf = (write: readonly WriteFamily[]): WriteFamily[] => [...new Set(write)].sort().reverse()

export async function createCluster(
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"createCluster">,
): Promise<ClusterInstall> {
  demandAllClusters(actor)
  const { organizationId, name: createdBy } = actor
  const input = {
    name: body.name,
    write: familiesOf(body.write),
    act: body.act,
    addedBy: whoOf(actor),
    createdBy,
  }
  const cluster = await Clusters.create(cloud, organizationId, input)
  await Clusters.note(cloud, organizationId, cluster.clusterId, {
    kind: "created",
    message: `${createdBy} added ${body.name}`,
  })
  return install(cloud, actor, cluster)
}

export async function createJoinToken(
  cloud: Cloud,
  actor: Actor,
  { params, body }: Call<"createJoinToken">,
): Promise<ClusterInstall> {
  const cluster = await clusterFor(cloud, actor, params.cluster)
  if (cluster.clusterUid !== null && cluster.revokedAt === null)
    throw new AppError(
      "cluster.already_joined",
      `"${cluster.name}" has joined; revoke it first to join it again`,
    )
  const write = familiesOf(body.write ?? cluster.write)
  if (body.act !== undefined && body.act.mode !== "off" && write.length === 0)
    throw new AppError("input.invalid", "nothing may be written: choose traffic, security or both", {
      issues: [{ path: "write", message: "wants traffic, security or both" }],
    })
  const act = body.act === undefined ? {} : { act: body.act, addedBy: whoOf(actor), carriesPolicy: true }
  // One that joined once has a policy of its own by now, perhaps changed by its owner.
  const kept = { carriesPolicy: cluster.carriesPolicy && cluster.clusterUid === null }
  return install(cloud, actor, { ...cluster, ...kept, ...act, write })
}

export async function updateCluster(
  cloud: Cloud,
  actor: Actor,
  { params, body }: Call<"updateCluster">,
): Promise<ClusterInfo> {
  await clusterFor(cloud, actor, params.cluster)
  const cluster = await Clusters.rename(cloud, actor.organizationId, params.cluster, body.name)
  await publishCluster(cloud, { organizationId: actor.organizationId, clusterId: cluster.clusterId })
  return clusterInfo(cloud, actor.organizationId, cluster)
}

export async function removeCluster(
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"removeCluster">,
): Promise<undefined> {
  const cluster = await clusterFor(cloud, actor, params.cluster)
  const owner = { organizationId: actor.organizationId, clusterId: cluster.clusterId }
  if (cluster.tokenHash !== null) await Secret.remove(cloud, cluster.tokenHash)
  await endLink(cloud, owner, `${actor.name} removed "${cluster.name}"; add it again to connect it`)
  await Clusters.remove(cloud, actor.organizationId, cluster)
  await publishCluster(cloud, owner)
}

export async function revokeCluster(
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"revokeCluster">,
): Promise<ClusterInfo> {
  const { organizationId } = actor
  const cluster = await clusterFor(cloud, actor, params.cluster)
  if (cluster.tokenHash !== null) await Secret.remove(cloud, cluster.tokenHash)
  const revoked = await Clusters.change(cloud, organizationId, cluster.clusterId, {
    revokedAt: cluster.revokedAt ?? cloud.now(),
    tokenHash: null,
    tokenExpiresAt: null,
  })
  await Clusters.removeKeys(cloud, organizationId, cluster.clusterId)
  const owner = { organizationId, clusterId: cluster.clusterId }
  await endLink(
    cloud,
    owner,
    `${actor.name} revoked the keys of "${cluster.name}"; install the agent again with a new join token`,
  )
  await Clusters.note(cloud, organizationId, cluster.clusterId, {
    kind: "revoked",
    message: `${actor.name} revoked the agent's keys`,
  })
  await publishCluster(cloud, owner)
  return clusterInfo(cloud, organizationId, revoked)
}

export async function listClusterEvents(
  cloud: Cloud,
  actor: Actor,
  { params, query }: Call<"listClusterEvents">,
): Promise<Answer<"listClusterEvents">> {
  const { organizationId } = actor
  const { clusterId } = await clusterFor(cloud, actor, params.cluster)
  const scope = { organizationId, operation: `listClusterEvents ${clusterId}`, query }
  const [after] = fromCursor(scope, query.cursor) ?? []
  if (after !== undefined && !Clusters.isEventKey(after)) throw cursorInvalid()
  const page = await Clusters.events(cloud, organizationId, clusterId, {
    limit: query.limit ?? 50,
    ...(typeof after === "string" ? { after } : {}),
  })
  return {
    items: page.items,
    cursor: page.last === undefined ? null : toCursor(scope, [page.last]),
    notices: [],
  }
}

import { AppError } from "#shared/error.ts"
import { type JoinAnswer, type JoinRequest, JoinToken } from "#shared/protocol/join.ts"
import { type Cloud, hashOf } from "../cloud.ts"
import { AgentKeys } from "../store/agent-key.ts"
import { Clusters } from "../store/cluster.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { Secret } from "../store/secret.ts"
import { ClusterUids } from "../store/cluster-uid.ts"

const another = "make another one on the page Clusters, or with: smm clusters add"

export type JoinGrant = Owner & { held: Secret.Held }

/** What a join token stands for, spent or not. @throws AppError join.invalid, join.expired */
export async function joinGrant(cloud: Cloud, token: string): Promise<JoinGrant> {
  if (!JoinToken.safeParse(token).success)
    throw new AppError(
      "join.invalid",
      `this is no join token (smj_ and 43 letters, digits, - or _); ${another}`,
    )
  const held = await Secret.read(cloud, hashOf(token))
  if (held?.grant.type !== "join")
    throw new AppError("join.invalid", `this join token is not known, or a newer one replaced it; ${another}`)
  if (held.used === null && Secret.isExpired(cloud, held))
    throw new AppError("join.expired", `this join token expired 15 minutes after it was made; ${another}`)
  const { organizationId, clusterId } = held.grant
  return { organizationId, clusterId, held }
}

/**
 * Spends the token and registers the agent's key. An agent that lost the answer asks again with the same key and gets the same.
 * @throws AppError join.*
 */
export async function join(cloud: Cloud, request: JoinRequest): Promise<JoinAnswer> {
  const { held, ...owner } = await joinGrant(cloud, request.token)
  const cluster = await Clusters.find(cloud, owner.organizationId, owner.clusterId)
  if (!cluster) throw new AppError("join.invalid", `the cluster of this join token was removed; ${another}`)
  if (held.used !== null && held.used !== request.publicKey)
    throw new AppError("join.used", `this join token was used already; ${another}`)
  await ClusterUids.claim(cloud, owner, request.clusterUid)
  if (held.used === null && !(await Secret.spend(cloud, held.hash, request.publicKey)))
    throw new AppError("join.used", `this join token was used already; ${another}`)
  return register(cloud, owner, cluster, request)
}

async function register(
  cloud: Cloud,
  owner: Owner,
  cluster: Clusters.Cluster,
  request: JoinRequest,
): Promise<JoinAnswer> {
  const { keyId } = await AgentKeys.create(cloud, owner, request.publicKey)
  await AgentKeys.keepOnly(cloud, owner, keyId)
  await Links.reset(cloud, owner, keyId)
  await Clusters.change(cloud, owner.organizationId, owner.clusterId, {
    clusterUid: request.clusterUid,
    agentVersion: request.agentVersion,
    kubernetesVersion: request.kubernetesVersion,
    revokedAt: null,
    connectedAt: null,
    identifiedAt: null,
    inventoryDoneAt: null,
    firstMetricsAt: null,
  })
  await Clusters.note(cloud, owner.organizationId, owner.clusterId, {
    kind: "joined",
    message: `Agent ${request.agentVersion} joined from Kubernetes ${request.kubernetesVersion}`,
  })
  return { clusterId: owner.clusterId, keyId, name: cluster.name }
}

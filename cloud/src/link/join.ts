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

type JoinGrant = { organizationId: string; cluster: Clusters.Cluster; held: Secret.Held }

const replaced = (): AppError =>
  new AppError("join.invalid", `this join token is not known, or a newer one replaced it; ${another}`)

/** The cluster of a join token, spent or not. Of a cluster's tokens only the newest counts. @throws AppError join.invalid, join.expired */
export async function joinGrant(cloud: Cloud, token: string): Promise<JoinGrant> {
  if (!JoinToken.safeParse(token).success)
    throw new AppError(
      "join.invalid",
      `this is no join token (smj_ and 43 letters, digits, - or _); ${another}`,
    )
  const held = await Secret.read(cloud, hashOf(token))
  if (held?.grant.type !== "join") throw replaced()
  if (held.used === null && Secret.isExpired(cloud, held))
    throw new AppError("join.expired", `this join token expired 15 minutes after it was made; ${another}`)
  const { organizationId, clusterId } = held.grant
  const cluster = await Clusters.find(cloud, organizationId, clusterId)
  if (!cluster) throw new AppError("join.invalid", `the cluster of this join token was removed; ${another}`)
  if (cluster.tokenHash !== held.hash) throw replaced()
  return { organizationId, cluster, held }
}

/**
 * Spends the token and registers the agent's key. An agent that lost the answer asks again with the same key and gets the same.
 * @throws AppError join.*
 */
export async function join(cloud: Cloud, request: JoinRequest): Promise<JoinAnswer> {
  const { held, organizationId, cluster } = await joinGrant(cloud, request.token)
  const owner = { organizationId, clusterId: cluster.clusterId }
  if (held.used !== null && held.used !== request.publicKey)
    throw new AppError("join.used", `this join token was used already; ${another}`)
  await ClusterUids.claim(cloud, owner, request.clusterUid)
  if (held.used === null && !(await Secret.spend(cloud, held.hash, request.publicKey)))
    throw new AppError("join.used", `this join token was used already; ${another}`)
  const keyId = await register(cloud, owner, held.hash, request)
  const { commandKey } = cloud.signer
  return { ...owner, keyId, name: cluster.name, commandKey }
}

async function register(
  cloud: Cloud,
  owner: Owner,
  tokenHash: string,
  request: JoinRequest,
): Promise<string> {
  const { keyId } = await AgentKeys.create(cloud, owner, request.publicKey)
  await AgentKeys.keepOnly(cloud, owner, keyId)
  await Links.reset(cloud, owner, keyId)
  const { clusterUid, agentVersion, kubernetesVersion } = request
  const set = { clusterUid, agentVersion, kubernetesVersion }
  // Revoked while we were at it: the key that was just made is none.
  if (!(await Clusters.rejoin(cloud, owner.organizationId, owner.clusterId, tokenHash, set))) {
    await AgentKeys.remove(cloud, owner, keyId)
    throw replaced()
  }
  await Clusters.note(cloud, owner.organizationId, owner.clusterId, {
    kind: "joined",
    message: `Agent ${request.agentVersion} joined from Kubernetes ${request.kubernetesVersion}`,
  })
  return keyId
}

import { createPublicKey, randomBytes, verify } from "node:crypto"
import { AppError } from "#shared/error.ts"
import {
  type ChallengeAnswer,
  type KeyAnswer,
  type KeyRequest,
  type TicketAnswer,
  type TicketRequest,
  keyText,
  ticketText,
} from "#shared/protocol/join.ts"
import { limits } from "#shared/protocol/limits.ts"
import { type Cloud, newSecret } from "../cloud.ts"
import { AgentKeys } from "../store/agent-key.ts"
import { Clusters } from "../store/cluster.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { Secret } from "../store/secret.ts"

const denied = (why: string): AppError => new AppError("link.denied", why)

/** The key of a cluster, while the cluster is there and not revoked. @throws AppError link.denied, link.revoked */
async function keyOf(
  cloud: Cloud,
  clusterId: string,
  keyId: string,
): Promise<Owner & { agentKey: AgentKeys.AgentKey }> {
  const organizationId = await Clusters.ownerOf(cloud, clusterId)
  const cluster = organizationId && (await Clusters.find(cloud, organizationId, clusterId))
  if (!organizationId || !cluster)
    throw denied(
      `cluster ${clusterId} is not known here; it was removed: install the agent again with a new join token`,
    )
  if (cluster.revokedAt !== null)
    throw new AppError(
      "link.revoked",
      `the keys of "${cluster.name}" were revoked; install the agent again with a new join token`,
    )
  const owner = { organizationId, clusterId }
  const agentKey = await AgentKeys.read(cloud, owner, keyId)
  if (!agentKey)
    throw denied(`key ${keyId} of cluster ${clusterId} is not known here; a newer one replaced it`)
  return { ...owner, agentKey }
}

function checkSignature({ publicKey }: AgentKeys.AgentKey, text: string, signature: string): void {
  const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: publicKey } })
  if (!verify(null, Buffer.from(text, "utf8"), key, Buffer.from(signature, "base64url")))
    throw denied("the signature does not fit the key")
}

export async function challenge(cloud: Cloud, clusterId: string, keyId: string): Promise<ChallengeAnswer> {
  const owner = await keyOf(cloud, clusterId, keyId)
  const nonce = randomBytes(32).toString("base64url")
  const expiresAt = cloud.now() + limits.nonceMs
  await AgentKeys.createNonce(cloud, owner, nonce, expiresAt)
  return { nonce, expiresAt }
}

/** The nonce goes with the first try, right or wrong: a signature is never checked twice against one. */
async function prove(cloud: Cloud, request: TicketRequest | KeyRequest, text: string): Promise<Owner> {
  const { agentKey, ...owner } = await keyOf(cloud, request.clusterId, request.keyId)
  if (!(await AgentKeys.spendNonce(cloud, owner, request.nonce)))
    throw denied("this nonce was not given out, was used, or is older than 60 s; ask for another challenge")
  checkSignature(agentKey, text, request.signature)
  return owner
}

/** A ticket for one connect within 60 s. @throws AppError link.denied, link.revoked, link.fenced */
export async function ticket(cloud: Cloud, request: TicketRequest): Promise<TicketAnswer> {
  const owner = await prove(cloud, request, ticketText(request))
  const link = await Links.read(cloud, owner)
  if (link && Links.isFenced(cloud, link, request.epoch))
    throw new AppError(
      "link.fenced",
      `an agent with lease epoch ${link.epoch} speaks for this cluster, this one has ${request.epoch}; it is taken when that one has been silent for 5 minutes`,
    )
  const secret = newSecret("smt_")
  const expiresAt = cloud.now() + limits.ticketMs
  const { keyId, instance, epoch } = request
  await Secret.create(cloud, secret, { type: "link", ...owner, keyId, instance, epoch }, expiresAt)
  return { url: `${cloud.socketUrl}/link?ticket=${secret}`, expiresAt }
}

/** A second key beside the current one, which retires the other at its first connect. @throws AppError link.denied, link.revoked */
export async function addKey(cloud: Cloud, request: KeyRequest): Promise<KeyAnswer> {
  const owner = await prove(cloud, request, keyText(request))
  // One that was asked for before and never used was lost.
  await AgentKeys.keepOnly(cloud, owner, request.keyId)
  const { keyId } = await AgentKeys.create(cloud, owner, request.publicKey)
  return { keyId }
}

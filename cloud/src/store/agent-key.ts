import { type Cloud, newId, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Owner } from "./owner.ts"
import type { Item } from "./table.ts"

export * as AgentKeys from "./agent-key.ts"

/** A raw Ed25519 public key (base64url) with which an agent signs. */
export type AgentKey = { keyId: string; publicKey: string; createdAt: number }

const toKey = (item: Item): AgentKey => ({
  keyId: item.sk.slice("key#".length),
  publicKey: String(item["publicKey"]),
  createdAt: Number(item["createdAt"]),
})

export const list = async (cloud: Cloud, owner: Owner): Promise<AgentKey[]> =>
  (await cloud.table.all(partition.cluster(owner.organizationId, owner.clusterId), { prefix: "key#" })).map(
    toKey,
  )

/** The key of this public half, made when it is new: an agent that asks twice gets one key. */
export async function create(cloud: Cloud, owner: Owner, publicKey: string): Promise<AgentKey> {
  const known = (await list(cloud, owner)).find((candidate) => candidate.publicKey === publicKey)
  if (known) return known
  const created: AgentKey = { keyId: newId("key"), publicKey, createdAt: cloud.now() }
  const { keyId, ...rest } = created
  await cloud.table.put({ ...key.agentKey(owner.organizationId, owner.clusterId, keyId), ...rest })
  return created
}

export async function read(cloud: Cloud, owner: Owner, keyId: string): Promise<AgentKey | undefined> {
  const { pk, sk } = key.agentKey(owner.organizationId, owner.clusterId, keyId)
  const item = await cloud.table.get(pk, sk)
  return item && toKey(item)
}

export const remove = async (cloud: Cloud, owner: Owner, keyId: string): Promise<void> => {
  const { pk, sk } = key.agentKey(owner.organizationId, owner.clusterId, keyId)
  await cloud.table.remove(pk, sk)
}

const removeAll = (cloud: Cloud, owner: Owner, keys: readonly AgentKey[]): Promise<void> =>
  cloud.table.batch(
    [],
    keys.map(({ keyId }) => key.agentKey(owner.organizationId, owner.clusterId, keyId)),
  )

/** Leaves only this key. */
export const keepOnly = async (cloud: Cloud, owner: Owner, keyId: string): Promise<void> =>
  removeAll(
    cloud,
    owner,
    (await list(cloud, owner)).filter((candidate) => candidate.keyId !== keyId),
  )

/** Removes the keys that are older than this one: it was used, and is the agent's from here on. Answers how many went. */
export async function retireOlder(cloud: Cloud, owner: Owner, keyId: string): Promise<number> {
  const keys = await list(cloud, owner)
  const own = keys.find((candidate) => candidate.keyId === keyId)
  const older = own ? keys.filter(({ createdAt }) => createdAt < own.createdAt) : []
  await removeAll(cloud, owner, older)
  return older.length
}

export async function createNonce(
  cloud: Cloud,
  owner: Owner,
  nonce: string,
  expiresAt: number,
): Promise<void> {
  await cloud.table.put({
    ...key.nonce(owner.organizationId, owner.clusterId, nonce),
    expiresAt,
    ttl: secondsOf(expiresAt),
  })
}

/** True once for a nonce that was given out and has not expired. */
export async function spendNonce(cloud: Cloud, owner: Owner, nonce: string): Promise<boolean> {
  const { pk, sk } = key.nonce(owner.organizationId, owner.clusterId, nonce)
  const item = await cloud.table.remove(pk, sk)
  return item !== undefined && item !== false && Number(item["expiresAt"]) > cloud.now()
}

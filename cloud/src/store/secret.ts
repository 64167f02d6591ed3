import { z } from "zod"
import { type Cloud, hashOf, secondsOf } from "../cloud.ts"
import { key } from "./key.ts"

export * as Secret from "./secret.ts"

/** What a secret stands for. Only its hash is stored. */
export const Grant = z.discriminatedUnion("type", [
  z.object({ type: z.literal("sign-in"), userId: z.string() }),
  z.object({ type: z.literal("session"), userId: z.string() }),
  z.object({ type: z.literal("api-token"), organizationId: z.string(), tokenId: z.string() }),
  z.object({ type: z.literal("join"), organizationId: z.string(), clusterId: z.string() }),
  z.object({
    type: z.literal("link"),
    organizationId: z.string(),
    clusterId: z.string(),
    keyId: z.string(),
    instance: z.string(),
    epoch: z.number(),
  }),
  z.object({
    type: z.literal("console"),
    organizationId: z.string(),
    /** Hash of the cookie or token that asked: rights are checked again with it. */
    credential: z.string(),
  }),
])
export type Grant = z.infer<typeof Grant>

export type Held = {
  grant: Grant
  hash: string
  createdAt: number
  expiresAt: number | null
  used: string | null
}

/** A spent or expired secret is remembered for a day, so that the refusal can say which it was. */
const memoryMs = 24 * 60 * 60_000

export async function create(
  cloud: Cloud,
  secret: string,
  grant: Grant,
  expiresAt: number | null,
): Promise<string> {
  const hash = hashOf(secret)
  await cloud.table.put({
    ...key.secret(hash),
    grant,
    createdAt: cloud.now(),
    expiresAt,
    ...(expiresAt === null ? {} : { ttl: secondsOf(expiresAt + memoryMs) }),
  })
  return hash
}

/** Undefined for a secret that was never given out; expired and used ones are answered as what they are. */
export async function read(cloud: Cloud, hash: string): Promise<Held | undefined> {
  const item = await cloud.table.get(key.secret(hash).pk, key.secret(hash).sk)
  if (!item) return undefined
  return {
    grant: Grant.parse(item["grant"]),
    hash,
    createdAt: Number(item["createdAt"]),
    expiresAt: item["expiresAt"] === null ? null : Number(item["expiresAt"]),
    used: typeof item["used"] === "string" ? item["used"] : null,
  }
}

export const isExpired = (cloud: Cloud, held: Held): boolean =>
  held.expiresAt !== null && held.expiresAt <= cloud.now()

/** A live grant of one of these types, or undefined. */
export async function live<T extends Grant["type"]>(
  cloud: Cloud,
  hash: string,
  types: readonly T[],
): Promise<Extract<Grant, { type: T }> | undefined> {
  const held = await read(cloud, hash)
  if (!held || held.used !== null || isExpired(cloud, held)) return undefined
  return types.includes(held.grant.type as T) ? (held.grant as Extract<Grant, { type: T }>) : undefined
}

/** Marks as used by `by`; false when somebody was faster. Of two that come together one wins. */
export const spend = async (cloud: Cloud, hash: string, by: string): Promise<boolean> =>
  (await cloud.table.update(
    key.secret(hash),
    { used: by },
    { condition: { expression: "attribute_exists(pk) AND attribute_not_exists(used)" } },
  )) !== false

export const remove = async (cloud: Cloud, hash: string): Promise<void> => {
  await cloud.table.remove(key.secret(hash).pk, key.secret(hash).sk)
}

import type { ApiToken, Role } from "#shared/api/session.ts"
import { AppError } from "#shared/error.ts"
import { type Cloud, newId, newSecret, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import { Secret } from "./secret.ts"
import type { Item } from "./table.ts"

export * as Tokens from "./token.ts"

const dayMs = 24 * 60 * 60_000
/** `lastUsedAt` is written at most this often, so that a busy token costs no write a call. */
const usedEveryMs = 60_000

export const toToken = (item: Item): ApiToken => ({
  tokenId: item.sk.slice("token#".length),
  name: String(item["name"]),
  role: item["role"] as Role,
  clusters: (item["clusters"] as string[] | null | undefined) ?? null,
  namespaces: (item["namespaces"] as string[] | undefined) ?? [],
  createdAt: Number(item["createdAt"]),
  createdBy: String(item["createdBy"]),
  expiresAt: (item["expiresAt"] as number | null | undefined) ?? null,
  lastUsedAt: (item["lastUsedAt"] as number | null | undefined) ?? null,
})

export type NewToken = {
  name: string
  role: Role
  clusters: string[] | null
  /** None unless said. */
  namespaces?: string[]
  expiresInDays: number | null
  createdBy: string
}

export async function create(
  cloud: Cloud,
  organizationId: string,
  input: NewToken,
): Promise<ApiToken & { secret: string }> {
  const secret = newSecret("smm_")
  const createdAt = cloud.now()
  const token: ApiToken = {
    tokenId: newId("tok"),
    name: input.name,
    role: input.role,
    clusters: input.clusters,
    namespaces: input.namespaces ?? [],
    createdAt,
    createdBy: input.createdBy,
    expiresAt: input.expiresInDays === null ? null : createdAt + input.expiresInDays * dayMs,
    lastUsedAt: null,
  }
  const grant = { type: "api-token", organizationId, tokenId: token.tokenId } as const
  const hash = await Secret.create(cloud, secret, grant, token.expiresAt)
  const { tokenId, ...rest } = token
  await cloud.table.put({
    ...key.token(organizationId, tokenId),
    ...rest,
    hash,
    ...(token.expiresAt === null ? {} : { ttl: secondsOf(token.expiresAt) + 30 * 86_400 }),
  })
  return { ...token, secret }
}

export const list = async (cloud: Cloud, organizationId: string): Promise<ApiToken[]> =>
  (await cloud.table.all(partition.organization(organizationId), { prefix: "token#" })).map(toToken)

/** The token of a credential, with the use noted; undefined when it was removed. */
export async function use(
  cloud: Cloud,
  organizationId: string,
  tokenId: string,
): Promise<ApiToken | undefined> {
  const { pk, sk } = key.token(organizationId, tokenId)
  const item = await cloud.table.get(pk, sk)
  if (!item) return undefined
  const token = toToken(item)
  if (token.lastUsedAt === null || cloud.now() - token.lastUsedAt > usedEveryMs)
    await cloud.table.update(
      { pk, sk },
      { lastUsedAt: cloud.now() },
      { condition: { expression: "attribute_exists(pk)" } },
    )
  return token
}

export const notFound = (tokenId: string): AppError =>
  new AppError("token.not_found", `no token ${tokenId} in this organization`)

export async function read(
  cloud: Cloud,
  organizationId: string,
  tokenId: string,
): Promise<ApiToken | undefined> {
  const { pk, sk } = key.token(organizationId, tokenId)
  const item = await cloud.table.get(pk, sk)
  return item && toToken(item)
}

export async function remove(cloud: Cloud, organizationId: string, tokenId: string): Promise<void> {
  const { pk, sk } = key.token(organizationId, tokenId)
  const item = await cloud.table.get(pk, sk)
  if (!item) throw notFound(tokenId)
  await Secret.remove(cloud, String(item["hash"]))
  await cloud.table.remove(pk, sk)
}

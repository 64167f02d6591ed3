import { chmod, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Cloud, hashOf } from "../cloud.ts"
import { createSignInCode } from "../auth/sign-in.ts"
import { Clusters } from "../store/cluster.ts"
import { Links } from "../store/link.ts"
import { Organizations } from "../store/organization.ts"
import { Secret } from "../store/secret.ts"
import { Tokens } from "../store/token.ts"

/** Who runs this server: the owner of the organization `local`. */
export type LocalOwner = {
  organizationId: string
  userId: string
  /** An API token with the role owner, for scripts. The data folder keeps it, readable for its owner only. */
  token: string
}

const address = { email: "owner@localhost", name: "Local owner" }
const tokenName = "local scripts"

async function keptToken(
  cloud: Cloud,
  file: string | null,
  organizationId: string,
): Promise<string | undefined> {
  const kept = file && (await readFile(file, "utf8").catch(() => undefined))?.trim()
  if (!kept) return undefined
  const grant = await Secret.live(cloud, hashOf(kept), ["api-token"])
  return grant?.organizationId === organizationId &&
    (await Tokens.use(cloud, organizationId, grant.tokenId))?.role === "owner"
    ? kept
    : undefined
}

async function scriptToken(cloud: Cloud, data: string | null, organizationId: string): Promise<string> {
  const file = data && join(data, "token")
  const kept = await keptToken(cloud, file, organizationId)
  if (kept !== undefined) return kept
  const created = await Tokens.create(cloud, organizationId, {
    name: tokenName,
    role: "owner",
    clusters: null,
    expiresInDays: null,
    createdBy: address.email,
  })
  if (file) {
    await writeFile(file, `${created.secret}\n`, { mode: 0o600 })
    await chmod(file, 0o600)
  }
  return created.secret
}

/** The owner and the organization `local`: made at the first start, found at every other. */
export async function ensureOwner(cloud: Cloud, data: string | null): Promise<LocalOwner> {
  const user = await Organizations.userOf(cloud, address.email, address.name)
  const [first] = await Organizations.ofUser(cloud, user.userId)
  const { organizationId } = first ?? (await Organizations.create(cloud, "local", user))
  return { organizationId, userId: user.userId, token: await scriptToken(cloud, data, organizationId) }
}

/** `<url>/sign-in?code=...`: signs the owner in, once, within 15 minutes. */
export const signInLink = async (cloud: Cloud, { userId }: LocalOwner): Promise<string> =>
  `${cloud.publicUrl}/sign-in?code=${await createSignInCode(cloud, userId)}`

/** Connections of a process that was killed are down: nobody was there to note it. */
export async function forgetConnections(cloud: Cloud, { userId }: LocalOwner): Promise<void> {
  for (const { organizationId } of await Organizations.ofUser(cloud, userId))
    for (const { clusterId } of await Clusters.list(cloud, organizationId)) {
      const owner = { organizationId, clusterId }
      const link = await Links.read(cloud, owner)
      if (link?.connection) await Links.end(cloud, owner, link.connection, link.lastSeenAt ?? cloud.now())
    }
}

import { type ApiToken, type Organization, type Role, type Session, hasRole } from "#shared/api/session.ts"
import { AppError } from "#shared/error.ts"
import { type Cloud, hashOf } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Organizations, type User } from "../store/organization.ts"
import { Secret } from "../store/secret.ts"
import { Tokens } from "../store/token.ts"
import type { Sight } from "./sight.ts"

/** Who asks, in which organization, as what. Made from a credential only; every key of the store begins with its organization. */
export type Actor = {
  organizationId: string
  role: Role
  /** Clusters this caller is limited to; null: all. */
  clusters: readonly string[] | null
  /** Namespaces whose objects and traffic this caller reads; null: all. */
  sight: Sight
  /** Name for records: an address or a token's name. */
  name: string
  user: User | null
  token: ApiToken | null
  /** Hash of the credential: rights are checked again with it, and rates are counted by it. */
  credential: string
  expiresAt: number | null
}

/** Owners and admins say who sees what: they see all of it. */
async function sightOf(
  cloud: Cloud,
  organizationId: string,
  { role, namespaces }: { role: Role; namespaces: readonly string[] },
): Promise<Sight> {
  if (hasRole(role, "admin")) return null
  const organization = await Organizations.read(cloud, organizationId)
  return organization?.visibility === "by-namespace" && !namespaces.includes("*") ? namespaces : null
}

const required = (message: string): AppError => new AppError("auth.required", message)

async function tokenActor(
  cloud: Cloud,
  organizationId: string,
  tokenId: string,
  credential: string,
): Promise<Actor> {
  const token = await Tokens.use(cloud, organizationId, tokenId)
  if (!token) throw required("this API token was removed; make another one in Settings, Tokens")
  return {
    organizationId,
    role: token.role,
    clusters: token.clusters,
    sight: await sightOf(cloud, organizationId, token),
    name: `token ${token.name}`,
    user: null,
    token,
    credential,
    expiresAt: token.expiresAt,
  }
}

async function userActor(
  cloud: Cloud,
  userId: string,
  wanted: string | undefined,
  held: Secret.Held,
): Promise<Actor> {
  const found = await Organizations.membershipOf(cloud, userId, wanted)
  if (!found && wanted !== undefined)
    throw new AppError(
      "organization.not_found",
      `no organization ${wanted} among yours; leave the header smm-org out or name one of yours`,
    )
  if (!found) throw required("this user is in no organization any more")
  const { organizationId, member } = found
  return {
    organizationId,
    role: member.role,
    clusters: null,
    sight: await sightOf(cloud, organizationId, member),
    name: member.email,
    user: { userId, name: member.name, email: member.email },
    token: null,
    credential: held.hash,
    expiresAt: held.expiresAt,
  }
}

/** The actor behind the hash of a cookie or token. @throws AppError auth.required, auth.expired, organization.not_found */
export async function actorOf(cloud: Cloud, credential: string, wanted?: string): Promise<Actor> {
  const held = await Secret.read(cloud, credential)
  if (!held || (held.grant.type !== "session" && held.grant.type !== "api-token"))
    throw required("this credential is not known; sign in again or make a new token")
  if (Secret.isExpired(cloud, held))
    throw new AppError("auth.expired", "this credential has expired; sign in again or make a new token")
  if (held.grant.type === "session") return userActor(cloud, held.grant.userId, wanted, held)
  const { organizationId, tokenId } = held.grant
  if (wanted !== undefined && wanted !== organizationId)
    throw new AppError("organization.not_found", `this token belongs to ${organizationId}, not to ${wanted}`)
  return tokenActor(cloud, organizationId, tokenId, credential)
}

/** The credential of a request: `Authorization: Bearer smm_...` or the session cookie. */
export function credentialOf(authorization: string | undefined, cookie: string | undefined): string {
  if (authorization !== undefined) {
    const bearer = /^Bearer (smm_[A-Za-z0-9_-]{43})$/.exec(authorization)?.[1]
    if (bearer === undefined) throw required("Authorization wants: Bearer smm_ and 43 characters")
    return hashOf(bearer)
  }
  if (cookie !== undefined && cookie !== "") return hashOf(cookie)
  throw required("sign in, or send Authorization: Bearer <API token>")
}

export function demand(actor: Actor, role: Role): void {
  if (!hasRole(actor.role, role))
    throw new AppError("auth.denied", `this needs the role ${role}; ${actor.name} is ${actor.role}`)
}

/** What touches the whole organization is not for a caller that is limited to some clusters. */
export function demandAllClusters(actor: Actor): void {
  if (actor.clusters !== null)
    throw new AppError("auth.denied", `${actor.name} is limited to some clusters; this concerns all of them`)
}

export const maySee = (actor: Pick<Actor, "clusters">, clusterId: string): boolean =>
  actor.clusters === null || actor.clusters.includes(clusterId)

/** The cluster, if it is in the actor's organization and within its limits; otherwise it does not exist for the actor. */
export async function clusterFor(cloud: Cloud, actor: Actor, clusterId: string): Promise<Clusters.Cluster> {
  if (!maySee(actor, clusterId)) throw Clusters.notFound(clusterId)
  return Clusters.read(cloud, actor.organizationId, clusterId)
}

export const clustersFor = async (cloud: Cloud, actor: Actor): Promise<Clusters.Cluster[]> =>
  (await Clusters.list(cloud, actor.organizationId)).filter(({ clusterId }) => maySee(actor, clusterId))

export async function sessionOf(cloud: Cloud, actor: Actor): Promise<Session> {
  const own = await Organizations.read(cloud, actor.organizationId)
  if (!own) throw new AppError("organization.not_found", `organization ${actor.organizationId} was removed`)
  const organizations: (Organization & { role: Role })[] = actor.user
    ? await Organizations.ofUser(cloud, actor.user.userId)
    : [{ ...own, role: actor.role }]
  return {
    user: actor.user,
    token: actor.token && { tokenId: actor.token.tokenId, name: actor.token.name },
    organization: own,
    role: actor.role,
    organizations,
    clusters: actor.clusters === null ? null : [...actor.clusters],
    sight: actor.sight === null ? null : [...actor.sight],
    expiresAt: actor.expiresAt,
  }
}

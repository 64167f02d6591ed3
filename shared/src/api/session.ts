import { z } from "zod"
import { Id, Instant, Name } from "../id.ts"

/** Each role may do all that the next may: owner > admin > operator > viewer. */
export const Role = z.enum(["owner", "admin", "operator", "viewer"]).meta({ id: "Role" })
export type Role = z.infer<typeof Role>

const rank: Record<Role, number> = { owner: 3, admin: 2, operator: 1, viewer: 0 }
export const hasRole = (role: Role, wanted: Role): boolean => rank[role] >= rank[wanted]

export const Organization = z
  .object({ organizationId: Id.organization, name: Name, createdAt: Instant })
  .meta({ id: "Organization" })
export type Organization = z.infer<typeof Organization>
export const OrganizationCreate = z.object({ name: Name }).meta({ id: "OrganizationCreate" })
export const OrganizationUpdate = z.object({ name: Name }).meta({ id: "OrganizationUpdate" })

/** Who is asking, and as what. The organization is chosen by the header `smm-org` among the memberships; without it, the first. */
export const Session = z
  .object({
    user: z.object({ userId: Id.user, name: z.string(), email: z.string() }).nullable(),
    /** Set when an API token asks. */
    token: z.object({ tokenId: Id.token, name: z.string() }).nullable(),
    organization: Organization,
    role: Role,
    organizations: z.array(Organization.extend({ role: Role })),
    /** Clusters this caller is limited to; null: all. */
    clusters: z.array(Id.cluster).nullable(),
    expiresAt: Instant.nullable(),
  })
  .meta({ id: "Session" })
export type Session = z.infer<typeof Session>

/** `POST /session`: the one-time code of a local sign-in link. Answers Session and sets the session cookie. */
export const SignIn = z.object({ code: z.string().min(20).max(128) }).meta({ id: "SignIn" })

export const Member = z
  .object({ userId: Id.user, name: z.string(), email: z.string(), role: Role, joinedAt: Instant })
  .meta({ id: "Member" })
export type Member = z.infer<typeof Member>
export const MemberCreate = z
  .object({ email: z.email().max(254), name: z.string().min(1).max(128), role: Role })
  .meta({ id: "MemberCreate" })
export const MemberUpdate = z.object({ role: Role }).meta({ id: "MemberUpdate" })

export const ApiToken = z
  .object({
    tokenId: Id.token,
    name: z.string(),
    role: Role,
    clusters: z.array(Id.cluster).nullable(),
    createdAt: Instant,
    createdBy: z.string(),
    expiresAt: Instant.nullable(),
    lastUsedAt: Instant.nullable(),
  })
  .meta({ id: "ApiToken" })
export type ApiToken = z.infer<typeof ApiToken>
export const ApiTokenCreate = z
  .object({
    name: z.string().min(1).max(63),
    role: Role,
    clusters: z.array(Id.cluster).nullable().default(null),
    expiresInDays: z.int().min(1).max(366).nullable().default(90),
  })
  .meta({ id: "ApiTokenCreate" })
/** `secret` is `smm_` and 43 random characters, shown once. */
export const ApiTokenCreated = ApiToken.extend({ secret: z.string() }).meta({ id: "ApiTokenCreated" })

/** `POST /socket-tickets`: `url` of the console's websocket, good for one connect within 60 s. */
export const SocketTicket = z.object({ url: z.string(), expiresAt: Instant }).meta({ id: "SocketTicket" })

import { z } from "zod"
import { Id, Instant, Name } from "../id.ts"

/** Each role may do all that the next may: owner > admin > operator > viewer. */
export const Role = z.enum(["owner", "admin", "operator", "viewer"]).meta({ id: "Role" })
export type Role = z.infer<typeof Role>

const rank: Record<Role, number> = { owner: 3, admin: 2, operator: 1, viewer: 0 }
export const hasRole = (role: Role, wanted: Role): boolean => rank[role] >= rank[wanted]

/** open: every member reads everything. by-namespace: operators and viewers read the namespaces that they were given; owners and admins all. */
export const Visibility = z.enum(["open", "by-namespace"])

/** `bookinfo`, all that begin with `team-a-` as `team-a-*`, or `*`. */
const NamespacePattern = z
  .string()
  .max(63)
  .regex(
    /^([a-z0-9]([-a-z0-9]*[a-z0-9])?|[-a-z0-9]*\*)$/,
    "wants the name of a namespace, the beginning of names as team-a-*, or *",
  )
const Namespaces = z.array(NamespacePattern).max(200)

export const Organization = z
  .object({ organizationId: Id.organization, name: Name, createdAt: Instant, visibility: Visibility })
  .meta({ id: "Organization" })
export type Organization = z.infer<typeof Organization>
export const OrganizationCreate = z.object({ name: Name }).meta({ id: "OrganizationCreate" })
export const OrganizationUpdate = z
  .object({ name: Name.optional(), visibility: Visibility.optional() })
  .refine(({ name, visibility }) => name !== undefined || visibility !== undefined, {
    error: "wants name or visibility",
  })
  .meta({ id: "OrganizationUpdate" })

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
    /** Namespaces this caller reads; null: all. */
    sight: Namespaces.nullable(),
    expiresAt: Instant.nullable(),
  })
  .meta({ id: "Session" })
export type Session = z.infer<typeof Session>

/** `POST /session`: the one-time code of a local sign-in link. Answers Session and sets the session cookie. */
export const SignIn = z.object({ code: z.string().min(20).max(128) }).meta({ id: "SignIn" })

export const Member = z
  .object({
    userId: Id.user,
    name: z.string(),
    email: z.string(),
    role: Role,
    /** What an operator or viewer reads where visibility is by namespace. */
    namespaces: Namespaces,
    joinedAt: Instant,
  })
  .meta({ id: "Member" })
export type Member = z.infer<typeof Member>
export const MemberCreate = z
  .object({
    email: z.email().max(254),
    name: z.string().min(1).max(128),
    role: Role,
    namespaces: Namespaces.default([]),
  })
  .meta({ id: "MemberCreate" })
export const MemberUpdate = z
  .object({ role: Role.optional(), namespaces: Namespaces.optional() })
  .refine(({ role, namespaces }) => role !== undefined || namespaces !== undefined, {
    error: "wants role or namespaces",
  })
  .meta({ id: "MemberUpdate" })

export const ApiToken = z
  .object({
    tokenId: Id.token,
    name: z.string(),
    role: Role,
    clusters: z.array(Id.cluster).nullable(),
    namespaces: Namespaces,
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
    namespaces: Namespaces.default([]),
    expiresInDays: z.int().min(1).max(366).nullable().default(90),
  })
  .meta({ id: "ApiTokenCreate" })
/** `secret` is `smm_` and 43 random characters, shown once. */
export const ApiTokenCreated = ApiToken.extend({ secret: z.string() }).meta({ id: "ApiTokenCreated" })

/** `POST /socket-tickets`: `url` of the console's websocket, good for one connect within 60 s. */
export const SocketTicket = z.object({ url: z.string(), expiresAt: Instant }).meta({ id: "SocketTicket" })

import { z } from "zod"
import { configKinds } from "../kube/kinds.ts"

/**
 * What the cluster's owner allows: the document `policy.yaml` of the ConfigMap `smm-agent-policy`, which the agent may read and the cloud cannot
 * write. It wins over anything that the cloud says.
 */

/** Never impersonated, whatever a policy says. Source: Kubernetes, reserved prefix of users and groups. */
const reserved = /^system:/
export const KubeSubject = z
  .string()
  .min(1)
  .max(253)
  .refine((name) => !reserved.test(name), {
    error: ({ input }) =>
      `${JSON.stringify(input)} is Kubernetes' own (system:) and is never impersonated; name a user or group of yours`,
  })
  .refine((name) => name === name.trim() && !/\p{Cc}/u.test(name), {
    error: ({ input }) =>
      `${JSON.stringify(input)} has spaces around it or control characters; write the name alone`,
  })

/** As whom Kubernetes is asked. */
export const KubeIdentity = z
  .strictObject({ user: KubeSubject, groups: z.array(KubeSubject).max(50).default([]) })
  .meta({ id: "KubeIdentity" })
export type KubeIdentity = z.infer<typeof KubeIdentity>

/** Whom a line is for: a member by address, an API token by name, a role of the organization. */
export const Who = z.union([
  z.strictObject({ member: z.string().min(1) }),
  z.strictObject({ token: z.string().min(1) }),
  z.strictObject({ role: z.enum(["owner", "admin", "operator", "viewer"]) }),
])
export type Who = z.infer<typeof Who>

/** A line of `identities`. `as: null`: whoever it fits may not write. */
export const IdentityLine = z.strictObject({ who: Who, as: KubeIdentity.nullable() })

export const verbs = ["create", "patch", "delete"] as const
export const Verb = z.enum(verbs)
export type Verb = z.infer<typeof Verb>

export const Allow = z.strictObject({
  /** Kind keys: `VirtualService.networking.istio.io`. */
  kinds: z.array(z.enum(configKinds.map(({ key }) => key))).min(1),
  verbs: z
    .array(Verb)
    .min(1)
    .default([...verbs]),
  /** Names, or `*` for all. Kinds of the cluster are in none, and want `*`. */
  namespaces: z.array(z.string().min(1)).min(1).default(["*"]),
})

/** A user's own assertion is demanded with each write, and checked in the cluster. */
export const IdentityProvider = z.strictObject({
  issuer: z.url(),
  audience: z.string().min(1),
  /** Public keys; absent: fetched from the issuer. */
  jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
  userClaim: z.string().default("email"),
  groupsClaim: z.string().default("groups"),
  /** Put before the user's name and the groups, as the API server's own OIDC settings do. */
  userPrefix: z.string().default(""),
  groupsPrefix: z.string().default(""),
  /** Of the claim's groups (with their prefix) only these are taken; absent: all, and the agent must be allowed to impersonate each. */
  groups: z.array(KubeSubject).max(50).optional(),
  /** Not older than this. */
  maxAgeMs: z.int().positive().default(600_000),
  /** The assertion's `nonce` must be the digest of the writes, which a check without one tells: good for this one change. */
  bindToChange: z.boolean().default(false),
})
export type IdentityProvider = z.infer<typeof IdentityProvider>

export const maxLines = { identities: 500, allow: 100 } as const

export const Policy = z
  .strictObject({
    /** off: no writing. mapped: as the mapped identity. anonymous: try-out, as the agent's own account. */
    mode: z.enum(["off", "mapped", "anonymous"]),
    /** The first line that fits counts. */
    identities: z.array(IdentityLine).max(maxLines.identities).default([]),
    allow: z.array(Allow).max(maxLines.allow).default([]),
    identityProvider: IdentityProvider.optional(),
  })
  .meta({ id: "Policy" })
export type Policy = z.infer<typeof Policy>

/** Where it is. */
export const policyPlace = { configMap: "smm-agent-policy", key: "policy.yaml" } as const

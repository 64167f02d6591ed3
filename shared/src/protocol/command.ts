import { z } from "zod"
import { PatchOperation, Ref } from "../edit/edit-schema.ts"
import { Guard } from "../edit/guard.ts"
import { KubeIdentity, Verb } from "../act/policy.ts"
import { Id, Instant } from "../id.ts"
import { KubeObject } from "../kube/object-schema.ts"
import { Role } from "../api/session.ts"

/**
 * What the cloud asks an agent to do: a closed set of verbs, each command signed with Ed25519 over `commandText(payload)`, bound to organization, cluster,
 * user, expiry and nonce. Stored before it is sent, carried out once however often it comes, its result stored before it is shown.
 */

/** Who asks. The agent maps this to an identity of Kubernetes; nothing in a command names one. */
export const Caller = z.object({
  kind: z.enum(["user", "token"]),
  id: z.string().max(64),
  /** A member's address, or a token's name. */
  name: z.string().max(254),
  role: Role,
})
export type Caller = z.infer<typeof Caller>

/** One write of one object. */
export const WireStep = z.object({
  verb: Verb,
  object: Ref,
  apiVersion: z.string().max(128),
  /** Of what was seen when it was planned; null: it was not there. */
  resourceVersion: z.string().max(64).nullable(),
  uid: z.string().max(64).nullable(),
  /** For patch. */
  patch: z.array(PatchOperation).max(2_000).nullable(),
  /** For create. */
  create: KubeObject.nullable(),
  /** How long proxies are given to get what the steps before it wrote; absent: it follows at once. */
  settleMs: z.int().min(0).max(10_000).optional(),
})
export type WireStep = z.infer<typeof WireStep>

/** What becomes of fields that others own and would take back: refuse, take over, or leave them out of the change. */
export const Conflicts = z.enum(["ask", "take-over", "drop"])
export type Conflicts = z.infer<typeof Conflicts>

export const CommandAction = z.discriminatedUnion("type", [
  /** Reads and asks, changes nothing: the objects as they are now, access reviews and a server-side dry run, as the user. */
  z.object({ type: z.literal("check"), conflicts: Conflicts, steps: z.array(WireStep).max(200) }),
  /** What the user may do in a namespace (empty: of the cluster's own kinds). */
  z.object({ type: z.literal("access"), namespace: z.string().max(253) }),
  z.object({
    type: z.literal("apply"),
    changeId: Id.change,
    conflicts: Conflicts,
    steps: z.array(WireStep).min(1).max(200),
    /** `namespace/name` of the services that the guard watches. */
    services: z.array(z.string().max(510)).max(50),
    guard: Guard.nullable(),
    /** When the change undoes itself; null: it stays. */
    revertAt: Instant.nullable(),
  }),
  /** Lets go of the guard and the expiry of a change; what it did stays. */
  z.object({ type: z.literal("release"), changeId: Id.change }),
])
export type CommandAction = z.infer<typeof CommandAction>

export const CommandPayload = z.object({
  id: Id.command,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  organizationId: Id.organization,
  clusterId: Id.cluster,
  caller: Caller,
  issuedAt: Instant,
  expiresAt: Instant,
  /** The user's own signed assertion (a JWT), where the cluster demands one. */
  assertion: z.string().max(16_384).nullable(),
  action: CommandAction,
})
export type CommandPayload = z.infer<typeof CommandPayload>

/** Longest life of a command that is not queued for an agent that is away, from issue to expiry. */
export const commandLifeMs = 2 * 60_000
export const queuedLifeMs = 24 * 60 * 60_000

/** `payload` is the JSON that was signed, as text: what is checked is what is read. */
export const Command = z.object({
  type: z.literal("command"),
  keyId: z.string().max(64),
  payload: z.string().max(2_000_000),
  /** Ed25519, base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
})
export type Command = z.infer<typeof Command>
export const commandText = (payload: string): string => `smm-command-v1\n${payload}`

/**
 * A new signing key of the cloud, vouched for by one that the agent trusts already (the first is pinned at the join). `retires` are trusted no more.
 */
export const KeyCertificate = z.object({
  keyId: z.string().max(64),
  /** Raw Ed25519, base64url. */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  retires: z.array(z.string().max(64)).max(16),
  by: z.string().max(64),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
})
export type KeyCertificate = z.infer<typeof KeyCertificate>
export const certificateText = ({
  keyId,
  publicKey,
  retires,
  by,
}: Omit<KeyCertificate, "signature">): string =>
  ["smm-command-key-v1", keyId, publicKey, retires.join(","), by].join("\n")

/** Codes of what went wrong with a step or a command; stable. */
export const FailureCode = z.enum([
  /** Kubernetes said no to the user. */
  "forbidden",
  /** The cluster's own policy said no: no identity, not on the allow-list, writing is off. */
  "not_allowed",
  "assertion",
  /** Fields that others own; `owners` says who. */
  "conflict",
  /** The object is another than was seen. */
  "outdated",
  "gone",
  "exists",
  /** The kind is not served any more. */
  "kind_gone",
  /** Schema or admission refused it. */
  "refused",
  /** The API server or a webhook did not answer. */
  "unavailable",
  /** Signature, key, expiry, nonce, organization or cluster do not fit. */
  "command",
  "internal",
])
export type FailureCode = z.infer<typeof FailureCode>

/** Who owns a field that a step touches. Source: Kubernetes, managedFields. */
export const FieldOwner = z
  .object({
    object: Ref,
    /** As people write it: `spec.http`. */
    path: z.string(),
    manager: z.string(),
    operation: z.enum(["Apply", "Update"]),
    at: z.string().nullable(),
    /** reverts: a controller that will take it back. rewrites: at its next run by a person (Helm). yields: a person's tool. own: us. */
    claim: z.enum(["reverts", "rewrites", "yields", "own"]),
  })
  .meta({ id: "FieldOwner" })
export type FieldOwner = z.infer<typeof FieldOwner>

export const AccessLine = z
  .object({
    verb: Verb,
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    allowed: z.boolean(),
    reason: z.string(),
    /** What an admin would run to allow it; null when allowed or when the policy, not RBAC, refuses. */
    grant: z.string().nullable(),
  })
  .meta({ id: "AccessLine" })
export type AccessLine = z.infer<typeof AccessLine>

export const StepOutcome = z
  .object({
    /** unchanged: it was so already. undone: taken back by the agent. */
    state: z.enum(["applied", "unchanged", "failed", "skipped"]),
    code: FailureCode.nullable(),
    message: z.string(),
    resourceVersion: z.string().nullable(),
    /** What it became, where it was applied; null for a removal. */
    after: KubeObject.nullable(),
    owners: z.array(FieldOwner),
  })
  .meta({ id: "StepOutcome" })
export type StepOutcome = z.infer<typeof StepOutcome>

/** A step looked at, not done. */
export const StepCheck = z.object({
  live: KubeObject.nullable(),
  access: AccessLine,
  owners: z.array(FieldOwner),
  /** passed, or what the real admission chain said. */
  dryRun: z.object({
    state: z.enum(["passed", "refused", "unknown"]),
    code: FailureCode.nullable(),
    message: z.string(),
    /** What the server would make of it. */
    after: KubeObject.nullable(),
  }),
})
export type StepCheck = z.infer<typeof StepCheck>

const failure = z.object({ code: FailureCode, message: z.string() }).nullable()

export const CommandOutcome = z.discriminatedUnion("type", [
  z.object({ type: z.literal("check"), as: KubeIdentity.nullable(), failure, steps: z.array(StepCheck) }),
  z.object({ type: z.literal("access"), as: KubeIdentity.nullable(), failure, lines: z.array(AccessLine) }),
  z.object({ type: z.literal("apply"), as: KubeIdentity.nullable(), failure, steps: z.array(StepOutcome) }),
  z.object({ type: z.literal("release"), failure }),
  /** Not even read: signature, expiry, cluster. */
  z.object({ type: z.literal("refused"), failure: z.object({ code: FailureCode, message: z.string() }) }),
])
export type CommandOutcome = z.infer<typeof CommandOutcome>

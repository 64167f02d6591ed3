import { z } from "zod"
import { Id, Instant, Name } from "../id.ts"
import { KubeSubject } from "../act/policy.ts"
import { ActState, KindState, TelemetryState } from "../protocol/message/status.ts"

export const WriteFamily = z.enum(["traffic", "security"])
export type WriteFamily = z.infer<typeof WriteFamily>

/** Where a join stands; each step's moment is null until it happened. */
export const JoinProgress = z
  .object({
    tokenExpiresAt: Instant.nullable(),
    manifestFetchedAt: Instant.nullable(),
    connectedAt: Instant.nullable(),
    identifiedAt: Instant.nullable(),
    /** Objects stored in the cloud, and expected by the agent. */
    inventory: z.object({ objects: z.int(), expected: z.int(), doneAt: Instant.nullable() }),
    firstMetricsAt: Instant.nullable(),
  })
  .meta({ id: "JoinProgress" })
export type JoinProgress = z.infer<typeof JoinProgress>

export const ClusterInfo = z
  .object({
    clusterId: Id.cluster,
    name: Name,
    createdAt: Instant,
    createdBy: z.string(),
    write: z.array(WriteFamily),
    /**
     * waiting: no agent yet. live. late: silent for more than 2 ticks. stale: link down or silent for more than 5 min. revoked: keys are dead.
     */
    link: z.enum(["waiting", "live", "late", "stale", "revoked"]),
    /** Since when the link is in this state. */
    linkSince: Instant,
    lastSeenAt: Instant.nullable(),
    /** UID of kube-system; null before join. */
    clusterUid: z.string().nullable(),
    agentVersion: z.string().nullable(),
    kubernetesVersion: z.string().nullable(),
    /** Versions of istiod found among its pods (label or image tag). */
    istioVersions: z.array(z.string()),
    nodes: z.int().nullable(),
    objects: z.int(),
    tickMs: z.int(),
    lastTickAt: Instant.nullable(),
    kinds: z.array(KindState),
    telemetry: TelemetryState.nullable(),
    /** Whether its agent writes, and for whom; null: it does not say. */
    act: ActState.nullable(),
    process: z.object({ rssBytes: z.int(), cpuMillicores: z.number() }).nullable(),
    join: JoinProgress,
  })
  .meta({ id: "Cluster" })
export type ClusterInfo = z.infer<typeof ClusterInfo>

/**
 * Who writes, as the first install sets it up: nobody, the one who adds the cluster as a user of Kubernetes, or everybody as the agent's own account
 * (try-out). After that only the cluster's owner changes it, in the cluster. `users` and `groups` are all that the agent may impersonate.
 */
export const ActInstall = z
  .object({
    mode: z.enum(["off", "mapped", "anonymous"]).default("off"),
    users: z.array(KubeSubject).max(50).default([]),
    groups: z.array(KubeSubject).max(50).default([]),
  })
  .refine(({ mode, users }) => mode !== "mapped" || users.length > 0, {
    error: "mapped wants at least one user of Kubernetes, as whom the member who adds the cluster writes",
    path: ["users"],
  })
  .refine(({ mode, users, groups }) => mode === "mapped" || users.length + groups.length === 0, {
    error: "users and groups are impersonated in mode mapped only; choose it, or leave them out",
    path: ["mode"],
  })
  .meta({ id: "ActInstall" })
export type ActInstall = z.infer<typeof ActInstall>

export const ClusterCreate = z
  .object({
    name: Name,
    write: z.array(WriteFamily).default([]),
    act: ActInstall.default({ mode: "off", users: [], groups: [] }),
  })
  .refine(({ write, act }) => act.mode === "off" || write.length > 0, {
    error: "nothing may be written: choose traffic, security or both",
    path: ["write"],
  })
  .meta({ id: "ClusterCreate" })

/** `act`: the manifest sets the policy of the cluster anew. Without it, what was chosen stays, and a cluster that joined once keeps its own policy. */
export const JoinTokenCreate = z
  .object({ write: z.array(WriteFamily).optional(), act: ActInstall.optional() })
  .meta({ id: "JoinTokenCreate" })

/** The token is shown here once and stored only as a hash. */
export const ClusterInstall = z
  .object({
    cluster: ClusterInfo,
    token: z.string(),
    expiresAt: Instant,
    command: z.string(),
    manifestUrl: z.string(),
  })
  .meta({ id: "ClusterInstall" })
export type ClusterInstall = z.infer<typeof ClusterInstall>

export const ClusterUpdate = z.object({ name: Name }).meta({ id: "ClusterUpdate" })

export const LinkEvent = z
  .object({
    at: Instant,
    kind: z.enum([
      "created",
      "token",
      "manifest",
      "joined",
      "connected",
      "disconnected",
      "rotated",
      "refused",
      "resync",
      "revoked",
    ]),
    message: z.string(),
  })
  .meta({ id: "LinkEvent" })
export type LinkEvent = z.infer<typeof LinkEvent>

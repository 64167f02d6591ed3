import { z } from "zod"
import { Instant } from "../../id.ts"

/** What the agent knows about one kind. Never an empty list instead of a reason. */
export const KindState = z
  .object({
    kind: z.string().max(253),
    /** live: listed and watched. stale: was live, the watch is broken since `since`. denied: RBAC says no. absent: not installed. */
    state: z.enum(["syncing", "live", "stale", "denied", "absent"]),
    since: Instant,
    count: z.int().nonnegative(),
    /** The API server's words for denied and stale; empty otherwise. */
    reason: z.string().max(1_000),
  })
  .meta({ id: "KindState" })
export type KindState = z.infer<typeof KindState>

export const TelemetryState = z
  .object({
    source: z.enum(["prometheus", "scrape", "none"]),
    state: z.enum(["waiting", "live", "failing"]),
    /** Where it reads: a URL without credentials, or `4 proxies`. */
    target: z.string().max(1_000),
    lastTickAt: Instant.nullable(),
    reason: z.string().max(1_000),
    queryMs: z.number().nonnegative(),
  })
  .meta({ id: "TelemetryState" })
export type TelemetryState = z.infer<typeof TelemetryState>

/** Whether this agent writes, for whom, and what of the owner's policy it cannot follow. */
export const ActState = z
  .object({
    mode: z.enum(["off", "mapped", "anonymous"]),
    /** Why it is off, or empty. */
    reason: z.string().max(1_000),
    /** Lines of the policy that are not followed, with the value and the remedy. */
    problems: z.array(z.string().max(500)).max(50),
    identityProvider: z
      .object({ issuer: z.string(), audience: z.string(), bindToChange: z.boolean() })
      .nullable(),
    /** Kinds on the allow-list. */
    kinds: z.array(z.string().max(253)).max(100),
    /** Changes under guard or with an expiry. */
    watching: z.int().nonnegative(),
  })
  .meta({ id: "ActState" })
export type ActState = z.infer<typeof ActState>

/** Latest value wins: sent when something in it changed, when there was no tick to send, and every five minutes. */
export const Status = z.object({
  type: z.literal("status"),
  seq: z.int().positive(),
  at: Instant,
  kinds: z.array(KindState).max(200),
  telemetry: TelemetryState,
  /** Absent of agents that only read. */
  act: ActState.optional(),
  /** Objects known and objects announced by the API server so far (`remainingItemCount`), for the join's progress. */
  progress: z.object({ objects: z.int().nonnegative(), expected: z.int().nonnegative() }),
  process: z.object({ rssBytes: z.int().nonnegative(), cpuMillicores: z.number().nonnegative() }),
  /** Sum over all buckets: a difference makes the cloud ask for `hashes`. */
  root: z.object({ hash: z.int().nonnegative(), count: z.int().nonnegative() }),
})
export type Status = z.infer<typeof Status>

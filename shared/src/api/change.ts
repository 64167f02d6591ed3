import { z } from "zod"
import { Ref } from "../edit/edit-schema.ts"
import { Guard } from "../edit/guard.ts"
import { FormControl, Intent } from "../edit/intent.ts"
import { MtlsMode, PolicyScope } from "../edit/form.ts"
import { Id, Instant } from "../id.ts"
import { KubeIdentity, Verb } from "../act/policy.ts"
import { AccessLine, Conflicts, FailureCode, FieldOwner, StepOutcome } from "../protocol/command.ts"
import { KubeObject } from "../kube/object-schema.ts"
import { ProposalDelta } from "./validation.ts"

export const Via = z.enum(["console", "cli", "api"])

/** One change, as a caller asks for it. */
export const ChangeRequest = z
  .object({
    intent: Intent,
    /** Where; in this order. An undo names none: it goes where the change went. */
    clusters: z.array(Id.cluster).max(20).default([]),
    conflicts: Conflicts.default("ask"),
    guard: Guard.nullable().default(null),
    /** The change undoes itself after so long. */
    expiresInMs: z
      .int()
      .min(1_000)
      .max(30 * 86_400_000)
      .nullable()
      .default(null),
    /** What a preview answered; then a mesh that has changed since is refused (change.outdated). Absent: whatever is there now. */
    digest: z.string().max(128).optional(),
    /** For an agent that is away: keep it until then (at most 24 h). null: refused at once (agent.away). */
    queueUntil: Instant.nullable().default(null),
    via: Via.default("api"),
    /** The caller's own signed assertion (JWT), where a cluster demands one. */
    assertion: z.string().max(16_384).nullable().default(null),
  })
  .meta({ id: "ChangeRequest" })
export type ChangeRequest = z.infer<typeof ChangeRequest>

export const ChangeRelease = z
  .object({
    /** The caller's own signed assertion, where a cluster demands one. */
    assertion: ChangeRequest.shape.assertion,
  })
  .meta({ id: "ChangeRelease" })
export type ChangeRequestInput = z.input<typeof ChangeRequest>

/** One write of one object in one cluster, in the order in which it happens. */
export const ChangeStep = z
  .object({
    cluster: Id.cluster,
    verb: Verb,
    object: Ref,
    resourceVersion: z.string().nullable(),
    before: KubeObject.nullable(),
    after: KubeObject.nullable(),
    /** Why it stands where it stands in the order. */
    why: z.string(),
  })
  .meta({ id: "ChangeStep" })
export type ChangeStep = z.infer<typeof ChangeStep>

/** Where requests to a service go now and would go after, requests per second. */
export const TrafficEffect = z
  .object({
    cluster: Id.cluster,
    service: z.string(),
    /**
     * Bands from a version to a version; equal ones stay where they are. `fault`, `none`, `redirect` and `direct` (answered by the route itself) are ends as well,
     * and versions of other services (`ratings v1`).
     */
    bands: z.array(z.object({ from: z.string(), to: z.string(), requestsPerSecond: z.number() })),
    requestsPerSecond: z.number(),
    movedPerSecond: z.number(),
    /** Mirrored copies per second, by version. */
    mirrored: z.array(z.object({ to: z.string(), requestsPerSecond: z.number() })),
    /** `12.4 req/s that now reach v1 would reach v2` */
    sentences: z.array(z.string()),
    /** Whether it follows from the routes and from which version answers now; else nobody measures how many requests a rule takes, and the sentences say which. */
    certain: z.boolean(),
    /** Of the signals; null: nothing was measured. */
    measuredAt: Instant.nullable(),
  })
  .meta({ id: "TrafficEffect" })
export type TrafficEffect = z.infer<typeof TrafficEffect>

const Warning = z.object({ code: z.string(), message: z.string() })

/** What the cluster itself says of the change; null where it was not asked (`check: false`), or does not answer. */
const ClusterCheck = z.object({
  checkedAt: Instant,
  as: KubeIdentity.nullable(),
  failure: z.object({ code: FailureCode, message: z.string() }).nullable(),
  access: z.array(AccessLine),
  owners: z.array(FieldOwner),
  /** Per step of this cluster, in order. */
  dryRun: z.array(
    z.object({
      state: z.enum(["passed", "refused", "unknown"]),
      code: FailureCode.nullable(),
      message: z.string(),
    }),
  ),
})

export const ChangePreview = z
  .object({
    previewedAt: Instant,
    /** Over intent, steps and what they were planned on. */
    digest: z.string(),
    title: z.string(),
    services: z.array(z.string()),
    steps: z.array(ChangeStep),
    clusters: z.array(
      z.object({
        cluster: Id.cluster,
        clusterName: z.string(),
        link: z.enum(["waiting", "live", "late", "stale", "revoked"]),
        mode: z.enum(["off", "mapped", "anonymous"]).nullable(),
        check: ClusterCheck.nullable(),
      }),
    ),
    /** Where the change cannot be planned: the cluster, and why. */
    refused: z.array(z.object({ cluster: Id.cluster, clusterName: z.string(), message: z.string() })),
    findings: ProposalDelta,
    traffic: z.array(TrafficEffect),
    warnings: z.array(Warning),
    /** Whether it can be applied as asked, and if not why: in the order in which a reader should take care of them. */
    blockers: z.array(Warning),
    /** The equal lines. */
    commands: z.object({ smm: z.string(), kubectl: z.string(), curl: z.string() }),
  })
  .meta({ id: "ChangePreview" })
export type ChangePreview = z.infer<typeof ChangePreview>

export const ChangeState = z.enum([
  "queued",
  "running",
  "applied",
  /** Some objects were changed, then one was not. */
  "partly",
  "failed",
  /** Never carried out: its time ran out. */
  "expired",
  /** By a later change, guard or expiry. */
  "undone",
])
export type ChangeState = z.infer<typeof ChangeState>

export const Change = z
  .object({
    changeId: Id.change,
    at: Instant,
    endedAt: Instant.nullable(),
    by: z.object({ kind: z.enum(["user", "token", "outside", "agent"]), id: z.string(), name: z.string() }),
    via: z.enum(["console", "cli", "api", "agent", "outside"]),
    title: z.string(),
    services: z.array(z.string()),
    /** null: it came from outside. */
    intent: Intent.nullable(),
    state: ChangeState,
    clusters: z.array(
      z.object({
        cluster: Id.cluster,
        clusterName: z.string(),
        state: z.enum(["waiting", "queued", "sent", "done", "failed", "skipped", "expired"]),
        as: KubeIdentity.nullable(),
        failure: z.object({ code: FailureCode, message: z.string() }).nullable(),
        /** Until when an agent that is away may still carry it out. */
        expiresAt: Instant,
      }),
    ),
    steps: z.array(ChangeStep.extend({ outcome: StepOutcome.nullable() })),
    findings: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
    guard: Guard.nullable(),
    revertAt: Instant.nullable(),
    /** What became of guard and expiry. */
    watch: z
      .object({
        state: z.enum(["watching", "passed", "undone", "failed", "released"]),
        reason: z.string(),
        at: Instant,
      })
      .nullable(),
    undoOf: Id.change.nullable(),
    undoneBy: Id.change.nullable(),
  })
  .meta({ id: "Change" })
export type Change = z.infer<typeof Change>

/** Signals of a change's services, five minutes before and after; null: nothing was measured, or not yet. */
const Around = z.object({
  requestsPerSecond: z.number().nullable(),
  errorRatio: z.number().nullable(),
  p95Ms: z.number().nullable(),
})
export const ChangeDetail = Change.extend({
  traffic: z.array(z.object({ cluster: Id.cluster, service: z.string(), before: Around, after: Around })),
}).meta({ id: "ChangeDetail" })
export type ChangeDetail = z.infer<typeof ChangeDetail>

/** What a control shows of what is there. */
export const ControlReading = z
  .object({
    control: FormControl,
    cluster: Id.cluster,
    form: z.unknown(),
    api: z.enum(["istio", "gateway"]),
    objects: z.array(Ref),
    unshown: z.array(z.object({ object: Ref, path: z.string() })),
    versions: z.array(
      z.object({
        subset: z.string(),
        labels: z.record(z.string(), z.string()),
        pods: z.int(),
        exists: z.boolean(),
      }),
    ),
    shadowed: z.array(z.object({ rule: z.int(), by: z.int().nullable(), message: z.string() })),
    warnings: z.array(Warning),
    /** Of mtls only: what counts, and what each level says, the closest first. */
    mtls: z
      .object({
        effective: z.enum(["STRICT", "PERMISSIVE", "DISABLE"]),
        message: z.string(),
        levels: z.array(
          z.object({
            level: z.enum(["port", "service", "namespace", "mesh"]),
            mode: MtlsMode,
            object: Ref.nullable(),
          }),
        ),
      })
      .optional(),
  })
  .meta({ id: "ControlReading" })
export type ControlReading = z.infer<typeof ControlReading>

/** What a control is about, as a query: a service with a scope, or an mTLS scope. */
export const ControlQuery = z.object({
  namespace: z.string().max(253).optional(),
  service: z.string().max(253).optional(),
  subset: PolicyScope.shape.subset,
  port: z.coerce.number().int().min(1).max(65535).optional(),
})
export type ControlQuery = z.infer<typeof ControlQuery>

/** What the caller may do in a namespace, per kind and verb. */
export const Access = z
  .object({
    cluster: Id.cluster,
    namespace: z.string(),
    mode: z.enum(["off", "mapped", "anonymous"]),
    as: KubeIdentity.nullable(),
    /** Set when nothing may be written, and why. */
    refused: z.string().nullable(),
    lines: z.array(AccessLine),
    checkedAt: Instant,
  })
  .meta({ id: "Access" })
export type Access = z.infer<typeof Access>

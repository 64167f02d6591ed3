import { z } from "zod"
import { Id, Instant } from "../id.ts"
import { KubeObject } from "../kube/object-schema.ts"
import { Ref } from "../edit/edit-schema.ts"
import { Fix, Level, Reference } from "../validation/finding-schema.ts"

/** A wish of the organization not to be told of a code at some objects, for some time or for good. */
export const SuppressionRule = z
  .object({
    suppressionId: Id.suppression,
    /** Ours (`virtualservice.subset_unknown`), an anchor's (`IST0101`, `KIA1107`), or `*`. */
    code: z.string(),
    /** `VirtualService reviews.bookinfo` or `bookinfo/reviews`, with `*` for any text; empty: everywhere. */
    object: z.string(),
    until: Instant.nullable(),
    reason: z.string(),
    createdBy: z.string(),
    createdAt: Instant,
  })
  .meta({ id: "SuppressionRule" })
export type SuppressionRule = z.infer<typeof SuppressionRule>

export const SuppressionCreate = z
  .object({
    code: z
      .string()
      .min(1)
      .max(100)
      .regex(/^(\*|[\w.-]+)$/, "wants a code, IST0101, KIA1107 or *"),
    object: z.string().max(600).default(""),
    until: Instant.nullable().default(null),
    reason: z.string().max(500).default(""),
  })
  .meta({ id: "SuppressionCreate" })

/** What a rule says of one place of one object. */
export const FindingItem = z
  .object({
    cluster: z.string(),
    clusterName: z.string(),
    code: z.string(),
    level: Level,
    message: z.string(),
    object: Ref,
    path: z.string(),
    references: z.array(Reference),
    fix: Fix.nullable(),
    /** Since when it is known; null: found just now, over several clusters. */
    since: Instant.nullable(),
    /** The cluster is not connected: this was so when it last was. */
    stale: z.boolean(),
    /** Why it is not counted: by an annotation of the object, or by the organization; `until` in RFC 3339. */
    suppressed: z.object({ by: z.string(), code: z.string(), until: z.string().nullable() }).nullable(),
  })
  .meta({ id: "FindingItem" })
export type FindingItem = z.infer<typeof FindingItem>

/** Rules whose answer is not known, and why: "may not list Secrets". */
export const NotEvaluatedItem = z
  .object({
    cluster: z.string(),
    clusterName: z.string(),
    codes: z.array(z.string()),
    kind: z.string(),
    state: z.enum(["syncing", "stale", "denied", "absent"]),
    reason: z.string(),
    /** Objects that were not checked for it. */
    objects: z.int(),
  })
  .meta({ id: "NotEvaluatedItem" })
export type NotEvaluatedItem = z.infer<typeof NotEvaluatedItem>

/** What the codes of an answer mean. */
const RuleText = z.object({
  aliases: z.array(z.string()),
  title: z.string(),
  effect: z.string(),
  remedy: z.string(),
})

/** A rule of the engine, for people. */
export const RuleItem = RuleText.extend({
  code: z.string(),
  level: Level,
  source: z.string().nullable(),
}).meta({
  id: "RuleItem",
})
export type RuleItem = z.infer<typeof RuleItem>

export const FindingList = z
  .object({
    items: z.array(FindingItem),
    /** Of all that match but for level and limit. */
    counts: z.object({ error: z.int(), warning: z.int(), info: z.int(), suppressed: z.int() }),
    /** How many more match than `items` holds. */
    more: z.int(),
    notEvaluated: z.array(NotEvaluatedItem),
    rules: z.record(z.string(), RuleText),
    /** Objects looked at. */
    objects: z.int(),
    notices: z.array(z.object({ code: z.string(), cluster: z.string(), message: z.string() })),
  })
  .meta({ id: "FindingList" })
export type FindingList = z.infer<typeof FindingList>

/** Objects as they would be, in place of those of the same name, and objects that would be gone. */
export const Proposal = z
  .object({
    put: z.array(KubeObject).max(1_000).default([]),
    remove: z.array(Ref).max(1_000).default([]),
  })
  .meta({ id: "Proposal" })

export const ProposalDelta = z
  .object({
    added: z.array(FindingItem),
    removed: z.array(FindingItem),
    notEvaluated: z.array(NotEvaluatedItem),
    rules: z.record(z.string(), RuleText),
  })
  .meta({ id: "ProposalDelta" })
export type ProposalDelta = z.infer<typeof ProposalDelta>

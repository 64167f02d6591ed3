import { gunzipSync, gzipSync } from "node:zlib"
import { z } from "zod"
import { Ref } from "#shared/edit/edit-schema.ts"
import { Guard } from "#shared/edit/guard.ts"
import { Instant } from "#shared/id.ts"
import { KubeObject } from "#shared/kube/object-schema.ts"
import { KubeIdentity } from "#shared/act/policy.ts"
import { CommandOutcome, Conflicts, StepOutcome, WireStep } from "#shared/protocol/command.ts"

/** A step with what it was held against when its command began. */
export const JournalStep = z.object({
  step: WireStep,
  /** As the agent read it, without who owns it. */
  before: KubeObject.nullable(),
  /** Of that; null: it was not there, or an earlier step makes it. */
  resourceVersion: z.string().nullable(),
  uid: z.string().nullable(),
})
export type JournalStep = z.infer<typeof JournalStep>

/** One command that writes, from before its first write until the cloud has its result. */
export const Entry = z.object({
  /** The command's id; of an undo by the agent `undo_` and the change. */
  id: z.string(),
  changeId: z.string(),
  /** null: the agent's own account. */
  as: KubeIdentity.nullable(),
  conflicts: Conflicts,
  at: Instant,
  /** Not begun, or carried on after a restart, later than this. */
  expiresAt: Instant,
  services: z.array(z.string()),
  guard: Guard.nullable(),
  revertAt: Instant.nullable(),
  steps: z.array(JournalStep),
  /** Of the steps done so far, in order. The one after the last may have been begun. */
  outcomes: z.array(StepOutcome),
  result: z.object({ at: Instant, outcome: CommandOutcome }).nullable(),
})
export type Entry = z.infer<typeof Entry>

/** What a change did, while it may still have to be undone; and then how that ended, until the cloud knows. */
export const Watch = z.object({
  changeId: z.string(),
  as: KubeIdentity.nullable(),
  services: z.array(z.string()),
  since: Instant,
  guard: Guard.nullable(),
  guardState: z.object({
    exceededSince: Instant.nullable(),
    measuredAt: Instant.nullable(),
    measuredMs: z.number(),
    worst: z.object({ errorsPercent: z.number().nullable(), p95Ms: z.number().nullable() }),
  }),
  revertAt: Instant.nullable(),
  done: z.array(z.object({ object: Ref, before: KubeObject.nullable(), after: KubeObject.nullable() })),
  /** It has to be undone, and why. */
  fired: z.object({ why: z.enum(["guard", "expiry"]), reason: z.string(), at: Instant }).nullable(),
  end: z
    .object({
      at: Instant,
      end: z.enum(["passed", "undone", "failed"]),
      why: z.enum(["guard", "expiry"]),
      reason: z.string(),
      outcome: CommandOutcome.nullable(),
    })
    .nullable(),
})
export type Watch = z.infer<typeof Watch>

/** Shorter texts are kept readable for people. */
const plainChars = 2_000
const packedMark = "gzip:"
const mostChars = 16 * 1024 * 1024

export function packed(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= plainChars ? text : packedMark + gzipSync(text, { level: 6 }).toString("base64")
}

/** @throws Error for what `packed` has not made */
export function unpacked(text: string): unknown {
  if (!text.startsWith(packedMark)) return JSON.parse(text) as unknown
  const bytes = Buffer.from(text.slice(packedMark.length), "base64")
  return JSON.parse(gunzipSync(bytes, { maxOutputLength: mostChars }).toString("utf8")) as unknown
}

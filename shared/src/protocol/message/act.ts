import { z } from "zod"
import { PatchOperation, Ref } from "../../edit/edit-schema.ts"
import { Id, Instant } from "../../id.ts"
import { CommandOutcome } from "../command.ts"

const Seq = z.int().positive()

/** The lane of commands, agent to cloud: never dropped; each is repeated in every connection until it is acknowledged. */

/** What became of a command. Kept in the cluster until the cloud has it. */
export const Result = z.object({
  type: z.literal("result"),
  seq: Seq,
  commandId: Id.command,
  at: Instant,
  outcome: CommandOutcome,
})
export type Result = z.infer<typeof Result>

/** A guard or expiry of a change came to its end: it fired (and the change was undone, or could not be), or it passed. */
export const Watched = z.object({
  type: z.literal("watched"),
  seq: Seq,
  changeId: Id.change,
  at: Instant,
  end: z.enum(["passed", "undone", "failed"]),
  /** guard, or expiry. */
  why: z.enum(["guard", "expiry"]),
  /** With the numbers: `errors 4.1 % for 2 min, bound 2 %`. */
  reason: z.string().max(1_000),
  outcome: CommandOutcome.nullable(),
})
export type Watched = z.infer<typeof Watched>

/** Changes of configuration that did not come from us, as the watch showed them. `lost` of them were too many to keep. */
export const Observed = z.object({
  type: z.literal("observed"),
  seq: Seq,
  lost: z.int().nonnegative(),
  items: z
    .array(
      z.object({
        /** Unique: object's UID and resourceVersion. */
        id: z.string().max(128),
        at: Instant,
        verb: z.enum(["create", "patch", "delete"]),
        object: Ref,
        /** Field manager of the newest write; empty for a removal. */
        manager: z.string().max(128),
        /** What changed; null when it is too much to send. */
        patch: z.array(PatchOperation).nullable(),
      }),
    )
    .max(200),
})
export type Observed = z.infer<typeof Observed>

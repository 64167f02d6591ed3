import { z } from "zod"
import { errorStatus, type ErrorCode } from "../error.ts"
import { Instant } from "../id.ts"
import { Command, KeyCertificate } from "./command.ts"

/** Answer to hello. The agent then sends `hashes` and `status`. */
export const Welcome = z.object({
  type: z.literal("welcome"),
  session: z.int().positive(),
  serverAt: Instant,
  tickMs: z.int().positive(),
  maxUnacked: z.int().positive(),
  /** Signing keys of the cloud after the one pinned at the join, oldest first. */
  commandKeys: z.array(KeyCertificate).max(32).optional(),
})
export type Welcome = z.infer<typeof Welcome>

/** Everything up to and including `seq` is stored. */
export const Ack = z.object({ type: z.literal("ack"), seq: z.int().positive() })

/** Buckets whose content differs ([kind key, namespace]); `hashes` asks for the sums again, after a gap in seq or a root that differs. */
export const Need = z.object({
  type: z.literal("need"),
  buckets: z.array(z.tuple([z.string(), z.string()])),
  hashes: z.boolean(),
})
export type Need = z.infer<typeof Need>

/** How often to measure: 10 s while somebody watches, 60 s otherwise. */
export const Pace = z.object({ type: z.literal("pace"), tickMs: z.int().positive() })

/** The cloud ends the connection. `retryAfterMs` null: do not come back with this identity (revoked, removed). */
export const Bye = z.object({
  type: z.literal("bye"),
  code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  retryAfterMs: z.int().nonnegative().nullable(),
})
export type Bye = z.infer<typeof Bye>

/** Cloud -> agent. Unknown types are ignored and counted. */
export const Down = z.discriminatedUnion("type", [Welcome, Ack, Need, Pace, Command, Bye])
export type Down = z.infer<typeof Down>

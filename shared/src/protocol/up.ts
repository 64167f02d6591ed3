import { z } from "zod"
import { Instant } from "../id.ts"
import { PackedTick } from "../telemetry/tick.ts"
import { Observed, Result, Watched } from "./message/act.ts"
import { Bucket, Delta, Hashes } from "./message/state.ts"
import { Status } from "./message/status.ts"

/** First message of a connection. */
export const Hello = z.object({
  type: z.literal("hello"),
  seq: z.literal(1),
  protocol: z.int(),
  agent: z.string().max(64),
  instance: z.string().max(64),
  epoch: z.int().nonnegative(),
  clusterUid: z.string().max(64),
  kubernetes: z.string().max(64),
  startedAt: Instant,
})
export type Hello = z.infer<typeof Hello>

/** `late`: measured while the link was down, back-filled now. */
export const TickMessage = z.object({
  type: z.literal("tick"),
  seq: z.int().positive(),
  late: z.boolean(),
  tick: PackedTick,
})
export type TickMessage = z.infer<typeof TickMessage>

/** After 4 minutes of silence. */
export const Ping = z.object({ type: z.literal("ping"), seq: z.int().positive() })

/** Agent -> cloud. `seq` counts from 1 in each connection, without a gap, and is what `ack` refers to. */
export const Up = z.discriminatedUnion("type", [
  Hello,
  Hashes,
  Bucket,
  Delta,
  TickMessage,
  Status,
  Ping,
  Result,
  Watched,
  Observed,
])
export type Up = z.infer<typeof Up>

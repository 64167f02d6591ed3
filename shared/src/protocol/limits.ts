/** API Gateway's limits and our own cuts below them. Source: AWS API Gateway WebSocket quotas. */
export const limits = {
  /** A longer frame or message closes the connection with 1009. */
  frameBytes: 32 * 1024,
  messageBytes: 128 * 1024,
  /** We cut text frames here, so that each is one billed unit. */
  cutBytes: 31 * 1024,
  /** Frames of one group. */
  maxParts: 64,
  /** A message inflated beyond this is refused before parsing. */
  maxInflatedBytes: 4 * 1024 * 1024,
  idleMs: 10 * 60_000,
  lifeMs: 2 * 60 * 60_000,
  integrationMs: 29_000,
  /** Planned rotation, picked at random in this range, the new connection up before the old one goes. */
  rotateMinMs: 85 * 60_000,
  rotateMaxMs: 110 * 60_000,
  pingAfterSilenceMs: 4 * 60_000,
  maxUnacked: 4,
  ticketMs: 60_000,
  joinTokenMs: 15 * 60_000,
  nonceMs: 60_000,
  backfillMs: 2 * 60 * 60_000,
  tickDefaultMs: 60_000,
  tickWatchedMs: 10_000,
  tickFloorMs: 5_000,
} as const

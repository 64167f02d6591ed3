import type { Up } from "#shared/protocol/up.ts"

/** A message ready to go, made for the seq that it was asked with. */
export type Outgoing = {
  type: Up["type"]
  frames: string[]
  /** The cloud stored it. */
  acked?: () => void
  /** Its connection ended before the cloud said so. */
  lost?: () => void
}

/** A lane gives its next message when there is credit for one, so that what waits is always the newest. */
export type Lane = { next(seq: number): Outgoing | undefined }

import type { Status } from "#shared/protocol/message/status.ts"
import { pack } from "./codec.ts"
import type { Lane } from "./outgoing.ts"

export type StatusLane = Lane & {
  /** Something in the status is another, or a minute has passed. */
  touch(): void
  dueIn(): number | undefined
}

const apartMs = 1_000

/** Latest wins: the status is read when it is sent, never more than once a second. */
export function createStatusLane({
  read,
  now,
  wake,
}: {
  read: () => Omit<Status, "type" | "seq">
  now: () => number
  wake: () => void
}): StatusLane {
  let due = true
  let sentAt = -Infinity
  const wait = (): number => Math.max(0, sentAt + apartMs - now())
  return {
    touch() {
      if (due) return
      due = true
      wake()
    },
    next(seq) {
      if (!due || wait() > 0) return undefined
      due = false
      sentAt = now()
      return { type: "status", frames: pack({ type: "status", seq, ...read() }) }
    },
    dueIn: () => (due ? wait() : undefined),
  }
}

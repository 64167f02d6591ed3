import { limits } from "#shared/protocol/limits.ts"
import type { Status } from "#shared/protocol/message/status.ts"
import { pack } from "./codec.ts"
import type { Lane } from "./outgoing.ts"

export type StatusLane = Lane & {
  /** Something in the status is another: it goes with the next credit. */
  touch(): void
  /** Told after each measurement. A tick says that we are there, and the status stays back when it says nothing new; without one it goes. */
  measured(outcome: "tick" | "nothing"): void
  dueIn(): number | undefined
}

const apartMs = 1_000
/** Each a little less than so many ticks at the default pace, so that it goes along with one. */
export const statusPace = {
  /** Objects change all the time: the new sum of them is told no sooner. */
  changedMs: limits.tickDefaultMs - 5_000,
  /** A status in which nothing changed is told again after this. */
  quietMs: 5 * limits.tickDefaultMs - 5_000,
}

type Said = Omit<Status, "type" | "seq">

const telemetryOf = ({ telemetry: { source, state, target, reason } }: Said): string =>
  [source, state, target, reason].join(" ")
const rootOf = ({ root }: Said): string => `${root.hash}/${root.count}`

/** Latest wins: the status is read when it is sent, never more than once a second. */
export function createStatusLane({
  read,
  now,
  wake,
}: {
  read: () => Said
  now: () => number
  wake: () => void
}): StatusLane {
  let due = true
  let sentAt = -Infinity
  let said = { telemetry: "", root: "" }
  const wait = (): number => Math.max(0, sentAt + apartMs - now())

  function touch(): void {
    if (due) return
    due = true
    wake()
  }

  function isNews(): boolean {
    const status = read()
    const silentMs = now() - sentAt
    if (telemetryOf(status) !== said.telemetry || silentMs >= statusPace.quietMs) return true
    return rootOf(status) !== said.root && silentMs >= statusPace.changedMs
  }

  return {
    touch,
    measured(outcome) {
      if (outcome === "nothing" || isNews()) touch()
    },
    next(seq) {
      if (!due || wait() > 0) return undefined
      due = false
      sentAt = now()
      const status = read()
      said = { telemetry: telemetryOf(status), root: rootOf(status) }
      return { type: "status", frames: pack({ type: "status", seq, ...status }) }
    },
    dueIn: () => (due ? wait() : undefined),
  }
}

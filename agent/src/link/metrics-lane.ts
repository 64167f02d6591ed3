import { AppError } from "#shared/error.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import { pack } from "./codec.ts"
import type { Lane, Outgoing } from "./outgoing.ts"

type Entry = { tick: PackedTick; late: boolean; sending: boolean }

export type MetricsLane = Lane & {
  /** Live ticks go before anything else, those of the past after everything. */
  nextLate: Lane["next"]
  add(tick: PackedTick): void
  /** What is kept now was measured before this connection. */
  markLate(): void
  size(): number
  /** Ticks given up: older than two hours and never taken, or too large for any message. */
  dropped(): number
}

/**
 * Two hours of ticks, oldest dropped first. A tick stays until it is acknowledged; one that the link lost, or that was measured while there
 * was none, goes again marked late. Times are of our own clock: the cloud knows how far off it is.
 */
export function createMetricsLane(now: () => number): MetricsLane {
  let entries: Entry[] = []
  let dropped = 0

  function dropOld(): void {
    const kept = entries.filter(({ tick, sending }) => sending || tick.at > now() - limits.backfillMs)
    dropped += entries.length - kept.length
    entries = kept
  }

  /** Undefined for one that no message can hold: it would end each connection that it is sent on. */
  function framesOf({ late, tick }: Entry, seq: number): string[] | undefined {
    try {
      return pack({ type: "tick", seq, late, tick })
    } catch (error) {
      if (error instanceof AppError && error.code === "input.too_large") return undefined
      throw error
    }
  }

  function send(entry: Entry, frames: string[]): Outgoing {
    entry.sending = true
    return {
      type: "tick",
      frames,
      acked: () => {
        entries = entries.filter((other) => other !== entry)
      },
      lost: () => {
        entry.sending = false
        entry.late = true
      },
    }
  }

  function pick(seq: number, late: boolean): Outgoing | undefined {
    dropOld()
    for (const entry of entries.filter((candidate) => candidate.late === late && !candidate.sending)) {
      const frames = framesOf(entry, seq)
      if (frames) return send(entry, frames)
      entries = entries.filter((other) => other !== entry)
      dropped += 1
    }
    return undefined
  }

  return {
    add(tick) {
      entries.push({ tick, late: false, sending: false })
      dropOld()
    },
    markLate() {
      for (const entry of entries) if (!entry.sending) entry.late = true
    },
    next: (seq) => pick(seq, false),
    nextLate: (seq) => pick(seq, true),
    size: () => entries.length,
    dropped: () => dropped,
  }
}

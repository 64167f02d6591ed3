import { limits } from "#shared/protocol/limits.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import { pack } from "./codec.ts"
import type { Lane } from "./outgoing.ts"

type Entry = { tick: PackedTick; late: boolean; sending: boolean }

export type MetricsLane = Lane & {
  /** Live ticks go before anything else, those of the past after everything. */
  nextLate: Lane["next"]
  add(tick: PackedTick): void
  /** What is kept now was measured before this connection. */
  markLate(): void
  size(): number
  /** Ticks given up because they were older than two hours and never taken. */
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

  function send(entry: Entry, seq: number) {
    entry.sending = true
    return {
      type: "tick" as const,
      frames: pack({ type: "tick", seq, late: entry.late, tick: entry.tick }),
      acked: () => {
        entries = entries.filter((other) => other !== entry)
      },
      lost: () => {
        entry.sending = false
        entry.late = true
      },
    }
  }

  const pick = (seq: number, late: boolean) => {
    dropOld()
    const entry = entries.find((candidate) => candidate.late === late && !candidate.sending)
    return entry && send(entry, seq)
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

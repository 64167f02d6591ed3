import type { Clock } from "./clock.ts"

export type Backoff = {
  /** Waits for the next delay, or for `atLeastMs` and a little when the other side asked for more. */
  wait(signal: AbortSignal, atLeastMs?: number): Promise<void>
  reset(): void
}

/** Whoever asks for more is not meant: a proxy's page for maintenance, a number gone wrong. */
const longestAskedMs = 15 * 60_000

/** Full jitter between `minMs` and a ceiling that doubles up to `maxMs`. Source: AWS, "Exponential backoff and jitter". */
export function createBackoff(clock: Clock, { minMs, maxMs }: { minMs: number; maxMs: number }): Backoff {
  const first = Math.min(2 * minMs, maxMs)
  let ceiling = first
  return {
    async wait(signal, atLeastMs = 0) {
      const own = minMs + clock.random() * (ceiling - minMs)
      ceiling = Math.min(maxMs, ceiling * 2)
      const asked = Math.min(atLeastMs, longestAskedMs)
      await clock.sleep(asked > 0 ? Math.max(own, asked + clock.random() * minMs) : own, signal)
    },
    reset() {
      ceiling = first
    },
  }
}

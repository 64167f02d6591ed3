import type { Clock } from "./clock.ts"

export type Backoff = {
  /** Waits for the next delay, or for `atLeastMs` and a little when the other side asked for that. */
  wait(signal: AbortSignal, atLeastMs?: number): Promise<void>
  reset(): void
}

/** Full jitter between `minMs` and a ceiling that doubles up to `maxMs`. Source: AWS, "Exponential backoff and jitter". */
export function createBackoff(clock: Clock, { minMs, maxMs }: { minMs: number; maxMs: number }): Backoff {
  const first = Math.min(2 * minMs, maxMs)
  let ceiling = first
  return {
    async wait(signal, atLeastMs = 0) {
      const own = minMs + clock.random() * (ceiling - minMs)
      ceiling = Math.min(maxMs, ceiling * 2)
      await clock.sleep(atLeastMs > 0 ? atLeastMs + clock.random() * minMs : own, signal)
    },
    reset() {
      ceiling = first
    },
  }
}

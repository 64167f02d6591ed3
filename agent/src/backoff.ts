import type { Clock } from "./clock.ts"

export type Backoff = {
  /** Waits for the next delay: full jitter below a ceiling that doubles. At least `atLeastMs` when the other side asked for it. */
  wait(signal: AbortSignal, atLeastMs?: number): Promise<void>
  reset(): void
}

/** Full jitter between `minMs` and a ceiling that doubles from `minMs` to `maxMs`. Source: AWS, "Exponential backoff and jitter". */
export function createBackoff(clock: Clock, { minMs, maxMs }: { minMs: number; maxMs: number }): Backoff {
  let ceiling = minMs
  return {
    async wait(signal, atLeastMs = 0) {
      const spread = Math.max(0, ceiling - minMs)
      const own = minMs * (0.5 + clock.random() / 2) + clock.random() * spread
      ceiling = Math.min(maxMs, ceiling * 2)
      await clock.sleep(atLeastMs > 0 ? atLeastMs + clock.random() * minMs : own, signal)
    },
    reset() {
      ceiling = minMs
    },
  }
}

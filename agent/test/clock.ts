import type { Clock } from "#agent/clock.ts"

export type TestClock = Clock & {
  /** Moves time on, waking whoever is due. */
  advance(ms: number): void
  /** How many sleep now. */
  sleepers(): number
}

/** A clock that stands still until it is told. Chance is always in the middle. */
export function createTestClock(start = 1_700_000_000_000): TestClock {
  let time = start
  const sleeping = new Set<{ at: number; wake: () => void }>()
  return {
    now: () => time,
    random: () => 0.5,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve()
        const entry = { at: time + ms, wake }
        function wake(): void {
          sleeping.delete(entry)
          signal?.removeEventListener("abort", wake)
          resolve()
        }
        sleeping.add(entry)
        signal?.addEventListener("abort", wake, { once: true })
      }),
    advance(ms) {
      time += ms
      for (const { at, wake } of [...sleeping].sort((a, b) => a.at - b.at)) if (at <= time) wake()
    },
    sleepers: () => sleeping.size,
  }
}

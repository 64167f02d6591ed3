import { setTimeout as delay } from "node:timers/promises"

/** Time and chance, so that a test decides both. */
export type Clock = {
  /** Milliseconds since 1970 UTC. Never goes back. */
  now(): number
  /** Resolves after `ms`, or as soon as the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** 0 <= x < 1. */
  random(): number
}

/** Beyond it Node's timers fire at once. */
const longestSleepMs = 2 ** 31 - 1

/**
 * The wall clock without its steps back: everything that is due "50 ms after" would wait for as long as the step was. Where the wall clock is
 * behind, this one goes at half its pace until they meet.
 */
export function steadyTime(wall: () => number, monotonic: () => number): () => number {
  let at = wall()
  let mark = monotonic()
  return () => {
    const passed = monotonic() - mark
    mark += passed
    const ahead = wall() - (at + passed)
    at += passed + Math.max(ahead, -passed / 2)
    return Math.floor(at)
  }
}

export const systemClock: Clock = {
  now: steadyTime(
    () => Date.now(),
    () => performance.now(),
  ),
  sleep: (ms, signal) =>
    delay(Math.min(ms, longestSleepMs), undefined, signal ? { signal } : {}).catch(() => undefined),
  random: () => Math.random(),
}

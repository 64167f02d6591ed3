import { setTimeout as delay } from "node:timers/promises"

/** Time and chance, so that a test decides both. */
export type Clock = {
  /** Milliseconds since 1970 UTC. */
  now(): number
  /** Resolves after `ms`, or as soon as the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** 0 <= x < 1. */
  random(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
  random: () => Math.random(),
}

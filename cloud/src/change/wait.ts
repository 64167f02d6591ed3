import { setTimeout } from "node:timers/promises"

const firstMs = 15
const mostMs = 200

/**
 * Reads until it is enough, or the time is over: what was read last. The one who writes it may be another process, so that nobody can call us.
 */
export async function readUntil<T>(
  read: () => Promise<T>,
  isEnough: (value: T) => boolean,
  patienceMs: number,
  sleep: (ms: number) => Promise<unknown> = (ms) => setTimeout(ms),
): Promise<T> {
  let waited = 0
  for (let pause = firstMs; ; pause = Math.min(mostMs, pause * 1.5)) {
    const value = await read()
    if (isEnough(value) || waited >= patienceMs) return value
    await sleep(pause)
    waited += pause
  }
}

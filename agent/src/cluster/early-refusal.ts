import type { Clock } from "../clock.ts"
import { type KubeApi, KubeError } from "./api.ts"

/** Of an API server that has just come back: it refuses everybody until it has read who may what. */
export class EarlyRefusal extends KubeError {}

/** What it refuses for longer, it means. */
const earlyMs = 10_000

/** Tells the refusals of a server that did not answer before from those that are meant, by all that is told of one line of calls. */
export function createEarlyRefusals(clock: Clock): {
  answered(): void
  isEarly(error: unknown): error is KubeError
} {
  let isBroken = false
  let backAt = -Infinity
  function answered(): void {
    if (isBroken) backAt = clock.now()
    isBroken = false
  }
  return {
    answered,
    isEarly(error): error is KubeError {
      if (!(error instanceof KubeError)) {
        isBroken = true
        return false
      }
      // A proxy says so in the place of a server that is away, and a server that is not ready: it is not back yet.
      if (error.status === 429 || error.status >= 500) return false
      answered()
      return [401, 403].includes(error.status) && clock.now() - backAt < earlyMs
    },
  }
}

/** The same API, of whose calls the early refusals are marked: what any of them meets is known to all. Watches, which a proxy may cut each minute, are not looked at. */
export function markEarlyRefusals(api: KubeApi, clock: Clock): KubeApi {
  const early = createEarlyRefusals(clock)
  return {
    ...api,
    async json(call) {
      try {
        const answer = await api.json(call)
        early.answered()
        return answer
      } catch (error) {
        if (!early.isEarly(error)) throw error
        const { status, reason, message, retryAfterMs, causes } = error
        throw new EarlyRefusal(status, reason, message, { retryAfterMs, causes })
      }
    },
  }
}

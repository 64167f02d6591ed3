import { AppError } from "#shared/error.ts"

/** Calls a caller may make at once, and how many come back each second. */
export type Rate = { burst: number; perSecond: number }

/** Takes `cost` calls (1) from the caller's bucket; with 0 it only asks. @throws AppError rate.limited when the bucket is empty */
export type RateLimiter = (caller: string, cost?: 0 | 1) => void

const mostCallers = 10_000

/** Token buckets by caller, in this process; the least recently seen callers are forgotten first. */
export function createRateLimiter(rate: Rate, now: () => number): RateLimiter {
  const buckets = new Map<string, { left: number; at: number }>()
  return (caller, cost = 1) => {
    const at = now()
    const known = buckets.get(caller)
    const back = known ? (Math.max(0, at - known.at) / 1000) * rate.perSecond : 0
    const left = known ? Math.min(rate.burst, known.left + back) : rate.burst
    const refused = left < 1
    if (known || cost > 0) {
      buckets.delete(caller)
      buckets.set(caller, { left: refused ? left : left - cost, at })
      if (buckets.size > mostCallers) buckets.delete(buckets.keys().next().value ?? "")
    }
    if (refused)
      throw new AppError(
        "rate.limited",
        `more than ${rate.burst} calls at once or ${rate.perSecond} a second; wait and try again`,
        { retryAfterSeconds: Math.max(1, Math.ceil((1 - left) / rate.perSecond)) },
      )
  }
}

import { AppError } from "#shared/error.ts"

/** Calls a caller may make at once, and how many come back each second. */
export type Rate = { burst: number; perSecond: number }

const mostCallers = 10_000

/** Token buckets by caller, in this process; the least recently seen callers are forgotten first. */
export function createRateLimiter(rate: Rate, now: () => number): (caller: string) => void {
  const buckets = new Map<string, { left: number; at: number }>()
  return (caller) => {
    const at = now()
    const known = buckets.get(caller)
    const left = known
      ? Math.min(rate.burst, known.left + ((at - known.at) / 1000) * rate.perSecond)
      : rate.burst
    buckets.delete(caller)
    buckets.set(caller, { left: Math.max(0, left - 1), at })
    if (buckets.size > mostCallers) buckets.delete(buckets.keys().next().value ?? "")
    if (left < 1)
      throw new AppError("rate.limited", `more than ${rate.perSecond} calls a second; wait and try again`, {
        retryAfterSeconds: Math.ceil((1 - left) / rate.perSecond),
      })
  }
}

import type { MiddlewareHandler } from "hono"
import { addressOf } from "../api/address.ts"
import type { Cloud } from "../cloud.ts"
import { createRateLimiter } from "./rate.ts"

const rate = { burst: 60, perSecond: 1 }

/** Slows down who guesses: of one address, calls that were refused for what they bring (401) are counted, those that may come in are not. */
export function limitStrangers(cloud: Cloud): MiddlewareHandler {
  const limit = createRateLimiter(rate, cloud.now)
  return async (c, next) => {
    limit(addressOf(c), 0)
    await next()
    if (c.res.status === 401) limit(addressOf(c))
  }
}

import type { Json } from "../../../../topology/fact/read.ts"
import { durationProblem, spanOf } from "../../../semantic/duration.ts"
import { amount, isSet, section } from "../read.ts"

/** What is wrong with a pool, and where below it. */
export type PoolProblem = { path: string; message: string }
export type Found = (problem: PoolProblem) => void

const httpLimits = [
  "http1MaxPendingRequests",
  "http2MaxRequests",
  "maxRequestsPerConnection",
  "maxRetries",
  "maxConcurrentStreams",
] as const

function checkLimit(settings: Json, field: string, path: string, found: Found): void {
  const value = amount(settings[field])
  if (value < 0) found({ path: `${path}.${field}`, message: `${field} ${value} is less than 0` })
}

function checkDuration(settings: Json, field: string, path: string, found: Found): void {
  const value = settings[field]
  const problem = isSet(value) ? durationProblem(value) : undefined
  if (problem !== undefined) found({ path: `${path}.${field}`, message: `${field}: ${problem}` })
}

function checkHttp(http: Json, path: string, found: Found): void {
  for (const field of httpLimits) checkLimit(http, field, path, found)
  checkDuration(http, "idleTimeout", path, found)
  if (http["h2UpgradePolicy"] === "UPGRADE" && http["useClientProtocol"] === true)
    found({
      path: `${path}.useClientProtocol`,
      message: "useClientProtocol keeps the protocol of the client, which h2UpgradePolicy UPGRADE changes",
    })
  const keepAlive = section(http["http2KeepAlive"])
  if (keepAlive === undefined) return
  for (const field of ["interval", "timeout"])
    if (isSet(keepAlive[field])) checkDuration(keepAlive, field, `${path}.http2KeepAlive`, found)
    else found({ path: `${path}.http2KeepAlive`, message: `http2KeepAlive has no ${field}` })
}

function checkTcp(tcp: Json, path: string, found: Found): void {
  checkLimit(tcp, "maxConnections", path, found)
  checkDuration(tcp, "connectTimeout", path, found)
  checkDuration(tcp, "maxConnectionDuration", path, found)
  const idle = tcp["idleTimeout"]
  if (isSet(idle) && spanOf(idle)?.ms !== 0) checkDuration(tcp, "idleTimeout", path, found)
  const keepAlive = section(tcp["tcpKeepalive"])
  if (keepAlive === undefined) return
  checkDuration(keepAlive, "time", `${path}.tcpKeepalive`, found)
  checkDuration(keepAlive, "interval", `${path}.tcpKeepalive`, found)
}

/** An idle timeout of less than a millisecond means none. Source: istio `validateConnectionPool`. */
export function checkPool(pool: Json, path: string, found: Found): void {
  const http = section(pool["http"])
  const tcp = section(pool["tcp"])
  if (http === undefined && tcp === undefined)
    found({ path, message: "the connection pool has neither http nor tcp" })
  if (http !== undefined) checkHttp(http, `${path}.http`, found)
  if (tcp !== undefined) checkTcp(tcp, `${path}.tcp`, found)
}

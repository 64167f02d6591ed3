import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { durationMs } from "./duration.ts"
import { configHost } from "./host.ts"
import type { Mesh } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { Rule } from "./rule.ts"
import { visibleService } from "./visibility.ts"

export type Destination = {
  host: string
  /** Empty: all of the service. */
  subset: string
  port: number
  /** Part of the requests, 0..1; the shares of a route add up to 1. */
  share: number
}
export type Fault = {
  delay: { share: number; ms: number } | null
  abort: { share: number; httpStatus: number; grpcStatus: string } | null
}
export type Retries = { attempts: number; on: readonly string[]; perTryTimeoutMs: number | null }

/** What a proxy does with a request. */
export type RouteDecision = {
  outcome: "route" | "redirect" | "direct" | "not_found" | "passthrough" | "blackhole"
  /** Answered by the proxy itself, with this status; null when it forwards. */
  status: number | null
  destinations: readonly Destination[]
  fault: Fault | null
  timeoutMs: number | null
  retries: Retries
  mirrors: readonly Destination[]
  rewrite: { authority: string; uri: string } | null
  decidedBy: ObjectRef | null
  /** Where in it: `spec.http[2]`; null when no route of an object decided. */
  path: string | null
  /** What is bound to the host: `decidedBy`, or the VirtualService that delegates to it. */
  boundBy: ObjectRef | null
  reasons: readonly Reason[]
}

/** Source: istio.io, HTTPRetry: what Istio sets where a route says nothing. */
const defaultRetries: Retries = {
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  perTryTimeoutMs: null,
}

export const answer = (over: Partial<RouteDecision> & Pick<RouteDecision, "outcome">): RouteDecision => ({
  status: null,
  destinations: [],
  fault: null,
  timeoutMs: null,
  retries: defaultRetries,
  mirrors: [],
  rewrite: null,
  decidedBy: null,
  path: null,
  boundBy: null,
  reasons: [],
  ...over,
})

/**
 * The port of a destination: as written; else at a gateway the service's only one; else the port of the request, since a sidecar's http routes
 * know of a service only the port they are for. Source: pilot `GetDestinationCluster`, `BuildSidecarOutboundVirtualHosts`.
 */
function destinationOf(
  mesh: Mesh,
  client: Client,
  rule: Rule,
  target: Json,
  port: number,
): Omit<Destination, "share"> {
  const host = configHost(text(target["host"]), rule.namespace, mesh.settings.domain)
  const written = number(record(target["port"])["number"])
  if (written !== 0 || (client.kind === "sidecar" && rule.connection === undefined))
    return { host, subset: text(target["subset"]), port: written || port }
  const { service } = visibleService(mesh, client, host, port)
  const only = service?.ports.length === 1 ? service.ports[0]?.number : undefined
  return { host, subset: text(target["subset"]), port: only ?? port }
}

/** Weights are relative to their sum; one destination alone takes everything, whatever its weight. */
export function sharesOf(mesh: Mesh, client: Client, rule: Rule, port: number): Destination[] {
  const targets = list(rule.route["route"]).map(record)
  const weights = targets.map((target) => (targets.length === 1 ? 1 : number(target["weight"])))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return targets.flatMap((target, i) => {
    const share = total === 0 ? 0 : (weights[i] ?? 0) / total
    return share === 0
      ? []
      : [{ ...destinationOf(mesh, client, rule, record(target["destination"]), port), share }]
  })
}

/** `percentage`, else what counts when it is not written. */
function percentOf(written: Json, otherwise: number): number {
  if (written["percentage"] === undefined) return otherwise
  return Math.min(1, Math.max(0, number(record(written["percentage"])["value"]) / 100))
}

function faultOf(route: Json): Fault | null {
  const fault = record(route["fault"])
  const [delay, abort] = [record(fault["delay"]), record(fault["abort"])]
  const ms = durationMs(delay["fixedDelay"])
  const aborts = number(abort["httpStatus"]) !== 0 || text(abort["grpcStatus"]) !== ""
  if (ms === null && !aborts) return null
  return {
    delay: ms === null ? null : { share: percentOf(delay, number(delay["percent"]) / 100), ms },
    abort: aborts
      ? {
          share: percentOf(abort, 0),
          httpStatus: number(abort["httpStatus"]) || 200,
          grpcStatus: text(abort["grpcStatus"]),
        }
      : null,
  }
}

function retriesOf(route: Json): Retries {
  if (route["retries"] === undefined) return defaultRetries
  const retries = record(route["retries"])
  const on = text(retries["retryOn"])
  return {
    attempts: number(retries["attempts"]),
    on: on === "" ? defaultRetries.on : on.split(",").map((part) => part.trim()),
    perTryTimeoutMs: durationMs(retries["perTryTimeout"]),
  }
}

function mirrorsOf(mesh: Mesh, client: Client, rule: Rule, port: number): Destination[] {
  const single = rule.route["mirror"]
  const value = record(rule.route["mirrorPercentage"])["value"]
  const mirrors = list(rule.route["mirrors"]).map(record)
  const written =
    single === undefined
      ? mirrors
      : [{ destination: single, percentage: { value: typeof value === "number" ? value : 100 } }, ...mirrors]
  return written.map((mirror) => ({
    ...destinationOf(mesh, client, rule, record(mirror["destination"]), port),
    share: percentOf(mirror, 1),
  }))
}

/** What a chosen rule says, read out. */
export function decisionOf(mesh: Mesh, client: Client, rule: Rule, port: number): RouteDecision {
  const { route, object, path } = rule
  const boundBy = rule.via?.object ?? object
  const reasons = [reason("route.matched", `${named(object)} ${path} takes the request`, object, path)]
  if (route["redirect"] !== undefined)
    return answer({
      outcome: "redirect",
      status: number(record(route["redirect"])["redirectCode"]) || 301,
      fault: faultOf(route),
      decidedBy: object,
      path,
      boundBy,
      reasons,
    })
  if (route["directResponse"] !== undefined)
    return answer({
      outcome: "direct",
      status: number(record(route["directResponse"])["status"]),
      fault: faultOf(route),
      decidedBy: object,
      path,
      boundBy,
      reasons,
    })
  const rewrite = record(route["rewrite"])
  return answer({
    outcome: "route",
    destinations: sharesOf(mesh, client, rule, port),
    fault: faultOf(route),
    timeoutMs: durationMs(route["timeout"]) || null,
    retries: retriesOf(route),
    mirrors: mirrorsOf(mesh, client, rule, port),
    rewrite:
      route["rewrite"] === undefined
        ? null
        : { authority: text(rewrite["authority"]), uri: text(rewrite["uri"]) },
    decidedBy: object,
    path,
    boundBy,
    reasons,
  })
}

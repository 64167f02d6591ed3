import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, text } from "../topology/fact/read.ts"
import type { Client, HttpRequest } from "./client.ts"
import { durationMs } from "./duration.ts"
import { configHost, serviceHost } from "./host.ts"
import type { Mesh } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import { type Rules, rulesAtGateway } from "./gateway.ts"
import { seen } from "./match.ts"
import { type Rule, firstMatching } from "./rule.ts"
import { rulesOfSidecar } from "./sidecar-routes.ts"
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
  reasons: readonly Reason[]
}

/** Source: istio.io, HTTPRetry: what Istio sets where a route says nothing. */
const defaultRetries: Retries = {
  attempts: 2,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  perTryTimeoutMs: null,
}

const answer = (over: Partial<RouteDecision> & Pick<RouteDecision, "outcome">): RouteDecision => ({
  status: null,
  destinations: [],
  fault: null,
  timeoutMs: null,
  retries: defaultRetries,
  mirrors: [],
  rewrite: null,
  decidedBy: null,
  path: null,
  reasons: [],
  ...over,
})

/** The port of a destination: as written, else the service's only one, else the port of the request. */
function destinationOf(
  mesh: Mesh,
  client: Client,
  rule: Rule,
  target: Json,
  port: number,
): Omit<Destination, "share"> {
  const host = configHost(text(target["host"]), rule.namespace, mesh.settings.domain)
  const written = number(record(target["port"])["number"])
  const { service } = visibleService(mesh, client, host, written || port)
  const only = service?.ports.length === 1 ? service.ports[0]?.number : undefined
  return { host, subset: text(target["subset"]), port: written || (only ?? port) }
}

/** Weights are relative to their sum; one destination alone takes everything, whatever its weight. */
function sharesOf(mesh: Mesh, client: Client, rule: Rule, port: number): Destination[] {
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
function decisionOf(mesh: Mesh, client: Client, rule: Rule, port: number): RouteDecision {
  const { route, object, path } = rule
  const reasons = [reason("route.matched", `${named(object)} ${path} takes the request`, object, path)]
  if (route["redirect"] !== undefined)
    return answer({
      outcome: "redirect",
      status: number(record(route["redirect"])["redirectCode"]) || 301,
      decidedBy: object,
      path,
      reasons,
    })
  if (route["directResponse"] !== undefined)
    return answer({
      outcome: "direct",
      status: number(record(route["directResponse"])["status"]),
      fault: faultOf(route),
      decidedBy: object,
      path,
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
    reasons,
  })
}

const notFound = (reasons: Reason[], decidedBy: ObjectRef | null = null): RouteDecision =>
  answer({ outcome: "not_found", status: 404, decidedBy, reasons })

/** Without a route of its own a service gets all of its requests; an unknown host leaves the mesh, or is stopped. */
function withoutRules(mesh: Mesh, client: Client, request: HttpRequest): RouteDecision {
  const { service, reasons } = visibleService(mesh, client, request.host, request.port)
  if (service?.ports.some(({ number: port }) => port === request.port))
    return answer({
      outcome: "route",
      destinations: [{ host: request.host, subset: "", port: request.port, share: 1 }],
      reasons: [
        reason(
          "route.default",
          `No route is written for ${request.host}; all of its endpoints take part`,
          service.object,
        ),
      ],
    })
  if (service)
    reasons.push(
      reason("port.unknown", `${named(service.object)} has no port ${request.port}`, service.object),
    )
  return mesh.settings.outbound === "ALLOW_ANY"
    ? answer({ outcome: "passthrough", reasons })
    : answer({ outcome: "blackhole", status: 502, reasons })
}

/** The host a client means: in full, in lower case, without port. Source: pilot `generateVirtualHostDomains`, whose short forms only sidecars know. */
export function hostOf(mesh: Mesh, client: Client, written: string): string {
  const host = written.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "")
  if (client.kind === "gateway" || mesh.services.has(host)) return host
  const [name = "", namespace = client.namespace, ...rest] = host.split(".")
  const full = serviceHost(name, namespace, mesh.settings.domain)
  const isShort = rest.length === 0 || (rest.length === 1 && rest[0] === "svc")
  return isShort && mesh.services.has(full) ? full : host
}

/** Rules for a host, remembered by who asks on which port; for many questions to a mesh that does not change meanwhile. */
export type RouteMemo = (client: Client, port: number, host: string, find: () => Rules) => Rules

const always: RouteMemo = (_client, _port, _host, find) => find()

/** Where a proxy sends an HTTP request, and why. */
export function routeRequest(
  mesh: Mesh,
  client: Client,
  request: HttpRequest,
  memo: RouteMemo = always,
): RouteDecision {
  const { port } = request
  const host = hostOf(mesh, client, request.host)
  const { rules, reasons } = memo(client, port, host, () =>
    client.kind === "gateway"
      ? rulesAtGateway(mesh, { client, port, host })
      : rulesOfSidecar(mesh, { client, port, host }),
  )
  const rule = rules && firstMatching(rules, seen(request))
  if (rule) {
    const decision = decisionOf(mesh, client, rule, port)
    return { ...decision, reasons: [...decision.reasons, ...reasons] }
  }
  if (rules === undefined)
    return client.kind === "gateway"
      ? notFound([...reasons])
      : withoutRules(mesh, client, { ...request, host })
  const object = rules[0]?.object ?? null
  return notFound(
    [
      ...reasons,
      reason(
        "route.none",
        `No route of ${object === null ? host : named(object)} takes ${request.method} ${request.path}`,
        object ?? undefined,
      ),
    ],
    object,
  )
}

import type { ObjectRef } from "../kube/object.ts"
import { record, text } from "../topology/fact/read.ts"
import type { Client, HttpRequest } from "./client.ts"
import { type RouteDecision, answer, decisionOf } from "./decision.ts"
import { type Rules, rulesAtGateway } from "./gateway.ts"
import { serviceHost } from "./host.ts"
import { seen } from "./match.ts"
import type { Mesh } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import { firstMatching } from "./rule.ts"
import type { Listeners } from "./server.ts"
import { isHttpPort, rulesOfSidecar } from "./sidecar-routes.ts"
import { isHttpListener, sidecarFor, visibleService } from "./visibility.ts"

export type { Destination, Fault, Retries, RouteDecision } from "./decision.ts"

const notFound = (reasons: Reason[], decidedBy: ObjectRef | null = null): RouteDecision =>
  answer({ outcome: "not_found", status: 404, decidedBy, reasons })

/** A Sidecar may say what the mesh's configuration says for all. Source: istio.io, Sidecar, outboundTrafficPolicy. */
function outboundOf(mesh: Mesh, client: Client): Mesh["settings"]["outbound"] {
  const policy = sidecarFor(mesh, client)?.spec["outboundTrafficPolicy"]
  if (policy === undefined || policy === null) return mesh.settings.outbound
  return text(record(policy)["mode"]) === "ALLOW_ANY" ? "ALLOW_ANY" : "REGISTRY_ONLY"
}

/** Without a route of its own a service gets all of its requests; an unknown host leaves the mesh, or is stopped. */
function withoutRules(mesh: Mesh, client: Client, request: HttpRequest): RouteDecision {
  const { service, reasons } = visibleService(mesh, client, request.host, request.port)
  const known = service?.ports.some(({ number: port }) => port === request.port) === true
  if (known && (isHttpPort(service, request.port) || !isHttpListener(mesh, client, request.port)))
    return answer({
      outcome: "route",
      destinations: [{ host: service.host, subset: "", port: request.port, share: 1 }],
      reasons: [
        reason(
          "route.default",
          `No route is written for ${request.host}; all of its endpoints take part`,
          service.object,
        ),
      ],
    })
  if (service && !known)
    reasons.push(
      reason("port.unknown", `${named(service.object)} has no port ${request.port}`, service.object),
    )
  if (service && known)
    reasons.push(
      reason(
        "port.not_http",
        `Port ${request.port} of ${named(service.object)} is not for HTTP`,
        service.object,
      ),
    )
  return outboundOf(mesh, client) === "ALLOW_ANY"
    ? answer({ outcome: "passthrough", reasons })
    : answer({ outcome: "blackhole", status: 502, reasons })
}

/**
 * The host a client means: in lower case, without port, and for a service on that port in full. Source: pilot `generateVirtualHostDomains`, whose short
 * forms only sidecars know.
 */
export function hostOf(mesh: Mesh, client: Client, written: string, port: number): string {
  const host = written.toLowerCase().replace(/:\d+$/, "")
  if (client.kind === "gateway" || mesh.services.has(host)) return host
  const [name = "", namespace = client.namespace, ...rest] = host.split(".")
  const isShort = rest.length === 0 || (rest.length === 1 && rest[0] === "svc")
  const full = isShort ? serviceHost(name, namespace, mesh.settings.domain) : host.replace(/\.$/, "")
  if (full === host || !mesh.services.has(full)) return host
  const { service } = visibleService(mesh, client, full, port)
  return service !== undefined && isHttpPort(service, port) ? full : host
}

/** What was found before, for many questions to a mesh that does not change meanwhile. */
export type RouteMemo = {
  rules: (client: Client, port: number, host: string, find: () => Rules) => Rules
  listeners: (client: Client) => Listeners
}

/** Where a proxy sends an HTTP request, and why. */
export function routeRequest(
  mesh: Mesh,
  client: Client,
  request: HttpRequest,
  memo?: RouteMemo,
): RouteDecision {
  const { port } = request
  const host = hostOf(mesh, client, request.host, port)
  const find = (): Rules =>
    client.kind === "gateway"
      ? rulesAtGateway(mesh, { client, port, host }, memo?.listeners(client))
      : rulesOfSidecar(mesh, { client, port, host })
  const { rules, reasons } = memo ? memo.rules(client, port, host, find) : find()
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

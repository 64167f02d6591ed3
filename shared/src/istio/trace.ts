import type { Client, HttpRequest } from "./client.ts"
import { boundTo, serversFor } from "./gateway.ts"
import type { ObjectRef } from "../kube/object.ts"
import { compareSpecificity } from "./host.ts"
import { takingHost } from "./host-index.ts"
import { type Seen, mismatchOf, seen, takesEverything } from "./match.ts"
import type { Mesh } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import { type RouteContext, type Routed, type Rule, forProxy, isForProxy, rulesOf } from "./rule.ts"
import { isHttp, listenersOf } from "./server.ts"
import { routesFor } from "./sidecar-routes.ts"
import { isExportedTo, isRouteImported, sidecarFor } from "./visibility.ts"

/** The route that took the request. */
type Winner = { object: ObjectRef | null; path: string | null }

const isWinner = ({ object, path }: Rule, winner: Winner): boolean =>
  winner.path === path &&
  winner.object?.name === object.name &&
  winner.object.namespace === object.namespace &&
  winner.object.kind === object.kind

type Traced = { context: RouteContext; request: Seen; winner: Winner }

/** Why each route of a virtual service does not take the request, in its order. */
function routesTraced(mesh: Mesh, config: Routed, { context, request, winner }: Traced): Reason[] {
  const reasons: Reason[] = []
  let after: Rule | undefined
  const say = (code: string, rule: Rule, why: string): void => {
    reasons.push(reason(code, `${named(rule.object)} ${rule.path} ${why}`, rule.object, rule.path))
  }
  for (const rule of rulesOf(mesh, config)) {
    if (after !== undefined) {
      say("route.unreachable", rule, `is never reached: ${after.path} takes every request`)
      continue
    }
    const own = rule.matches.filter((match) => isForProxy(match, context))
    if (rule.matches.length > 0 && own.length === 0) {
      say(
        "route.other_proxy",
        rule,
        "is not for this proxy: by its port, gateways, sourceLabels or sourceNamespace",
      )
      continue
    }
    const missing = own.map((match) => mismatchOf(match, request))
    if (own.length > 0 && !missing.includes(undefined))
      say("route.mismatch", rule, `does not: it asks for ${missing.join(", or ")}`)
    else if (!isWinner(rule, winner)) say("route.later", rule, "would take it too, but comes later")
    if (own.length === 0 || own.some(takesEverything)) after = rule
  }
  return reasons
}

function atGateway(mesh: Mesh, client: Client, request: HttpRequest, winner: Winner): Reason[] {
  const { port, host } = request
  const { listeners } = listenersOf(mesh, client)
  const servers = serversFor(
    listeners.filter((listener) => listener.port === port),
    host,
  ).filter(isHttp)
  const bound = boundTo(mesh, client, servers, host)
  const reasons: Reason[] = []
  const used = bound.filter(
    ({ config, server }) =>
      forProxy(rulesOf(mesh, config), { client, port, gateway: server.name }).length > 0,
  )
  const closest = used.map(({ domain }) => domain).sort(compareSpecificity)[0]
  for (const { server, config, domain } of bound) {
    if (domain === closest)
      reasons.push(
        ...routesTraced(mesh, config, {
          context: { client, port, gateway: server.name },
          request: seen(request),
          winner,
        }),
      )
    else
      reasons.push(
        reason(
          "route.less_specific",
          `${named(config.object)} is for ${domain}, and ${closest ?? host} is closer to ${host}`,
          config.object,
        ),
      )
  }
  const taken = new Set<Routed>(bound.map(({ config }) => config))
  for (const { name, gateway } of servers)
    for (const config of takingHost(mesh.gatewayRoutes.get(name), host)) {
      if (taken.has(config)) continue
      const exported = isExportedTo(config.exportTo, config.namespace, client.namespace)
      reasons.push(
        exported
          ? reason(
              "route.host_not_served",
              `${named(config.object)} has the host, but no server of ${named(gateway.object)} takes it from namespace ${config.namespace}`,
              config.object,
            )
          : reason(
              "route.not_exported",
              `${named(config.object)} is not exported to ${client.namespace}`,
              config.object,
            ),
      )
    }
  return reasons
}

function atSidecar(mesh: Mesh, client: Client, request: HttpRequest, winner: Winner): Reason[] {
  const { port, host } = request
  const usable = routesFor(mesh, { client, port, host })
  const context = { client, port, gateway: "mesh" }
  const [first] = usable.filter(({ config }) => forProxy(rulesOf(mesh, config), context).length > 0)
  const sidecar = sidecarFor(mesh, client)
  const hidden = (mesh.meshRoutes.byHost.get(host) ?? []).filter((config) =>
    usable.every((candidate) => candidate.config !== config),
  )
  return [
    ...(first === undefined
      ? []
      : routesTraced(mesh, first.config, { context, request: seen(request), winner })),
    ...hidden.map((config) =>
      sidecar !== undefined &&
      isExportedTo(config.exportTo, config.namespace, client.namespace) &&
      !isRouteImported(sidecar, client, config, port)
        ? reason(
            "route.not_imported",
            `${named(config.object)} is not imported by ${named(sidecar.object)}`,
            config.object,
          )
        : reason(
            "route.not_exported",
            `${named(config.object)} is not exported to ${client.namespace}`,
            config.object,
          ),
    ),
  ]
}

/** Everything else that was looked at for a request, whose host is in full, and why it does not count. */
export const traceOf = (mesh: Mesh, client: Client, request: HttpRequest, winner: Winner): Reason[] =>
  client.kind === "gateway"
    ? atGateway(mesh, client, request, winner)
    : atSidecar(mesh, client, request, winner)

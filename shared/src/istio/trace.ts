import type { Client, HttpRequest } from "./client.ts"
import { boundTo, serversFor } from "./gateway.ts"
import { compareSpecificity } from "./host.ts"
import { takingHost } from "./host-index.ts"
import { type Seen, mismatchOf, seen, takesEverything } from "./match.ts"
import type { Mesh, VirtualService } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import { type RouteContext, type Rule, forProxy, isForProxy, rulesOf } from "./rule.ts"
import { isHttp, listenersOf } from "./server.ts"
import { routesFor } from "./sidecar-routes.ts"
import { isExportedTo, isRouteImported, sidecarFor } from "./visibility.ts"

/** Why each route of a virtual service takes the request or not, in its order. */
function routesTraced(mesh: Mesh, config: VirtualService, context: RouteContext, request: Seen): Reason[] {
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
    if (own.length === 0 || missing.includes(undefined)) say("route.takes", rule, "takes this request")
    else say("route.mismatch", rule, `does not: it asks for ${missing.join(", or ")}`)
    if (own.length === 0 || own.some(takesEverything)) after = rule
  }
  return reasons
}

function atGateway(mesh: Mesh, client: Client, request: HttpRequest): Reason[] {
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
      reasons.push(...routesTraced(mesh, config, { client, port, gateway: server.name }, seen(request)))
    else
      reasons.push(
        reason(
          "route.less_specific",
          `${named(config.object)} is for ${domain}, and ${closest ?? host} is closer to ${host}`,
          config.object,
        ),
      )
  }
  const taken = new Set(bound.map(({ config }) => config))
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

function atSidecar(mesh: Mesh, client: Client, request: HttpRequest): Reason[] {
  const { port, host } = request
  const usable = routesFor(mesh, { client, port, host })
  const context = { client, port, gateway: "mesh" }
  const [first] = usable.filter(({ config }) => forProxy(rulesOf(mesh, config), context).length > 0)
  const sidecar = sidecarFor(mesh, client)
  const hidden = (mesh.meshRoutes.byHost.get(host) ?? []).filter((config) =>
    usable.every((candidate) => candidate.config !== config),
  )
  return [
    ...(first === undefined ? [] : routesTraced(mesh, first.config, context, seen(request))),
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

/** Everything that was looked at for a request, whose host is in full, and why it counts or not. */
export const traceOf = (mesh: Mesh, client: Client, request: HttpRequest): Reason[] =>
  client.kind === "gateway" ? atGateway(mesh, client, request) : atSidecar(mesh, client, request)

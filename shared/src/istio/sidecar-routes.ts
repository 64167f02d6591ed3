import type { Client, HttpRequest } from "./client.ts"
import { compareSpecificity, hostMatches, mostSpecific } from "./host.ts"
import { comparePrecedence } from "./http-route.ts"
import type { GatewayRule, Mesh, VirtualService } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import { type RouteContext, type Rule, forProxy, rulesOf } from "./rule.ts"
import { isExportedTo, isImported, sidecarFor, visibleService } from "./visibility.ts"

/** The rules that answer for a host; undefined when none does. */
export type Rules = { rules: Rule[] | undefined; reasons: Reason[] }

/** Its own namespace's private objects come first, then those exported to it by name, then public ones. Source: pilot `VirtualServicesForGateway`. */
const closeness = ({ exportTo, namespace }: VirtualService, to: string): number => {
  if (exportTo.length === 1 && exportTo[0] === "." && namespace === to) return 0
  return exportTo.some((entry) => entry === to || (entry === "." && namespace === to)) ? 1 : 2
}

/** Virtual services a sidecar may use for a host, the one that counts first: the closest host, then visibility, then age. */
function candidates(mesh: Mesh, client: Client, request: HttpRequest): VirtualService[] {
  const sidecar = sidecarFor(mesh, client)
  const { byHost, wildcard } = mesh.meshRoutes
  const hostOf = (config: VirtualService): string => mostSpecific(config.hosts, request.host) ?? "*"
  return [
    ...(byHost.get(request.host) ?? []),
    ...wildcard.filter((config) => config.hosts.some((host) => hostMatches(host, request.host))),
  ]
    .filter((config, index, all) => all.indexOf(config) === index)
    .filter(
      (config) =>
        isExportedTo(config.exportTo, config.namespace, client.namespace) &&
        isImported(sidecar, client, {
          namespace: config.namespace,
          host: hostOf(config),
          port: request.port,
        }),
    )
    .map((config, age) => ({ config, age }))
    .sort(
      (a, b) =>
        compareSpecificity(hostOf(a.config), hostOf(b.config)) ||
        closeness(a.config, client.namespace) - closeness(b.config, client.namespace) ||
        a.age - b.age,
    )
    .map(({ config }) => config)
}

export const ruleOfGatewayApi = (rule: GatewayRule): Rule => ({
  object: rule.object,
  path: rule.path,
  namespace: rule.namespace,
  matches: rule.match === undefined ? [] : [rule.match],
  route: rule.route,
})

/** HTTPRoutes bound to the service: the client's own namespace decides for itself, else the service's namespace for everybody. Source: Gateway API, GAMMA. */
function routesOfService(mesh: Mesh, client: Client, request: HttpRequest): Rule[] {
  const { service } = visibleService(mesh, client, request.host, request.port)
  if (!service) return []
  const bound = `service/${service.namespace}/${service.name}`
  const all = (mesh.httpRoutes.get(bound) ?? []).filter((rule) =>
    rule.parents.some(({ key, port }) => key === bound && (port === 0 || port === request.port)),
  )
  const consumer = all.filter(({ namespace }) => namespace === client.namespace)
  const chosen =
    consumer.length > 0 ? consumer : all.filter(({ namespace }) => namespace === service.namespace)
  return [...chosen].sort(comparePrecedence).map(ruleOfGatewayApi)
}

/** A host without a service is routed on port 80 only; a VirtualService with no rule for this proxy leaves the host as it is. */
export function rulesOfSidecar(mesh: Mesh, client: Client, request: HttpRequest): Rules {
  const context: RouteContext = { client, port: request.port, gateways: new Set(["mesh"]) }
  const known = mesh.services.has(request.host)
  const all = known || request.port === 80 ? candidates(mesh, client, request) : []
  for (const config of all) {
    const rules = forProxy(rulesOf(mesh, config), context)
    if (rules.length > 0) {
      const shadowed = all.filter((other) => other !== config)
      return {
        rules,
        reasons: shadowed.map((other) =>
          reason(
            "route.shadowed",
            `${named(other.object)} is not used: ${named(config.object)} comes first`,
            other.object,
          ),
        ),
      }
    }
  }
  const rules = routesOfService(mesh, client, request)
  return { rules: rules.length > 0 ? rules : undefined, reasons: [] }
}

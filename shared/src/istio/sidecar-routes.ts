import type { Client } from "./client.ts"
import type { Rules } from "./gateway.ts"
import { hostMatches, isWildcard } from "./host.ts"
import { joinedRoutes } from "./http-route-join.ts"
import { type GatewayRule, type Mesh, byAge } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { RegistryService } from "./registry.ts"
import { type Routed, forProxy, rulesOf } from "./rule.ts"
import { exportedTo, isRouteImported, sidecarFor, visibleService } from "./visibility.ts"

/** Where a sidecar is asked: the port that is called, and the host in full. */
export type SidecarQuestion = { client: Client; port: number; host: string }

/** A virtual service, and which of its hosts takes the request. */
type Candidate = { config: Routed; own: string }

/**
 * Mesh-bound virtual services that a client may use for a host: those that name it in the order they count, then those with wildcards, the closest
 * first. Source: pilot `SelectVirtualServices`, `computeWildcardHostVirtualServiceIndex`.
 */
export function routesFor(mesh: Mesh, { client, port, host }: SidecarQuestion): Candidate[] {
  const sidecar = sidecarFor(mesh, client)
  const usable = <T extends Routed>(configs: readonly T[]): T[] =>
    exportedTo(configs, client.namespace).filter((config) => isRouteImported(sidecar, client, config, port))
  const exact = withGatewayApi(
    usable(mesh.meshRoutes.byHost.get(host) ?? []),
    usable(routesOfService(mesh, { client, port, host })),
    client.namespace,
  )
  const wildcard = usable(
    mesh.meshRoutes.wildcard.filter((config) =>
      config.hosts.some((own) => isWildcard(own) && hostMatches(own, host)),
    ),
  )
  return [
    ...exact.map((config) => ({ config, own: host })),
    ...wildcard
      .flatMap((config) =>
        config.hosts
          .filter((own) => isWildcard(own) && hostMatches(own, host))
          .map((own) => ({ config, own: own.toLowerCase() })),
      )
      .sort((a, b) => b.own.length - a.own.length),
  ]
}

/** Whether a service speaks HTTP on a port, or may turn out to. */
export const isHttpPort = (service: RegistryService, port: number): boolean =>
  service.ports.some(
    (own) =>
      own.number === port && (own.protocol === "http" || own.protocol === "grpc" || own.protocol === "auto"),
  )

const shadowed = (config: Routed, all: readonly Candidate[]): Reason[] =>
  [...new Set(all.map((other) => other.config))]
    .filter((other) => other !== config)
    .map((other) =>
      reason(
        "route.shadowed",
        `${named(other.object)} is not used: ${named(config.object)} comes first`,
        other.object,
      ),
    )

/**
 * HTTPRoutes bound to a service, one of each namespace they are in: those of the client's namespace are its own affair, those of the service's are for
 * everybody, others count for nobody. Source: Gateway API, GAMMA; pilot `buildSidecarVirtualHostsForVirtualService`.
 */
function routesOfService(mesh: Mesh, { client, port, host }: SidecarQuestion): Routed[] {
  const { service } = visibleService(mesh, client, host, port)
  if (service === undefined) return []
  const bound = `service/${service.namespace}/${service.name}`
  const groups = new Map<string, GatewayRule[]>()
  for (const rule of mesh.httpRoutes.get(bound) ?? []) {
    if (rule.namespace !== client.namespace && rule.namespace !== service.namespace) continue
    for (const parent of new Set(rule.parents.filter((ref) => ref.key === bound).map((ref) => ref.port))) {
      if (parent !== 0 && parent !== port) continue
      const group = `${rule.namespace}/${parent}`
      const known = groups.get(group)
      if (known === undefined) groups.set(group, [rule])
      else known.push(rule)
    }
  }
  return [...groups.values()].flatMap((rules) => joinedRoutes(rules, () => [host]))
}

/** Routes of the Gateway API are public: those of the client's namespace come before all public ones, the others among them by age. */
function withGatewayApi(
  virtualServices: readonly Routed[],
  routes: readonly Routed[],
  namespace: string,
): readonly Routed[] {
  if (routes.length === 0) return virtualServices
  const isPublic = ({ exportTo }: Routed): boolean => exportTo.length === 0 || exportTo.includes("*")
  const isOwn = (config: Routed): boolean => config.namespace === namespace
  return [
    ...virtualServices.filter((config) => !isPublic(config)),
    ...routes.filter(isOwn).toSorted(byAge),
    ...[...virtualServices.filter(isPublic), ...routes.filter((config) => !isOwn(config))].sort(byAge),
  ]
}

/** Services that the client sees on this port and a pattern takes. Goes through all of them: only for hosts that are no service. */
function* servicesTaking(
  mesh: Mesh,
  { client, port }: SidecarQuestion,
  pattern: string,
): Iterable<RegistryService> {
  for (const [known] of mesh.services.values()) {
    if (known === undefined || !hostMatches(pattern, known.host)) continue
    const { service } = visibleService(mesh, client, known.host, port)
    if (service?.ports.some((own) => own.number === port) === true) yield service
  }
}

/** Whether a virtual service also has a host that is a service on this port: then its other hosts are routed there too. */
function hasServiceOn(mesh: Mesh, question: SidecarQuestion, config: Routed): boolean {
  const { client, port } = question
  return config.hosts.some((own) => {
    if (!isWildcard(own)) {
      const { service } = visibleService(mesh, client, own, port)
      return service !== undefined && isHttpPort(service, port)
    }
    for (const service of servicesTaking(mesh, question, own)) {
      const [first] = routesFor(mesh, { client, port, host: service.host })
      if (first?.config === config && isHttpPort(service, port)) return true
    }
    return false
  })
}

/** Whether a wildcard takes a service that the client sees on this port: then it is no host of its own. */
function takesService(mesh: Mesh, question: SidecarQuestion, pattern: string): boolean {
  for (const _ of servicesTaking(mesh, question, pattern)) return true
  return false
}

/** A host without a service is routed on port 80 only, or where the virtual service has a service as well. */
const isHostOfItsOwn = (mesh: Mesh, question: SidecarQuestion, { config, own }: Candidate): boolean =>
  (question.port === 80 || hasServiceOn(mesh, question, config)) &&
  (!isWildcard(own) || !takesService(mesh, question, own))

/** For a service the closest one counts, and keeps the others away even when it has no rules here. */
function ofService(all: readonly Candidate[], host: string): readonly Candidate[] {
  const exact = all.filter(({ own }) => own === host)
  return exact.length > 0 ? exact : all.slice(0, 1)
}

/**
 * One virtual service answers for a host at a sidecar, the first that has rules for it.
 * Source: pilot `BuildSidecarVirtualHostWrapper`, `separateVSHostsAndServices`.
 */
export function rulesOfSidecar(mesh: Mesh, question: SidecarQuestion): Rules {
  const { client, port, host } = question
  const { service } = visibleService(mesh, client, host, port)
  const known = service !== undefined && service.ports.some((own) => own.number === port)
  if (known && !isHttpPort(service, port)) return { rules: undefined, reasons: [] }
  const all = routesFor(mesh, question)
  for (const candidate of known ? ofService(all, host) : all) {
    if (!known && !isHostOfItsOwn(mesh, question, candidate)) continue
    const { config } = candidate
    const rules = forProxy(rulesOf(mesh, config), { client, port, gateway: "mesh" })
    if (rules.length > 0) return { rules, reasons: shadowed(config, all) }
  }
  return { rules: undefined, reasons: [] }
}

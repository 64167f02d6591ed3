import type { Client } from "./client.ts"
import { commonHost, compareSpecificity, hostMatches } from "./host.ts"
import { takingHost } from "./host-index.ts"
import { routesOfListener } from "./kubernetes-gateway.ts"
import { type Mesh, byAge } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import { type Routed, type Rule, forProxy, isCatchAll, rulesOf } from "./rule.ts"
import { type Listener, type Listeners, type Server, isHttp, isPlainHttp, listenersOf } from "./server.ts"
import { exportedTo } from "./visibility.ts"

/** The rules that answer for a host; undefined when none does. */
export type Rules = { rules: readonly Rule[] | undefined; reasons: readonly Reason[] }

/** Where a gateway is asked. */
export type GatewayQuestion = { client: Client; port: number; host: string }

/** A virtual service bound to a server, and the narrowest host of both that takes the request. */
export type Bound = { server: Server; config: Routed; domain: string }

function domainOf(server: Server, config: Routed, host: string): string | undefined {
  let best: string | undefined
  for (const entry of server.hosts) {
    if (entry.namespace !== "*" && entry.namespace !== config.namespace) continue
    if (!hostMatches(entry.host, host)) continue
    for (const written of config.hosts) {
      const domain = commonHost(entry.host, written.toLowerCase())
      if (domain === undefined || !hostMatches(domain, host)) continue
      if (best === undefined || compareSpecificity(domain, best) < 0) best = domain
    }
  }
  return best
}

const isKubernetes = ({ gateway }: Server): boolean =>
  gateway.object.kind.includes("gateway.networking.k8s.io")

/** Routes of the Gateway API in the client's namespace come first. Source: pilot `VirtualServicesForGateway`. */
function routesOf(mesh: Mesh, server: Server, client: Client, host: string): readonly Routed[] {
  if (!isKubernetes(server))
    return exportedTo(takingHost(mesh.gatewayRoutes.get(server.name), host), client.namespace)
  const all = routesOfListener(mesh, server).toSorted(byAge)
  const isOwn = ({ namespace }: Routed): boolean => namespace === client.namespace
  return [...all.filter(isOwn), ...all.filter((config) => !isOwn(config))]
}

/** Virtual services bound to the servers that have a part in a host, in the order pilot joins them. Source: pilot `buildGatewayHTTPRouteConfig`. */
export function boundTo(mesh: Mesh, client: Client, servers: readonly Server[], host: string): Bound[] {
  const bound: Bound[] = []
  for (const server of servers) {
    if (!server.hosts.some((entry) => hostMatches(entry.host, host))) continue
    for (const config of routesOf(mesh, server, client, host)) {
      const domain = domainOf(server, config, host)
      if (domain !== undefined) bound.push({ server, config, domain })
    }
  }
  return bound
}

/** The servers whose routes are asked together: all plain HTTP ones of a socket, or the one with TLS whose name the client asks for. */
export function serversFor(listeners: readonly Listener[], host: string): readonly Server[] {
  for (const { servers } of listeners) {
    const [first] = servers
    if (first === undefined) continue
    if (isPlainHttp(first)) return servers.filter(isPlainHttp)
    const narrowest = servers
      .flatMap((server) => server.hosts.map((entry) => ({ server, host: entry.host })))
      .filter((entry) => hostMatches(entry.host, host))
      .sort((a, b) => compareSpecificity(a.host, b.host))[0]
    if (narrowest !== undefined) return [narrowest.server]
  }
  return []
}

const redirectRule = ({ gateway, path }: Server): Rule => ({
  object: gateway.object,
  path,
  namespace: gateway.namespace,
  matches: [],
  route: { redirect: { redirectCode: 301 } },
})

/** Hosts of servers that send everything to HTTPS; such a server answers for its hosts also without a route. */
const redirecting = (servers: readonly Server[], host: string) =>
  servers
    .filter(({ httpsRedirect }) => httpsRedirect)
    .flatMap((server) => server.hosts.map((entry) => ({ server, domain: entry.host })))
    .filter(({ domain }) => hostMatches(domain, host))

function joined(
  mesh: Mesh,
  { client, port }: GatewayQuestion,
  bound: readonly Bound[],
): { domain: string | undefined; rules: Rule[] } {
  let domain: string | undefined
  let rules: Rule[] = []
  for (const entry of bound) {
    const order = domain === undefined ? -1 : compareSpecificity(entry.domain, domain)
    if (order > 0) continue
    const own = forProxy(rulesOf(mesh, entry.config), { client, port, gateway: entry.server.name })
    if (own.length === 0) continue
    if (order < 0) {
      domain = entry.domain
      rules = []
    }
    rules.push(...own)
  }
  return {
    domain,
    rules: [...rules.filter((rule) => !isCatchAll(rule)), ...rules.filter(isCatchAll)],
  }
}

const noRoute = (servers: readonly Server[], host: string): Rules => ({
  rules: undefined,
  reasons: servers.map(({ gateway }) =>
    reason(
      "gateway.no_route",
      `No virtual service bound to ${named(gateway.object)} takes the host ${host}`,
      gateway.object,
    ),
  ),
})

/**
 * At a gateway the virtual services of one host are joined: in the order of servers, then of visibility, then oldest first; rules that take
 * everything go last. Source: pilot `buildGatewayHTTPRouteConfig`, `SortVHostRoutes`.
 */
export function rulesAtGateway(
  mesh: Mesh,
  question: GatewayQuestion,
  { listeners, refused }: Listeners = listenersOf(mesh, question.client),
): Rules {
  const { client, port, host } = question
  const here = listeners.filter((listener) => listener.port === port)
  const dropped = refused.filter(({ server }) => server.port === port).map((entry) => entry.reason)
  const servers = serversFor(here, host).filter(isHttp)
  if (servers.length === 0)
    return {
      rules: undefined,
      reasons: [
        reason("gateway.no_server", `No gateway server takes HTTP for ${host} on port ${port} here`),
        ...dropped,
      ],
    }
  const { domain, rules } = joined(mesh, question, boundTo(mesh, client, servers, host))
  const toHttps = redirecting(servers, host)
    .filter((entry) => domain === undefined || compareSpecificity(entry.domain, domain) <= 0)
    .sort((a, b) => compareSpecificity(a.domain, b.domain))[0]
  if (toHttps !== undefined) return { rules: [redirectRule(toHttps.server)], reasons: dropped }
  if (domain === undefined)
    return { ...noRoute(servers, host), reasons: [...noRoute(servers, host).reasons, ...dropped] }
  return { rules, reasons: dropped }
}

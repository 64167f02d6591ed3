import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { type Destination, sharesOf } from "./decision.ts"
import { commonHost, hostMatches, mostSpecific } from "./host.ts"
import { type Mesh, type VirtualService, gatewayName, isSubset } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { Rule } from "./rule.ts"
import { type Listeners, type Server, isHttp, listenersOf } from "./server.ts"
import { exportedTo, isRouteImported, sidecarFor } from "./visibility.ts"

const isForHost = (config: VirtualService, host: string): boolean =>
  config.hosts.some((own) => hostMatches(own.toLowerCase(), host))

const ruleOf = (config: VirtualService, path: string, route: Json): Rule => ({
  object: config.object,
  path,
  namespace: config.namespace,
  matches: [],
  route,
  connection: true,
})

/** Whether a match of a tcp or tls route is for a sidecar on this port. Source: pilot `matchTCP`. */
function isForSidecar(match: Json, client: Client, port: number): boolean {
  const from = text(match["sourceNamespace"])
  const gateways = strings(match["gateways"])
  return (
    (number(match["port"]) === 0 || number(match["port"]) === port) &&
    isSubset(stringMap(match["sourceLabels"]), client.labels) &&
    (from === "" || from === client.namespace) &&
    (gateways.length === 0 || gateways.includes("mesh"))
  )
}

/**
 * Where a sidecar sends a TCP connection for a service: as the first `tcp` route that matches its port and the client says, else to the service.
 * Source: istio.io, VirtualService, TCPRoute.
 */
export function routeTcp(
  mesh: Mesh,
  client: Client,
  { host, port }: { host: string; port: number },
): readonly Destination[] {
  const sidecar = sidecarFor(mesh, client)
  const all = [...(mesh.meshRoutes.byHost.get(host) ?? []), ...mesh.meshRoutes.wildcard]
  const configs = exportedTo(
    all.filter((config, index) => isForHost(config, host) && all.indexOf(config) === index),
    client.namespace,
  ).filter((config) => isRouteImported(sidecar, client, config, port))
  for (const config of configs)
    for (const [index, entry] of list(config.spec["tcp"]).entries()) {
      const route = record(entry)
      const matches = list(route["match"]).map(record)
      if (matches.length > 0 && !matches.some((match) => isForSidecar(match, client, port))) continue
      return sharesOf(mesh, client, ruleOf(config, `spec.tcp[${index}]`, route), port)
    }
  return [{ host, subset: "", port, share: 1 }]
}

/** A connection to a gateway's port: what it asks for by name (SNI); null for one that is no TLS. */
export type ConnectionQuestion = { client: Client; port: number; sni: string | null }

/** Where a gateway forwards a connection without reading it. `closed`: it does not take it. `http`: requests of it are read, see `routeRequest`. */
export type ConnectionDecision = {
  outcome: "route" | "closed" | "http"
  destinations: readonly Destination[]
  decidedBy: Rule["object"] | null
  path: string | null
  reasons: readonly Reason[]
}

const closed = (reasons: readonly Reason[]): ConnectionDecision => ({
  ...{ outcome: "closed", destinations: [], decidedBy: null, path: null, reasons },
})

/** Whether a match of a tcp or tls route is for a server; labels and namespaces of the client count for nothing there. Source: pilot `l4SingleMatch`. */
function isForServer(match: Json, server: Server, namespace: string): boolean {
  const written = number(match["port"])
  const gateways = strings(match["gateways"]).map((name) => gatewayName(name, namespace))
  return (
    (written === 0 || written === server.port) && (gateways.length === 0 || gateways.includes(server.name))
  )
}

/** Virtual services bound to a server that share a host with it, narrower or wider. Source: pilot `pickMatchingGatewayHosts`. */
const boundTo = (mesh: Mesh, client: Client, server: Server): VirtualService[] =>
  exportedTo(mesh.gatewayRoutes.get(server.name) ?? [], client.namespace).filter((config) =>
    server.hosts.some(
      ({ namespace, host }) =>
        (namespace === "*" || namespace === config.namespace) &&
        config.hosts.some((own) => commonHost(host, own.toLowerCase()) !== undefined),
    ),
  )

function decided(mesh: Mesh, { client, port }: ConnectionQuestion, rule: Rule): ConnectionDecision {
  const { object, path } = rule
  return {
    outcome: "route",
    destinations: sharesOf(mesh, client, rule, port),
    decidedBy: object,
    path,
    reasons: [reason("route.matched", `${named(object)} ${path} takes the connection`, object, path)],
  }
}

/** The first tcp route of all virtual services that matches. Source: pilot `buildGatewayNetworkFiltersFromTCPRoutes`. */
function tcpRouteOf(mesh: Mesh, { client }: ConnectionQuestion, server: Server): Rule | undefined {
  for (const config of boundTo(mesh, client, server))
    for (const [index, entry] of list(config.spec["tcp"]).entries()) {
      const route = record(entry)
      const matches = list(route["match"]).map(record)
      if (matches.length > 0 && !matches.some((match) => isForServer(match, server, config.namespace)))
        continue
      if (list(route["route"]).length > 0) return ruleOf(config, `spec.tcp[${index}]`, route)
    }
  return undefined
}

/** Each match of the tls routes that are bound to a server, in order. */
function* tlsMatchesOf(
  mesh: Mesh,
  client: Client,
  server: Server,
): Iterable<{ names: string[]; rule: Rule }> {
  for (const config of boundTo(mesh, client, server))
    for (const [index, entry] of list(config.spec["tls"]).entries()) {
      const route = record(entry)
      if (list(route["route"]).length === 0) continue
      const rule = ruleOf(config, `spec.tls[${index}]`, route)
      for (const match of list(route["match"]).map(record))
        if (isForServer(match, server, config.namespace)) yield { names: strings(match["sniHosts"]), rule }
    }
}

/** Names that tls routes of a port take; a match is left out when one of its names is taken. Source: pilot `buildGatewayNetworkFiltersFromTLSRoutes`. */
function tlsRoutesOf(
  mesh: Mesh,
  { client }: ConnectionQuestion,
  servers: readonly Server[],
): Map<string, Rule> {
  const taken = new Map<string, Rule>()
  for (const server of servers)
    for (const { names, rule } of tlsMatchesOf(mesh, client, server))
      if (names.every((name) => !taken.has(name))) for (const name of names) taken.set(name, rule)
  return taken
}

/** Where a gateway sends a connection to a port of TCP or TLS that it does not read. Source: istio.io, VirtualService, TLSRoute and TCPRoute. */
export function connectionAtGateway(
  mesh: Mesh,
  question: ConnectionQuestion,
  { listeners, refused }: Listeners = listenersOf(mesh, question.client),
): ConnectionDecision {
  const { port, sni } = question
  const servers = listeners
    .filter((listener) => listener.port === port)
    .flatMap((listener) => listener.servers)
  const dropped = refused.filter(({ server }) => server.port === port).map((entry) => entry.reason)
  const [first] = servers
  if (first === undefined)
    return closed([reason("gateway.no_server", `No gateway server listens on port ${port} here`), ...dropped])
  if (servers.some(isHttp)) return { ...closed(dropped), outcome: "http" }
  if (first.tls === undefined) {
    const rule = tcpRouteOf(mesh, question, first)
    return rule === undefined
      ? closed([
          reason("gateway.no_route", `No tcp route is bound to ${first.name}`, first.gateway.object),
          ...dropped,
        ])
      : decided(mesh, question, rule)
  }
  const taken = tlsRoutesOf(mesh, question, servers)
  const name = sni === null ? undefined : mostSpecific(taken.keys(), sni.toLowerCase())
  const rule = name === undefined ? undefined : taken.get(name)
  return rule === undefined
    ? closed([
        reason(
          "gateway.no_route",
          `No tls route takes ${sni ?? "a connection without a name"}`,
          first.gateway.object,
        ),
        ...dropped,
      ])
    : decided(mesh, question, rule)
}

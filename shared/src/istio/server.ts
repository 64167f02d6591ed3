import { list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { serversOfKubernetes } from "./kubernetes-gateway.ts"
import { type Config, type Mesh, isSubset, key } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"

/** One server of a Gateway (or listener of a Gateway API one) that a gateway's proxy runs. */
export type Server = {
  gateway: Config
  /** `namespace/name` of the gateway. */
  name: string
  /** `spec.servers[2]`, or `spec.listeners[0]`. */
  path: string
  port: number
  /** Address it listens on; empty: all. */
  bind: string
  /** Host patterns, lower case, with the namespaces whose routes may bind (`*`: all). */
  hosts: readonly { namespace: string; host: string }[]
  /** Upper case. */
  protocol: string
  /** Mode of its TLS settings; undefined without any. */
  tls: string | undefined
  httpsRedirect: boolean
}

/** Servers that share a socket. Plain HTTP ones share their routes as well; servers with TLS are told apart by the name the client asks for (SNI). */
export type Listener = { port: number; bind: string; servers: readonly Server[] }

/** What a gateway's proxy listens on, and the servers it does not run, with the reason. */
export type Listeners = {
  listeners: readonly Listener[]
  refused: readonly { server: Server; reason: Reason }[]
}

const plainHttp = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY"])

export const isPlainHttp = ({ protocol }: Pick<Server, "protocol">): boolean => plainHttp.has(protocol)

const isPassthrough = ({ tls }: Server): boolean => tls === "PASSTHROUGH" || tls === "AUTO_PASSTHROUGH"

/** Whether requests can be read there: plain HTTP, or TLS that ends at the gateway. Source: pilot `IsHTTPServer`. */
export const isHttp = (server: Server): boolean =>
  isPlainHttp(server) || (server.protocol === "HTTPS" && !isPassthrough(server))

const isTls = (server: Server): boolean => server.tls !== undefined && !isPlainHttp(server)

/** A server's hosts as Istio reads them: `./` is the gateway's own namespace, `*\/` and none are all. Source: pilot `sanitizeServerHostNamespace`. */
export function serverHost(entry: string, own: string): { namespace: string; host: string } {
  const slash = entry.indexOf("/")
  if (slash < 0) return { namespace: "*", host: entry.toLowerCase() }
  const namespace = entry.slice(0, slash)
  return { namespace: namespace === "." ? own : namespace, host: entry.slice(slash + 1).toLowerCase() }
}

const tlsModes: Record<number, string> = { 0: "PASSTHROUGH", 1: "SIMPLE", 2: "MUTUAL", 3: "AUTO_PASSTHROUGH" }

const modeOf = (tls: unknown): string | undefined => {
  if (tls === undefined || tls === null) return undefined
  const { mode } = record(tls)
  return typeof mode === "number" ? (tlsModes[mode] ?? "PASSTHROUGH") : text(mode) || "PASSTHROUGH"
}

/** The servers of an Istio Gateway in the order they are written. */
export function serversIn(gateway: Config): Server[] {
  return list(gateway.spec["servers"]).flatMap((entry, index): Server[] => {
    const server = record(entry)
    if (server["port"] === undefined) return []
    const port = record(server["port"])
    return [
      {
        gateway,
        name: key(gateway.namespace, gateway.object.name),
        path: `spec.servers[${index}]`,
        port: number(port["number"]),
        bind: text(server["bind"]),
        hosts: strings(server["hosts"]).map((host) => serverHost(host, gateway.namespace)),
        protocol: text(port["protocol"]).toUpperCase(),
        tls: modeOf(server["tls"]),
        httpsRedirect: record(server["tls"])["httpsRedirect"] === true,
      },
    ]
  })
}

/** Istio Gateways select proxies by labels, in any namespace; one without a selector is for all gateways. */
const gatewaysOf = (mesh: Mesh, client: Client): Config[] =>
  mesh.gateways.filter(({ spec }) => isSubset(stringMap(spec["selector"]), client.labels))

type Open = { port: number; bind: string; protocol: string; servers: Server[] }
type PortState = { plain: Open | undefined; binds: Set<string>; open: Open[] }

const mayShare = (protocol: string, existing: string): boolean =>
  plainHttp.has(existing) && (plainHttp.has(protocol) || protocol === existing)

/** Adds a server to a port that has others; answers why not. */
function joinPort(state: PortState, server: Server): string | undefined {
  const { protocol, bind } = server
  const find = (): Open | undefined =>
    state.open.find((open) => open.protocol === protocol && open.bind === bind)
  const add = (): Open => {
    const open = find()
    if (open) {
      open.servers.push(server)
      return open
    }
    const fresh = { port: server.port, bind, protocol, servers: [server] }
    state.open.push(fresh)
    return fresh
  }
  if (state.plain === undefined) {
    if (!isTls(server)) {
      state.plain = add()
      return undefined
    }
    state.binds.add(bind)
    add()
    return undefined
  }
  if (state.plain.bind !== bind) {
    const open = add()
    if (!isTls(server)) state.plain = open
    return undefined
  }
  if (!mayShare(protocol, state.plain.protocol))
    return `its protocol ${protocol} cannot share port ${server.port} with ${state.plain.protocol} of ${state.plain.servers[0]?.name ?? ""}`
  state.plain.servers.push(server)
  return undefined
}

/**
 * All servers for one proxy, joined by socket: the oldest gateway first, and a server that cannot share a port with those before it is dropped.
 * Source: pilot `mergeGateways`.
 */
export function listenersOf(mesh: Mesh, client: Client): Listeners {
  const ports = new Map<number, PortState>()
  const tlsHosts = new Set<string>()
  const refused: { server: Server; reason: Reason }[] = []
  const refuse = (server: Server, why: string): void => {
    const { object } = server.gateway
    refused.push({
      server,
      reason: reason(
        "gateway.server_refused",
        `${named(object)} ${server.path} is not run: ${why}`,
        object,
        server.path,
      ),
    })
  }
  for (const server of [
    ...gatewaysOf(mesh, client).flatMap(serversIn),
    ...serversOfKubernetes(mesh, client),
  ]) {
    if (server.tls !== undefined) {
      const own = server.hosts.map(
        ({ namespace, host }) => `${server.port}|${server.bind}|${namespace}/${host}`,
      )
      const taken = own.findIndex((host) => tlsHosts.has(host))
      if (taken >= 0) {
        refuse(
          server,
          `another server with TLS on port ${server.port} has ${server.hosts[taken]?.host ?? ""} already`,
        )
        continue
      }
      for (const host of own) tlsHosts.add(host)
    }
    const state = ports.get(server.port) ?? { plain: undefined, binds: new Set(), open: [] }
    ports.set(server.port, state)
    const why = joinPort(state, server)
    if (why !== undefined) refuse(server, why)
  }
  return { listeners: [...ports.values()].flatMap(({ open }) => open), refused }
}

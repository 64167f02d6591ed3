import type { Client } from "../../../istio/client.ts"
import { configOf } from "../../../istio/model.ts"
import { patternsFor } from "../../../istio/host-index.ts"
import { named } from "../../../istio/reason.ts"
import {
  type Listener,
  type Listeners,
  type Server,
  isPlainHttp,
  listenersOf,
  serversIn,
} from "../../../istio/server.ts"
import type { ObjectRef } from "../../../kube/object.ts"
import { key } from "../../../istio/mesh.ts"
import { type Report, type View, check, derived } from "../../check.ts"
import { clientsOfGateway } from "./client.ts"
import { hostRepeated, hostShared, serverConflict } from "./gateway-object-rules.ts"
import { gatewayKind } from "./kinds.ts"

/** A proxy as the key of a derived value. */
export const clientKey = ({ namespace, labels }: Client): string =>
  JSON.stringify([namespace, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])

export function clientOf(at: string): Client {
  const [namespace, labels] = JSON.parse(at) as [string, [string, string][]]
  return { kind: "gateway", namespace, labels: Object.fromEntries(labels) }
}

const hostKey = ({ port, bind }: Server, host: string): string => `${port} ${bind} ${host}`
const socketKey = ({ port, bind }: Server): string => `${port} ${bind}`

type Run = {
  /** Servers by port, address and host. */
  byHost: ReadonlyMap<string, readonly Server[]>
  /** Servers that are left out, with the reason, by port and address. */
  refused: ReadonlyMap<string, readonly { server: Server; why: string }[]>
}

/** What one proxy listens on, for all Gateways it runs. */
export const listenersFor = derived<Listeners>({
  name: "routing/listeners of a gateway's pods",
  compute: ({ mesh }, at) => listenersOf(mesh, clientOf(at)),
})

type Seat = { listener: number; server: number }

/** Where a proxy's servers are, by each of their hosts. */
const seatsByHost = derived<ReadonlyMap<string, readonly Seat[]>>({
  name: "routing/places of servers by host",
  compute: (view, at) => {
    const seats = new Map<string, Seat[]>()
    for (const [listener, { servers }] of view.derive(listenersFor, at).listeners.entries())
      for (const [server, { hosts }] of servers.entries())
        for (const { host } of hosts) {
          const known = seats.get(host)
          if (known === undefined) seats.set(host, [{ listener, server }])
          else known.push({ listener, server })
        }
    return seats
  },
})

/** What one proxy listens on, as far as it matters for a host: without the servers that do not take it. */
export function listenersTaking(view: View, client: string, host: string): Listeners {
  const all = view.derive(listenersFor, client).listeners
  const seats = view.derive(seatsByHost, client)
  const taken = new Map<number, Set<number>>()
  for (const pattern of patternsFor(host))
    for (const { listener, server } of seats.get(pattern) ?? []) {
      // The first of a listener says of what kind it is.
      const known = taken.get(listener) ?? new Set([0])
      taken.set(listener, known.add(server))
    }
  const listeners: Listener[] = []
  for (const index of [...taken.keys()].sort((a, b) => a - b)) {
    const listener = all[index]
    if (listener === undefined) continue
    const order = [...(taken.get(index) ?? [])].sort((a, b) => a - b)
    listeners.push({ ...listener, servers: order.flatMap((at) => listener.servers[at] ?? []) })
  }
  return { listeners, refused: [] }
}

/** The servers of all Gateways that one proxy runs, and those it leaves out. */
const serversOfClient = derived<Run>({
  name: "routing/servers of a gateway's pods",
  compute: (view, at) => {
    const { listeners, refused } = view.derive(listenersFor, at)
    const byHost = new Map<string, Server[]>()
    for (const { servers } of listeners)
      for (const server of servers)
        for (const { host } of server.hosts) {
          const id = hostKey(server, host)
          const known = byHost.get(id)
          if (known === undefined) byHost.set(id, [server])
          else if (known.at(-1) !== server) known.push(server)
        }
    const dropped = new Map<string, { server: Server; why: string }[]>()
    for (const { server, reason } of refused) {
      const id = socketKey(server)
      const entry = { server, why: reason.text.slice(reason.text.indexOf(": ") + 2) }
      dropped.set(id, [...(dropped.get(id) ?? []), entry])
    }
    return { byHost, refused: dropped }
  },
})

const isSame = (a: Server, b: Server): boolean => a.name === b.name && a.path === b.path

/** Whether routes of one namespace may be bound to both. */
const meet = (a: string, b: string): boolean => a === b || a === "*" || b === "*"

/** Whether TLS ends at the server: then its hosts are names that Envoy tells connections apart by, whatever namespace they are for. */
const terminates = (server: Server): boolean =>
  server.tls !== undefined &&
  !isPlainHttp(server) &&
  server.tls !== "PASSTHROUGH" &&
  server.tls !== "AUTO_PASSTHROUGH"

/** Other servers on the same socket with one of this one's hosts. */
function sharing(run: Run, server: Server): { other: Server; host: string }[] {
  const found: { other: Server; host: string }[] = []
  for (const { namespace, host } of server.hosts)
    for (const other of run.byHost.get(hostKey(server, host)) ?? []) {
      if (isSame(other, server)) continue
      const theirs = other.hosts.filter((entry) => entry.host === host)
      if (
        (terminates(server) && terminates(other)) ||
        theirs.some((entry) => meet(entry.namespace, namespace))
      )
        found.push({ other, host })
    }
  return found
}

/** Whether one server keeps another one out. */
function keepsOut(server: Server, other: Server): boolean {
  const names = server.hosts.some(({ host }) => other.hosts.some((own) => own.host === host))
  if (server.tls !== undefined && other.tls !== undefined && names) return true
  return (server.tls === undefined || isPlainHttp(server)) && !(isPlainHttp(server) && isPlainHttp(other))
}

const place = ({ gateway, path }: Server): { object: ObjectRef; path: string } => ({
  object: gateway.object,
  path,
})
const list = (servers: readonly Server[]): string =>
  [...new Set(servers.map(({ gateway }) => named(gateway.object)))].join(", ")

/** What one proxy makes of a server: the worst there is to say, once. */
function judge(run: Run, server: Server, report: Report): boolean {
  const path = server.path
  const dropped = run.refused.get(socketKey(server)) ?? []
  const own = dropped.find((entry) => isSame(entry.server, server))
  if (own !== undefined) {
    const others = sharing(run, server).map(({ other }) => other)
    report(serverConflict, {
      path,
      message: `This server is left out: ${own.why}`,
      references: others.map(place),
    })
    return true
  }
  const shared = sharing(run, server)
  const tls = terminates(server) ? shared.filter(({ other }) => terminates(other)) : []
  const [twice] = tls
  if (twice !== undefined) {
    report(serverConflict, {
      path,
      message: `${named(twice.other.gateway.object)} has TLS for ${twice.host} on port ${server.port} as well, for another namespace; Envoy refuses a port with the same name twice`,
      references: tls.map(({ other }) => place(other)),
    })
    return true
  }
  const kept = dropped.filter((entry) => entry.server.name !== server.name && keepsOut(server, entry.server))
  if (kept.length > 0) {
    const others = kept.map((entry) => entry.server)
    report(serverConflict, {
      path,
      level: "warning",
      message: `${list(others)} cannot share port ${server.port} with this server and is left out there`,
      references: others.map(place),
    })
    return true
  }
  return sayShared(server, shared, report)
}

function sayShared(
  server: Server,
  shared: readonly { other: Server; host: string }[],
  report: Report,
): boolean {
  const others = shared.filter(({ other }) => other.name !== server.name)
  const hosts = (from: typeof shared): string => [...new Set(from.map(({ host }) => host))].join(", ")
  if (others.length > 0) {
    report(hostShared, {
      path: server.path,
      message: `${list(others.map(({ other }) => other))} takes ${hosts(others)} on port ${server.port} as well`,
      references: others.map(({ other }) => place(other)),
    })
    return true
  }
  const before = shared.filter(({ other }) => other.path < server.path)
  const [first] = before
  if (first === undefined) return false
  report(hostRepeated, {
    path: server.path,
    message: `${hosts(before)} on port ${server.port} is in ${first.other.path} already`,
  })
  return true
}

export const gatewayServers = check({
  name: "gateway/servers",
  subject: gatewayKind,
  reads: [gatewayKind, "Pod"],
  rules: [serverConflict, hostShared, hostRepeated],
  run: (object, view, report) => {
    const servers = serversIn(configOf(object))
    if (servers.length === 0) return
    const clients = view.derive(clientsOfGateway, key(object.metadata.namespace ?? "", object.metadata.name))
    const runs = clients.map((client) => view.derive(serversOfClient, clientKey(client)))
    for (const server of servers) for (const run of runs) if (judge(run, server, report)) break
  },
})

import type { Client } from "../../../istio/client.ts"
import { type VirtualService, gatewayName } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import type { Server } from "../../../istio/server.ts"
import { exportedTo } from "../../../istio/visibility.ts"
import { type Json, list, number, record, strings } from "../../../topology/fact/read.ts"
import { type Report, type View, check } from "../../check.ts"
import { clientsOfGateway, modelOf } from "./client.ts"
import { clientKey, listenersFor } from "./gateway-servers.ts"
import { sectionOf, takesHost } from "./gateways.ts"
import { ruleShadowed } from "./host-rules.ts"
import { gatewayKind, virtualServiceKind } from "./kinds.ts"

/** Whether a tcp or tls match is for a server. Source: pilot `l4SingleMatch`. */
function isFor(match: Json, server: Server, namespace: string): boolean {
  const port = number(match["port"])
  if (port !== 0 && port !== server.port) return false
  const gateways = strings(match["gateways"])
  return gateways.length === 0 || gateways.some((name) => gatewayName(name, namespace) === server.name)
}

/** Which of its tcp routes a VirtualService gives a server: the first that is for it. */
function tcpRouteFor({ spec, namespace }: VirtualService, server: Server): number {
  return list(spec["tcp"]).findIndex((entry) => {
    const route = record(entry)
    if (list(route["route"]).length === 0) return false
    const matches = list(route["match"])
    return matches.length === 0 || matches.some((match) => isFor(record(match), server, namespace))
  })
}

type Names = { host: string; path: string }

/** The names its tls routes give a server, in their order. */
function namesFor({ spec, namespace }: VirtualService, server: Server): Names[] {
  const found: Names[] = []
  for (const [i, entry] of list(spec["tls"]).entries())
    for (const [j, match] of list(record(entry)["match"]).entries()) {
      if (!isFor(record(match), server, namespace)) continue
      for (const [k, host] of strings(record(match)["sniHosts"]).entries())
        found.push({ host, path: `spec.tls[${i}].match[${j}].sniHosts[${k}]` })
    }
  return found
}

/** Those bound to a server before it, in the order pilot takes them. */
function earlier(view: View, config: VirtualService, server: Server, client: Client): VirtualService[] {
  const bound = exportedTo(view.mesh.gatewayRoutes.get(server.name) ?? [], client.namespace).filter((other) =>
    other.hosts.some((host) => takesHost(server, other.namespace, host)),
  )
  return bound.slice(0, bound.indexOf(config))
}

type Subject = { config: VirtualService; server: Server; before: readonly VirtualService[]; report: Report }

function tcp({ config, server, before, report }: Subject): void {
  const own = tcpRouteFor(config, server)
  const first = own < 0 ? undefined : before.find((other) => tcpRouteFor(other, server) >= 0)
  if (first === undefined) return
  report(ruleShadowed, {
    path: `spec.tcp[${own}]`,
    message: `${named(first.object)} comes first at port ${server.port} of ${server.name}, and takes every connection there`,
    references: [{ object: first.object, path: "spec.tcp" }],
  })
}

function tls({ config, server, before, report }: Subject): void {
  for (const { host, path } of namesFor(config, server))
    for (const other of before) {
      const taken = namesFor(other, server).find((names) => names.host === host)
      if (taken === undefined) continue
      report(ruleShadowed, {
        path,
        message: `${named(other.object)} comes first at port ${server.port} of ${server.name} for ${host}; Istio leaves the second match out`,
        references: [{ object: other.object, path: taken.path }],
      })
      break
    }
}

/** Routes of connections: at a gateway's TCP server the first VirtualService takes all, where TLS passes through the first with the name. */
export const connectionShadows = check({
  name: "virtualservice/connection-shadows",
  subject: virtualServiceKind,
  reads: [virtualServiceKind, gatewayKind, "Pod"],
  rules: [ruleShadowed],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    if (spec["tcp"] === undefined && spec["tls"] === undefined) return
    if (list(spec["gateways"]).every((name) => name === "mesh")) return
    const config = modelOf(view, object)
    if (config === undefined) return
    for (const gateway of config.gateways) {
      if (gateway === "mesh") continue
      for (const client of view.derive(clientsOfGateway, gateway)) {
        const { listeners } = view.derive(listenersFor, clientKey(client))
        const servers = listeners.flatMap((listener) => listener.servers)
        for (const server of servers) {
          if (server.name !== gateway) continue
          const section = sectionOf(server)
          if (section === "http" || list(spec[section]).length === 0) continue
          const subject = { config, server, before: earlier(view, config, server, client), report }
          if (section === "tcp") tcp(subject)
          else tls(subject)
        }
      }
    }
  },
})

import type { Client } from "../../istio/client.ts"
import { rulesAtGateway } from "../../istio/gateway.ts"
import { commonHost, configHost } from "../../istio/host.ts"
import { routesOfListener } from "../../istio/kubernetes-gateway.ts"
import type { Mesh } from "../../istio/mesh.ts"
import type { RegistryService } from "../../istio/registry.ts"
import { type Routed, type Rule, rulesOf } from "../../istio/rule.ts"
import { type Server, isHttp, listenersOf } from "../../istio/server.ts"
import { isHttpPort, rulesOfSidecar } from "../../istio/sidecar-routes.ts"
import { list, record, text } from "../../topology/fact/read.ts"
import type { Asking } from "./request.ts"

/** The rules that a proxy has for what is asked; none: every request goes to the service itself. */
export function rulesFor(mesh: Mesh, client: Client, { host, port }: Asking): readonly Rule[] {
  const question = { client, port, host }
  const { rules } =
    client.kind === "gateway" ? rulesAtGateway(mesh, question) : rulesOfSidecar(mesh, question)
  return rules ?? []
}

const namesService = (rule: Rule, { host }: RegistryService, domain: string): boolean =>
  list(rule.route["route"]).some(
    (target) =>
      configHost(text(record(record(target)["destination"])["host"]), rule.namespace, domain) === host,
  )

/** A name that a pattern takes. */
const nameIn = (pattern: string): string => pattern.replace(/^\*/, pattern === "*" ? "any.example" : "any")

const routesAt = (mesh: Mesh, server: Server): readonly Routed[] =>
  server.gateway.object.kind.includes("gateway.networking.k8s.io")
    ? routesOfListener(mesh, server)
    : (mesh.gatewayRoutes.get(server.name) ?? [])

/** Hosts that a server and a route for it have in common. */
const commonHosts = (server: Server, { hosts }: Routed): string[] =>
  hosts.flatMap((written) =>
    server.hosts.flatMap(({ host }) => commonHost(host, written.toLowerCase()) ?? []),
  )

/** Hosts under which a gateway offers a service. */
function offered(mesh: Mesh, client: Client, service: RegistryService): Asking[] {
  const { domain } = mesh.settings
  const servers = listenersOf(mesh, client).listeners.flatMap((listener) => listener.servers.filter(isHttp))
  return servers.flatMap((server) =>
    routesAt(mesh, server)
      .filter((config) => rulesOf(mesh, config).some((rule) => namesService(rule, service, domain)))
      .flatMap((config) => commonHosts(server, config))
      .map((host) => ({ host: nameIn(host), port: server.port })),
  )
}

/** How a client asks for a service, in any of the meshes (before and after a change). */
export function askingsOf(meshes: readonly Mesh[], client: Client, service: RegistryService): Asking[] {
  if (client.kind === "sidecar") {
    const port = service.ports.find(({ number }) => isHttpPort(service, number))
    return port === undefined ? [] : [{ host: service.host, port: port.number }]
  }
  const found = new Map<string, Asking>()
  for (const mesh of meshes)
    for (const asking of offered(mesh, client, service)) found.set(`${asking.host}:${asking.port}`, asking)
  return [...found.values()]
}

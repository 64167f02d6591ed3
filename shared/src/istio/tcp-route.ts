import { list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { configHost, hostMatches } from "./host.ts"
import { type Mesh, type VirtualService, isSubset } from "./mesh.ts"
import type { Destination } from "./decision.ts"
import { isExportedTo, visibleService } from "./visibility.ts"

const isForHost = (config: VirtualService, host: string): boolean =>
  config.hosts.some((own) => hostMatches(own, host))

/**
 * Where a sidecar sends a TCP connection for a service: as the first `tcp` route that matches its port and the client says, else to the service.
 * Source: istio.io, VirtualService, TCPRoute.
 */
export function routeTcp(
  mesh: Mesh,
  client: Client,
  { host, port }: { host: string; port: number },
): readonly Destination[] {
  const configs = [...(mesh.meshRoutes.byHost.get(host) ?? []), ...mesh.meshRoutes.wildcard].filter(
    (config) => isForHost(config, host) && isExportedTo(config.exportTo, config.namespace, client.namespace),
  )
  for (const config of configs) {
    for (const route of list(config.spec["tcp"]).map(record)) {
      const matches = list(route["match"]).map(record)
      const applies = matches.some(
        (match) =>
          (number(match["port"]) === 0 || number(match["port"]) === port) &&
          isSubset(stringMap(match["sourceLabels"]), client.labels) &&
          (strings(match["gateways"]).length === 0 || strings(match["gateways"]).includes("mesh")),
      )
      if (matches.length > 0 && !applies) continue
      return weighted(mesh, client, config, { targets: list(route["route"]), port })
    }
  }
  return [{ host, subset: "", port, share: 1 }]
}

function weighted(
  mesh: Mesh,
  client: Client,
  { namespace }: VirtualService,
  { targets, port }: { targets: readonly unknown[]; port: number },
): Destination[] {
  const routes = targets.map(record)
  const weights = routes.map((route) => (routes.length === 1 ? 1 : number(route["weight"])))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return routes.flatMap((route, i): Destination[] => {
    const share = total === 0 ? 0 : (weights[i] ?? 0) / total
    const destination = record(route["destination"])
    const host = configHost(text(destination["host"]), namespace, mesh.settings.domain)
    const written = number(record(destination["port"])["number"])
    const { service } = visibleService(mesh, client, host, written || port)
    const only = service?.ports.length === 1 ? service.ports[0]?.number : undefined
    return share === 0
      ? []
      : [{ host, subset: text(destination["subset"]), port: written || (only ?? port), share }]
  })
}

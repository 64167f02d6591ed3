import { isWildcard } from "../../../istio/host.ts"
import type { VirtualService } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import type { Protocol, RegistryService } from "../../../istio/registry.ts"
import { list } from "../../../topology/fact/read.ts"
import type { Report, View } from "../../check.ts"
import { hostWithoutService } from "./destination-rules.ts"
import { sectionUnused } from "./gateway-rules.ts"
import { isElsewhere, servicesFor } from "./service.ts"
import { type Section, sections } from "./target.ts"

/** Ports whose listeners take routes of a section. Source: pilot `buildSidecarOutboundTLSFilterChainOpts`, `buildSidecarOutboundTCPFilterChainOpts`. */
const takes: Record<Section, readonly Protocol[]> = {
  http: ["http", "grpc", "auto"],
  tls: ["tls"],
  tcp: ["tcp", "auto"],
}

/** Hosts of a VirtualService that is for the mesh only: whether they are services, and whether these have ports for its routes. */
export function meshHosts(view: View, config: VirtualService, report: Report): void {
  if (config.gateways.length !== 1 || config.gateways[0] !== "mesh") return
  const all: RegistryService[] = []
  let complete = true
  for (let index = 0; index < config.hosts.length; index++) {
    const host = config.hosts[index] ?? ""
    const services = isWildcard(host) ? [] : servicesFor(view, host)
    if (services.length === 0) complete = false
    for (const service of services) all.push(service)
    if (services.length > 0 || isWildcard(host) || isElsewhere(view, host)) continue
    const http = list(config.spec["http"]).length > 0
    report(hostWithoutService, {
      path: `spec.hosts[${index}]`,
      level: http ? "info" : "warning",
      message: `No Service or ServiceEntry has the host ${host}, so ${http ? "only requests to port 80 are routed" : "no connection is routed"}`,
    })
  }
  if (complete && all.length > 0) unused(config, all, report)
}

function unused(config: VirtualService, services: readonly RegistryService[], report: Report): void {
  for (const section of sections) {
    if (list(config.spec[section]).length === 0 || isTaken(section, services)) continue
    const ports = services.flatMap((service) =>
      service.ports.map((port) => `${port.number} of ${named(service.object)} is ${port.protocol}`),
    )
    report(sectionUnused, {
      path: `spec.${section}`,
      message: `No port of its hosts uses ${section} routes: ${ports.slice(0, 4).join(", ")}`,
      references: services.slice(0, 4).map(({ object }) => ({ object, path: "spec.ports" })),
    })
  }
}

/** A service without ports, or with only one that is not known, says nothing. */
function isTaken(section: Section, services: readonly RegistryService[]): boolean {
  for (const { ports } of services) {
    if (ports.length === 0) return true
    for (const { protocol } of ports) if (takes[section].includes(protocol)) return true
  }
  return false
}

import { configHost, isWildcard } from "../../../istio/host.ts"
import { named } from "../../../istio/reason.ts"
import type { Protocol, RegistryService } from "../../../istio/registry.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
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
export function meshHosts(view: View, object: KubeObject, report: Report): void {
  const spec = record(object["spec"])
  if (list(spec["gateways"]).some((gateway) => gateway !== "mesh")) return
  const all: RegistryService[] = []
  let complete = true
  const hosts = list(spec["hosts"])
  for (let index = 0; index < hosts.length; index++) {
    const host = configHost(text(hosts[index]), object.metadata.namespace ?? "", view.settings.domain)
    if (host === "") continue
    const services = isWildcard(host) ? [] : servicesFor(view, host)
    if (services.length === 0) complete = false
    for (const service of services) all.push(service)
    if (services.length > 0 || isWildcard(host) || isElsewhere(view, host)) continue
    const http = list(spec["http"]).length > 0
    report(hostWithoutService, {
      path: `spec.hosts[${index}]`,
      level: http ? "info" : "warning",
      message: `No Service or ServiceEntry has the host ${host}, so ${http ? "only requests to port 80 are routed" : "no connection is routed"}`,
    })
  }
  if (complete && all.length > 0) unused(spec, all, report)
}

function unused(spec: Json, services: readonly RegistryService[], report: Report): void {
  for (const section of sections) {
    if (spec[section] === undefined || list(spec[section]).length === 0 || isTaken(section, services))
      continue
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

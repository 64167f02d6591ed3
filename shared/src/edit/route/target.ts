import type { Client } from "../../istio/client.ts"
import { serviceHost } from "../../istio/host.ts"
import { preferred } from "../../istio/visibility.ts"
import type { RegistryService } from "../../istio/registry.ts"
import type { ServiceName } from "../form.ts"
import { invalid } from "../invalid.ts"
import type { World } from "../world.ts"

/** The service that a control is about, and a client of it in its own namespace: what routes it without a say of its own. */
export type Target = {
  service: RegistryService
  client: Client
  /** Its first port for HTTP, else its first. */
  port: number
}

const isHttp = ({ protocol }: RegistryService["ports"][number]): boolean =>
  protocol === "http" || protocol === "grpc" || protocol === "auto"

export const hasHttp = ({ ports }: RegistryService): boolean => ports.length === 0 || ports.some(isHttp)

export function serviceOfHost(world: World, host: string, namespace: string): RegistryService | undefined {
  return preferred(world.mesh.services.get(host) ?? [], namespace)
}

/** @throws AppError input.invalid when there is no such service: a Kubernetes Service, or a host of a ServiceEntry of the namespace. */
export function targetOf(world: World, { namespace, name }: ServiceName): Target {
  const host = serviceHost(name, namespace, world.mesh.settings.domain)
  const service =
    serviceOfHost(world, host, namespace) ??
    world.mesh.services.get(name)?.find((entry) => entry.namespace === namespace)
  if (service === undefined)
    throw invalid([
      {
        path: "service",
        message: `there is no service ${namespace}/${name} in this cluster; write NAMESPACE/SERVICE`,
      },
    ])
  return {
    service,
    client: { kind: "sidecar", namespace: service.namespace, labels: {} },
    port: (service.ports.find(isHttp) ?? service.ports[0])?.number ?? 80,
  }
}

export const nameOf = ({ service }: Target): string => `${service.namespace}/${service.name}`

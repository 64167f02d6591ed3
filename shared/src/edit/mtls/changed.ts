import { instancesOf } from "../../istio/endpoints.ts"
import type { Instance } from "../../istio/instance.ts"
import { type MtlsMode, peerAuthenticationFor } from "../../istio/peer-authentication.ts"
import type { RegistryService, ServicePort } from "../../istio/registry.ts"
import { byCodeUnit } from "../../order.ts"
import { containerPort } from "../../validation/family/security/peer-authentication.ts"
import type { World } from "../world.ts"
import type { Place } from "./place.ts"

/** A service whose pods ask something else of their clients after a change. */
export type Changed = {
  service: RegistryService
  ports: readonly ServicePort[]
  mode: MtlsMode
  instances: readonly Instance[]
}

/** Services whose pods a place may be about. */
export function servicesOf(world: World, place: Place): RegistryService[] {
  const found: RegistryService[] = []
  for (const services of world.mesh.services.values())
    for (const service of services)
      if (!service.external && (place.level === "mesh" || service.namespace === place.namespace))
        found.push(service)
  return found.sort((a, b) => byCodeUnit(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`))
}

/** Instances of a workload ask the same, so it is asked once. */
function decider(before: World, after: World) {
  const known = new Map<string, { was: MtlsMode; is: MtlsMode }>()
  return (instance: Instance, port: number): { was: MtlsMode; is: MtlsMode } => {
    const key = `${instance.namespace}/${instance.workload.kind}/${instance.workload.name}/${port}`
    const found = known.get(key) ?? {
      was: peerAuthenticationFor(before.mesh, instance, port).mode,
      is: peerAuthenticationFor(after.mesh, instance, port).mode,
    }
    known.set(key, found)
    return found
  }
}

/** The services of a place whose pods ask something else of their clients after than before; one entry for each mode. */
export function changedServices(before: World, after: World, place: Place): Changed[] {
  const decide = decider(before, after)
  return servicesOf(before, place).flatMap((service) => {
    const modes = new Map<MtlsMode, { ports: Set<ServicePort>; instances: Set<Instance> }>()
    for (const instance of instancesOf(before.mesh, service)) {
      if (!instance.sidecar || instance.gateway) continue
      for (const port of service.ports) {
        if (port.protocol === "udp") continue
        const { was, is } = decide(instance, containerPort(port, instance))
        if (was === is) continue
        const known = modes.get(is) ?? { ports: new Set(), instances: new Set() }
        known.ports.add(port)
        known.instances.add(instance)
        modes.set(is, known)
      }
    }
    return [...modes].map(([mode, { ports, instances }]) => ({
      service,
      ports: [...ports],
      mode,
      instances: [...instances],
    }))
  })
}

import { hostMatches } from "../../../istio/host.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import type { View } from "../../check.ts"

const none: readonly RegistryService[] = []

/** What a host may mean in a cluster: services of that name, else those with a wildcard that takes it. */
export function servicesFor(view: View, host: string): readonly RegistryService[] {
  const exact = view.mesh.services.get(host)
  if (exact !== undefined) return exact
  const { wildcardServices } = view.mesh
  return wildcardServices.length === 0
    ? none
    : wildcardServices.filter((service) => hostMatches(service.host, host))
}

/** Whether a host is a service in another cluster of the mesh. */
export const isElsewhere = (view: View, host: string): boolean =>
  view.others.some((other) => servicesFor(other, host).length > 0)

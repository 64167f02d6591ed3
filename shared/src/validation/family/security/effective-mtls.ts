import { destinationRuleFor } from "../../../istio/destination-rule.ts"
import { instancesOf } from "../../../istio/endpoints.ts"
import type { Instance } from "../../../istio/instance.ts"
import { type Mesh, isSubset } from "../../../istio/mesh.ts"
import { peerAuthenticationFor } from "../../../istio/peer-authentication.ts"
import type { RegistryService, ServicePort } from "../../../istio/registry.ts"
import type { ObjectRef } from "../../../kube/object.ts"
import type { View } from "../../check.ts"
import { dataplaneAt } from "./coverage.ts"
import { containerPort } from "./peer-authentication.ts"
import { clientOf } from "./wide-host.ts"

/** What a server asks of its callers on one port, and which PeerAuthentication says so (none: the default). */
export type Demand = {
  service: RegistryService
  port: ServicePort
  instance: Instance
  /** `NONE`: no proxy, plain text only. `AMBIENT`: a ztunnel or waypoint answers. */
  mode: "STRICT" | "PERMISSIVE" | "DISABLE" | "NONE" | "AMBIENT"
  policy: ObjectRef | undefined
}

/**
 * What every pod behind a service asks of its callers, port by port; of one service port, and of pods with some labels only, where wanted.
 * Gateways are left out: what they ask is in their Gateway. Reads Pod, WorkloadEntry, Namespace and PeerAuthentication.
 */
export function demandsOf(
  view: View,
  service: RegistryService,
  { port = 0, labels }: { port?: number; labels?: Readonly<Record<string, string>> | undefined } = {},
): Demand[] {
  const demands: Demand[] = []
  for (const instance of instancesOf(view.mesh, service)) {
    if (instance.gateway || (labels !== undefined && !isSubset(labels, instance.labels))) continue
    const dataplane = dataplaneAt(view, instance)
    for (const item of service.ports) {
      if ((port !== 0 && item.number !== port) || item.protocol === "udp") continue
      if (dataplane !== "sidecar") {
        const mode = dataplane === "ambient" ? "AMBIENT" : "NONE"
        demands.push({ service, port: item, instance, mode, policy: undefined })
        continue
      }
      const { mode, reasons } = peerAuthenticationFor(view.mesh, instance, containerPort(item, instance))
      demands.push({ service, port: item, instance, mode, policy: reasons[0]?.object })
    }
  }
  return demands
}

/** Whether a DestinationRule is what clients use for a service: those of its own namespace, or those that have no rule of their own. */
export function isEffective(mesh: Mesh, rule: ObjectRef, service: RegistryService): boolean {
  const isNear = rule.namespace === service.namespace || rule.namespace === mesh.settings.rootNamespace
  const uses = (client: string): boolean =>
    destinationRuleFor(mesh, clientOf(client), service).objects.some(
      ({ name, namespace }) => name === rule.name && namespace === rule.namespace,
    )
  return (isNear && uses("")) || uses(rule.namespace)
}

import type { ObjectRef } from "../kube/object.ts"
import type { Client } from "./client.ts"
import { type EffectiveRule, type TrafficPolicy, destinationRuleFor, policyFor } from "./destination-rule.ts"
import type { Instance } from "./instance.ts"
import { type Labels, type Mesh, isSubset, key, selectInstances } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { RegistryService, ServicePort } from "./registry.ts"
import type { Destination } from "./decision.ts"
import { routedService, visibleService } from "./visibility.ts"

/** What stands behind a destination for one client. */
export type Target = {
  /** `no_cluster`: the proxy knows no such host, port or subset (503 NC). `no_endpoints`: nothing ready (503 UH). `outside`: addresses we do not manage. */
  state: "endpoints" | "no_endpoints" | "no_cluster" | "outside"
  service: RegistryService | undefined
  port: ServicePort | undefined
  rule: EffectiveRule
  policy: TrafficPolicy
  /** Ready ones, of the subset. */
  instances: readonly Instance[]
  reasons: readonly Reason[]
}

const noRule: EffectiveRule = { objects: [], subsets: [], policy: {}, reasons: [] }

const missing = (reasons: Reason[], over: Partial<Target> = {}): Target => ({
  state: "no_cluster",
  service: undefined,
  port: undefined,
  rule: noRule,
  policy: {},
  instances: [],
  reasons,
  ...over,
})

/** All pods and entries a service selects, ready or not. */
export const instancesOf = (mesh: Mesh, service: RegistryService): readonly Instance[] =>
  selectInstances(mesh, service.namespace, service.selector)

const isOutside = (service: RegistryService): boolean =>
  Object.keys(service.selector).length === 0 &&
  (service.resolution !== "CLUSTER" || service.external) &&
  (service.endpoints.length > 0 || service.resolution !== "STATIC")

function endpointsOf(mesh: Mesh, service: RegistryService, labels: Labels): readonly Instance[] {
  return instancesOf(mesh, service).filter((instance) => instance.ready && isSubset(labels, instance.labels))
}

/** `route`: the VirtualService that names it. Without one it is what the client called. */
export type TargetOptions = { route?: ObjectRef | null }

/** The endpoints that a client's proxy has for a destination, with the policy it applies. */
export function targetOf(
  mesh: Mesh,
  client: Client,
  { host, subset, port }: Pick<Destination, "host" | "subset" | "port">,
  { route = null }: TargetOptions = {},
): Target {
  const by = route === null ? undefined : mesh.virtualServices.get(key(route.namespace, route.name))
  const { service, reasons } =
    route === null
      ? visibleService(mesh, client, host, port)
      : routedService(mesh, client, { host, port }, by ?? { namespace: route.namespace, hosts: ["*"] })
  if (!service) return missing(reasons)
  const servicePort = service.ports.find(({ number }) => number === port)
  if (!servicePort)
    return missing([reason("port.unknown", `${named(service.object)} has no port ${port}`, service.object)], {
      service,
    })
  const rule = destinationRuleFor(mesh, client, service)
  const found = rule.subsets.find(({ name }) => name === subset)
  if (subset !== "" && !found)
    return missing(
      [
        reason(
          "subset.unknown",
          `No destination rule gives ${host} a subset ${subset} here`,
          rule.objects[0],
        ),
      ],
      {
        service,
        port: servicePort,
        rule,
      },
    )
  const common = { service, port: servicePort, rule, policy: policyFor(rule, subset, port) }
  if (isOutside(service)) return { ...common, state: "outside", instances: [], reasons: rule.reasons }
  const instances = endpointsOf(mesh, service, found?.labels ?? {})
  return instances.length > 0
    ? { ...common, state: "endpoints", instances, reasons: rule.reasons }
    : {
        ...common,
        state: "no_endpoints",
        instances: [],
        reasons: [
          ...rule.reasons,
          reason(
            "endpoints.none",
            `Nothing ready stands behind ${host}${subset === "" ? "" : ` subset ${subset}`}`,
            service.object,
          ),
        ],
      }
}

import { type KubeObject, type ObjectRef, kindKeyOf, refOf } from "../kube/object.ts"
import { type Json, list, record, stringMap, strings, text } from "../topology/fact/read.ts"
import { configHost, isWildcard } from "./host.ts"
import { httpRouteRules } from "./http-route.ts"
import { type Instance, podInstance, workloadEntryInstance } from "./instance.ts"
import { type RegistryService, kubernetesService, serviceEntryServices } from "./registry.ts"

/** What of MeshConfig decides about routing and security. */
export type MeshSettings = {
  rootNamespace: string
  domain: string
  trustDomain: string
  autoMtls: boolean
  outbound: "ALLOW_ANY" | "REGISTRY_ONLY"
}

export const defaultSettings: MeshSettings = {
  rootNamespace: "istio-system",
  domain: "cluster.local",
  trustDomain: "cluster.local",
  autoMtls: true,
  outbound: "ALLOW_ANY",
}

/** An object of the mesh with its spec and the order Istio takes it in. */
export type Config = {
  object: ObjectRef
  namespace: string
  spec: Json
  created: string
  annotations: Labels
}
export type Labels = Readonly<Record<string, string>>

export type VirtualService = Config & {
  /** As Istio completes them. */
  hosts: readonly string[]
  /** `mesh`, or `namespace/name`. */
  gateways: readonly string[]
  exportTo: readonly string[]
}
export type DestinationRule = Config & { host: string; exportTo: readonly string[] }
/** One rule of an HTTPRoute, written as a VirtualService's http route, bound to hosts. */
export type GatewayRule = {
  object: ObjectRef
  path: string
  namespace: string
  created: string
  /** Empty: all hosts of its parent. For a Service parent: that service. */
  hosts: readonly string[]
  /** `gateway/namespace/name` or `service/namespace/name`, and the port or section it is for (0, empty: any). */
  parents: readonly { key: string; port: number; section: string }[]
  match: Json | undefined
  route: Json
}

/** Everything the decisions look up, indexed once. Build it anew when an object changed. */
export type Mesh = {
  settings: MeshSettings
  services: ReadonlyMap<string, readonly RegistryService[]>
  wildcardServices: readonly RegistryService[]
  /** Oldest first, as Istio prefers them. */
  virtualServices: ReadonlyMap<string, VirtualService>
  /** Mesh-bound virtual services by exact host, and those with wildcards. */
  meshRoutes: { byHost: ReadonlyMap<string, readonly VirtualService[]>; wildcard: readonly VirtualService[] }
  gatewayRoutes: ReadonlyMap<string, readonly VirtualService[]>
  httpRoutes: ReadonlyMap<string, readonly GatewayRule[]>
  gateways: readonly Config[]
  kubernetesGateways: ReadonlyMap<string, Config>
  destinationRules: ReadonlyMap<string, readonly DestinationRule[]>
  sidecars: ReadonlyMap<string, readonly Config[]>
  peerAuthentications: ReadonlyMap<string, readonly Config[]>
  authorizationPolicies: ReadonlyMap<string, readonly Config[]>
  instances: ReadonlyMap<string, readonly Instance[]>
  /** `namespace/label=value` -> instances. */
  byLabel: ReadonlyMap<string, readonly Instance[]>
}

const push = <T>(map: Map<string, T[]>, key: string, value: T): void => {
  const known = map.get(key)
  if (known) known.push(value)
  else map.set(key, [value])
}

/** Oldest first, then by name and namespace. Source: pilot `SortConfigByCreationTime`. */
export const byAge = (
  a: { created: string; object: ObjectRef },
  b: { created: string; object: ObjectRef },
): number => {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1
  const [left, right] = [`${a.object.name}.${a.object.namespace}`, `${b.object.name}.${b.object.namespace}`]
  return left < right ? -1 : left > right ? 1 : 0
}

const configOf = (object: KubeObject): Config => ({
  object: refOf(object),
  namespace: object.metadata.namespace ?? "",
  spec: record(object["spec"]),
  created: object.metadata.creationTimestamp ?? "",
  annotations: object.metadata.annotations ?? {},
})

/** `namespace/name` of a gateway as an object of a namespace names it; old configs write `name.namespace.svc...`. Source: pilot `resolveGatewayName`. */
export function gatewayName(written: string, namespace: string): string {
  if (written === "mesh") return written
  if (written.startsWith("./")) return `${namespace}${written.slice(1)}`
  if (written.includes("/")) return written
  const [name = written, of] = written.split(".")
  return `${of ?? namespace}/${name}`
}

function virtualServiceOf(object: KubeObject, domain: string): VirtualService {
  const config = configOf(object)
  const gateways = strings(config.spec["gateways"]).map((name) => gatewayName(name, config.namespace))
  return {
    ...config,
    hosts: strings(config.spec["hosts"]).map((host) => configHost(host, config.namespace, domain)),
    gateways: gateways.length === 0 ? ["mesh"] : gateways,
    exportTo: strings(config.spec["exportTo"]),
  }
}

function destinationRuleOf(object: KubeObject, domain: string): DestinationRule {
  const config = configOf(object)
  return {
    ...config,
    host: configHost(text(config.spec["host"]), config.namespace, domain),
    exportTo: strings(config.spec["exportTo"]),
  }
}

/** The key under which an object of a namespaced kind is found. */
export const key = (namespace: string, name: string): string => `${namespace}/${name}`

function grouped<T extends { namespace: string; created: string; object: ObjectRef }>(
  configs: readonly T[],
): Map<string, T[]> {
  const map = new Map<string, T[]>()
  for (const config of [...configs].sort(byAge)) push(map, config.namespace, config)
  return map
}

function routesOf(
  virtualServices: readonly VirtualService[],
): Pick<Mesh, "virtualServices" | "meshRoutes" | "gatewayRoutes"> {
  const byHost = new Map<string, VirtualService[]>()
  const wildcard: VirtualService[] = []
  const gatewayRoutes = new Map<string, VirtualService[]>()
  for (const config of virtualServices) {
    for (const gateway of new Set(config.gateways))
      if (gateway !== "mesh") push(gatewayRoutes, gateway, config)
    if (!config.gateways.includes("mesh")) continue
    for (const host of new Set(config.hosts)) if (!isWildcard(host)) push(byHost, host, config)
    if (config.hosts.some(isWildcard)) wildcard.push(config)
  }
  return {
    virtualServices: new Map(
      virtualServices.map((config) => [key(config.namespace, config.object.name), config]),
    ),
    meshRoutes: { byHost, wildcard },
    gatewayRoutes,
  }
}

function instancesOf(all: readonly Instance[]): Pick<Mesh, "instances" | "byLabel"> {
  const instances = new Map<string, Instance[]>()
  const byLabel = new Map<string, Instance[]>()
  for (const instance of all) {
    push(instances, instance.namespace, instance)
    for (const [label, value] of Object.entries(instance.labels))
      push(byLabel, `${instance.namespace}/${label}=${value}`, instance)
  }
  return { instances, byLabel }
}

function registryOf(all: readonly RegistryService[]): Pick<Mesh, "services" | "wildcardServices"> {
  const services = new Map<string, RegistryService[]>()
  for (const service of [...all].sort(byAge))
    if (!isWildcard(service.host)) push(services, service.host, service)
  return { services, wildcardServices: all.filter(({ host }) => isWildcard(host)).sort(byAge) }
}

const gatewayKind = "Gateway.gateway.networking.k8s.io"

/** Indexes the objects of one cluster; kinds that decide nothing are passed over. */
export function indexMesh(objects: Iterable<KubeObject>, settings: MeshSettings = defaultSettings): Mesh {
  const byKind = new Map<string, KubeObject[]>()
  for (const object of objects) push(byKind, kindKeyOf(object), object)
  const of = (kind: string): KubeObject[] => byKind.get(kind) ?? []
  const configs = (kind: string): Config[] => of(kind).map(configOf)
  const httpRoutes = new Map<string, GatewayRule[]>()
  for (const rule of of("HTTPRoute.gateway.networking.k8s.io")
    .map(configOf)
    .sort(byAge)
    .flatMap((config) => httpRouteRules(config, settings.domain)))
    for (const parent of new Set(rule.parents.map((ref) => ref.key))) push(httpRoutes, parent, rule)
  return {
    settings,
    ...registryOf([
      ...of("Service").map((object) => kubernetesService(object, settings.domain)),
      ...of("ServiceEntry.networking.istio.io").flatMap(serviceEntryServices),
    ]),
    ...routesOf(
      of("VirtualService.networking.istio.io")
        .map((object) => virtualServiceOf(object, settings.domain))
        .sort(byAge),
    ),
    ...instancesOf([
      ...of("Pod").map(podInstance),
      ...of("WorkloadEntry.networking.istio.io").map(workloadEntryInstance),
    ]),
    httpRoutes,
    gateways: configs("Gateway.networking.istio.io").sort(byAge),
    kubernetesGateways: new Map(
      configs(gatewayKind).map((config) => [key(config.namespace, config.object.name), config]),
    ),
    destinationRules: grouped(
      of("DestinationRule.networking.istio.io").map((object) => destinationRuleOf(object, settings.domain)),
    ),
    sidecars: grouped(configs("Sidecar.networking.istio.io")),
    peerAuthentications: grouped(configs("PeerAuthentication.security.istio.io")),
    authorizationPolicies: grouped(configs("AuthorizationPolicy.security.istio.io")),
  }
}

const none: readonly Instance[] = []

/** Pods and workload entries of a namespace that carry all the labels; an empty selector selects nothing here. */
export function selectInstances(mesh: Mesh, namespace: string, selector: Labels): readonly Instance[] {
  const pairs = Object.entries(selector)
  if (pairs.length === 0) return none
  const candidates = pairs
    .map(([label, value]) => mesh.byLabel.get(`${namespace}/${label}=${value}`) ?? none)
    .sort((a, b) => a.length - b.length)
  return (candidates[0] ?? none).filter((instance) => isSubset(selector, instance.labels))
}

/** Whether every wanted label is there; an empty map is a subset of everything. */
export const isSubset = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([label, value]) => labels[label] === value)

/** The labels a policy's `selector` asks for; undefined when it has none, and so is for all of its namespace. */
export function selectorOf(config: Config): Labels | undefined {
  const labels = stringMap(record(config.spec["selector"])["matchLabels"])
  return Object.keys(labels).length === 0 ? undefined : labels
}

/** Whether a policy names what it is for by reference (waypoints, gateways) and not by labels. */
export const hasTargets = (config: Config): boolean =>
  list(config.spec["targetRefs"]).length > 0 || config.spec["targetRef"] !== undefined

import type { Lookup } from "../incremental/table.ts"
import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, record, stringMap } from "../topology/fact/read.ts"
import type { Instance } from "./instance.ts"
import type { RegistryService } from "./registry.ts"
import { byCodeUnit } from "../order.ts"

/** What of MeshConfig decides about routing and security. */
export type MeshSettings = {
  rootNamespace: string
  domain: string
  trustDomain: string
  autoMtls: boolean
  outbound: "ALLOW_ANY" | "REGISTRY_ONLY"
  /** What counts for objects without `exportTo`; empty: everywhere. Source: MeshConfig `default*ExportTo`. */
  exportTo: {
    service: readonly string[]
    virtualService: readonly string[]
    destinationRule: readonly string[]
  }
}

export const defaultSettings: MeshSettings = {
  rootNamespace: "istio-system",
  domain: "cluster.local",
  trustDomain: "cluster.local",
  autoMtls: true,
  outbound: "ALLOW_ANY",
  exportTo: { service: [], virtualService: [], destinationRule: [] },
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

/** Everything the decisions look up, by the keys they have. Kept up to date by `MeshModel`; each look can be recorded. */
export type Mesh = {
  readonly settings: MeshSettings
  /** By host; oldest first, as Istio prefers them. */
  readonly services: Lookup<readonly RegistryService[]>
  readonly wildcardServices: readonly RegistryService[]
  /** By `namespace/name`. */
  readonly virtualServices: Lookup<VirtualService>
  /** Mesh-bound virtual services by exact host, and those with wildcards; oldest first. */
  readonly meshRoutes: {
    readonly byHost: Lookup<readonly VirtualService[]>
    readonly wildcard: readonly VirtualService[]
  }
  /** By `namespace/name` of the Istio gateway. */
  readonly gatewayRoutes: Lookup<readonly VirtualService[]>
  /** By the key of a parent, see `GatewayRule.parents`. */
  readonly httpRoutes: Lookup<readonly GatewayRule[]>
  readonly gateways: readonly Config[]
  readonly kubernetesGateways: Lookup<Config>
  /** These four by namespace. */
  readonly destinationRules: Lookup<readonly DestinationRule[]>
  readonly sidecars: Lookup<readonly Config[]>
  readonly peerAuthentications: Lookup<readonly Config[]>
  readonly authorizationPolicies: Lookup<readonly Config[]>
  /** By namespace. */
  readonly instances: Lookup<readonly Instance[]>
  /** By `namespace/label=value`. */
  readonly byLabel: Pick<Lookup<readonly Instance[]>, "get">
}

/** Oldest first, then by `name.namespace`. Source: pilot `SortConfigByCreationTime`. */
export function byAge(
  a: { created: string; object: ObjectRef },
  b: { created: string; object: ObjectRef },
): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1
  const [left, right] = [a.object, b.object]
  if (left.name === right.name) return byCodeUnit(left.namespace, right.namespace)
  // Joined only where it decides: this runs for every pair of a large mesh.
  return left.name.startsWith(right.name) || right.name.startsWith(left.name)
    ? byCodeUnit(`${left.name}.${left.namespace}`, `${right.name}.${right.namespace}`)
    : byCodeUnit(left.name, right.name)
}

/** `namespace/name` of a gateway as an object of a namespace names it; old configs write `name.namespace.svc...`. Source: pilot `resolveGatewayName`. */
export function gatewayName(written: string, namespace: string): string {
  if (written === "mesh") return written
  if (written.startsWith("./")) return `${namespace}${written.slice(1)}`
  if (written.includes("/")) return written
  const [name = written, of] = written.split(".")
  return `${of ?? namespace}/${name}`
}

/** The key under which an object of a namespaced kind is found. */
export const key = (namespace: string, name: string): string => `${namespace}/${name}`

const none: readonly Instance[] = []

/** Pods and workload entries of a namespace that carry all the labels; an empty selector selects nothing here. */
export function selectInstances(mesh: Mesh, namespace: string, selector: Labels): readonly Instance[] {
  let fewest: readonly Instance[] | undefined
  let labels = 0
  for (const label in selector) {
    const found = mesh.byLabel.get(`${namespace}/${label}=${selector[label] ?? ""}`) ?? none
    if (fewest === undefined || found.length < fewest.length) fewest = found
    labels++
    if (fewest.length === 0) return fewest
  }
  if (fewest === undefined || labels === 1) return fewest ?? none
  return fewest.filter((instance) => isSubset(selector, instance.labels))
}

/** Whether every wanted label is there; an empty map is a subset of everything. */
export function isSubset(wanted: Labels, labels: Labels): boolean {
  for (const label in wanted) if (labels[label] !== wanted[label]) return false
  return true
}

/** The labels a policy's `selector` asks for; undefined when it has none, and so is for all of its namespace. */
export function selectorOf(config: Config): Labels | undefined {
  const labels = stringMap(record(config.spec["selector"])["matchLabels"])
  return Object.keys(labels).length === 0 ? undefined : labels
}

/** Whether a policy names what it is for by reference (waypoints, gateways) and not by labels. */
export const hasTargets = (config: Config): boolean =>
  list(config.spec["targetRefs"]).length > 0 || config.spec["targetRef"] !== undefined

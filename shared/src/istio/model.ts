import { Table, firstOf } from "../incremental/table.ts"
import { Tracker } from "../incremental/tracker.ts"
import { type KubeObject, kindKeyOf } from "../kube/object.ts"
import { record, strings, text } from "../topology/fact/read.ts"
import { configHost, isWildcard } from "./host.ts"
import { httpRouteRules } from "./http-route.ts"
import { type Instance, podInstance, workloadEntryInstance } from "./instance.ts"
import {
  type Config,
  type DestinationRule,
  type GatewayRule,
  type Mesh,
  type MeshSettings,
  type VirtualService,
  byAge,
  defaultSettings,
  gatewayName,
  key,
} from "./mesh.ts"
import { LabelIndex } from "./label-index.ts"
import { type RegistryService, kubernetesService, serviceEntryServices } from "./registry.ts"

export const configOf = (object: KubeObject, kind = kindKeyOf(object)): Config => ({
  object: { kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name },
  namespace: object.metadata.namespace ?? "",
  spec: record(object["spec"]),
  created: object.metadata.creationTimestamp ?? "",
  annotations: object.metadata.annotations ?? {},
})

const orDefault = (written: readonly string[], otherwise: readonly string[]): readonly string[] =>
  written.length === 0 ? otherwise : written

/** Itself when there are none: most have one host. */
const withoutRepeats = (texts: readonly string[]): Iterable<string> =>
  texts.length < 2 ? texts : new Set(texts)

const onMesh: readonly string[] = ["mesh"]

function virtualServiceOf(object: KubeObject, { domain, exportTo }: MeshSettings): VirtualService {
  const { object: ref, namespace, spec, created, annotations } = configOf(object, kinds.virtualService[0])
  const gateways = strings(spec["gateways"])
  const hosts = strings(spec["hosts"])
  for (let i = 0; i < gateways.length; i++) gateways[i] = gatewayName(gateways[i] ?? "", namespace)
  for (let i = 0; i < hosts.length; i++) hosts[i] = configHost(hosts[i] ?? "", namespace, domain)
  return {
    object: ref,
    namespace,
    spec,
    created,
    annotations,
    hosts,
    gateways: gateways.length === 0 ? onMesh : gateways,
    exportTo: orDefault(strings(spec["exportTo"]), exportTo.virtualService),
  }
}

function destinationRuleOf(object: KubeObject, { domain, exportTo }: MeshSettings): DestinationRule {
  const { object: ref, namespace, spec, created, annotations } = configOf(object, kinds.destinationRule[0])
  return {
    object: ref,
    namespace,
    spec,
    created,
    annotations,
    host: configHost(text(spec["host"]), namespace, domain),
    exportTo: orDefault(strings(spec["exportTo"]), exportTo.destinationRule),
  }
}

const byName = (a: Instance, b: Instance): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.object.kind < b.object.kind ? -1 : 1

const networking = "networking.istio.io"
const kinds = {
  service: ["Service", `ServiceEntry.${networking}`],
  virtualService: [`VirtualService.${networking}`],
  httpRoute: ["HTTPRoute.gateway.networking.k8s.io"],
  gateway: [`Gateway.${networking}`],
  kubernetesGateway: ["Gateway.gateway.networking.k8s.io"],
  destinationRule: [`DestinationRule.${networking}`],
  sidecar: [`Sidecar.${networking}`],
  peerAuthentication: ["PeerAuthentication.security.istio.io"],
  authorizationPolicy: ["AuthorizationPolicy.security.istio.io"],
  instance: ["Pod", `WorkloadEntry.${networking}`],
} as const

/** What an object entered: a table or index, the key and the item, again and again; so that it can be taken out. */
type Entries = unknown[]

function take(entries: Entries): void {
  for (let i = 0; i < entries.length; i += 3) {
    const [table, at, item] = [entries[i], entries[i + 1], entries[i + 2]]
    if (table instanceof LabelIndex) table.remove(item as Instance)
    else (table as Table<unknown>).remove(at as string, item)
  }
}

/** The key of what is looked up as a whole, not by a part of it. */
const whole = ""

/**
 * The model of one cluster, kept up to date object by object. Kinds that decide nothing are passed over. With a tracker, every look at it is recorded
 * (see shared/src/incremental).
 */
export class MeshModel implements Mesh {
  readonly settings: MeshSettings
  readonly #tracker: Tracker
  /** By kind, and namespace/name. */
  readonly #entries = new Map<string, Map<string, Entries>>()
  readonly #current: Entries = []

  readonly services: Table<RegistryService>
  readonly virtualServices: Mesh["virtualServices"]
  readonly meshRoutes: Mesh["meshRoutes"]
  readonly gatewayRoutes: Table<VirtualService>
  readonly httpRoutes: Table<GatewayRule>
  readonly kubernetesGateways: Mesh["kubernetesGateways"]
  readonly destinationRules: Table<DestinationRule>
  readonly sidecars: Table<Config>
  readonly peerAuthentications: Table<Config>
  readonly authorizationPolicies: Table<Config>
  readonly instances: Table<Instance>
  readonly byLabel: LabelIndex
  readonly #virtualServices: Table<VirtualService>
  readonly #meshRoutes: Table<VirtualService>
  readonly #wildcardRoutes: Table<VirtualService>
  readonly #gateways: Table<Config>
  readonly #kubernetesGateways: Table<Config>
  /** What an object of each kind enters. */
  readonly #adders: Readonly<Record<string, (object: KubeObject) => void>>

  constructor(settings: MeshSettings, tracker: Tracker = new Tracker()) {
    this.settings = settings
    this.#tracker = tracker
    this.services = this.#table(kinds.service)
    this.#virtualServices = this.#table(kinds.virtualService)
    this.#meshRoutes = this.#table(kinds.virtualService)
    this.#wildcardRoutes = this.#table(kinds.virtualService)
    this.gatewayRoutes = this.#table(kinds.virtualService)
    this.httpRoutes = this.#table(kinds.httpRoute)
    this.#gateways = this.#table(kinds.gateway)
    this.#kubernetesGateways = this.#table(kinds.kubernetesGateway)
    this.destinationRules = this.#table(kinds.destinationRule)
    this.sidecars = this.#table(kinds.sidecar)
    this.peerAuthentications = this.#table(kinds.peerAuthentication)
    this.authorizationPolicies = this.#table(kinds.authorizationPolicy)
    this.instances = new Table(tracker, kinds.instance, byName)
    this.byLabel = new LabelIndex(tracker, kinds.instance, {
      compare: byName,
      instances: () => this.instances.items(),
    })
    this.virtualServices = firstOf(this.#virtualServices)
    this.kubernetesGateways = firstOf(this.#kubernetesGateways)
    const wildcards = this.#wildcardRoutes
    this.meshRoutes = {
      byHost: this.#meshRoutes,
      get wildcard() {
        return wildcards.get(whole) ?? []
      },
    }
    this.#adders = this.#addersOf(settings)
  }

  #table<T extends Pick<Config, "created" | "object">>(of: readonly string[]): Table<T> {
    return new Table<T>(this.#tracker, of, byAge)
  }

  #addersOf(settings: MeshSettings): Record<string, (object: KubeObject) => void> {
    const { domain } = settings
    const byNamespace =
      <T extends Config>(table: Table<T>, read: (object: KubeObject) => T) =>
      (object: KubeObject): void => {
        const config = read(object)
        this.#enter(table, config.namespace, config)
      }
    return {
      [kinds.service[0]]: (object) => this.#addService(kubernetesService(object, domain)),
      [kinds.service[1]]: (object) => {
        for (const service of serviceEntryServices(object)) this.#addService(service)
      },
      [kinds.virtualService[0]]: (object) => this.#addVirtualService(virtualServiceOf(object, settings)),
      [kinds.httpRoute[0]]: (object) => {
        for (const rule of httpRouteRules(configOf(object), domain))
          for (const parent of new Set(rule.parents.map((ref) => ref.key)))
            this.#enter(this.httpRoutes, parent, rule)
      },
      [kinds.gateway[0]]: (object) => this.#enter(this.#gateways, whole, configOf(object)),
      [kinds.kubernetesGateway[0]]: (object) => {
        const config = configOf(object)
        this.#enter(this.#kubernetesGateways, key(config.namespace, config.object.name), config)
      },
      [kinds.destinationRule[0]]: byNamespace(this.destinationRules, (object) =>
        destinationRuleOf(object, settings),
      ),
      [kinds.sidecar[0]]: byNamespace(this.sidecars, configOf),
      [kinds.peerAuthentication[0]]: byNamespace(this.peerAuthentications, configOf),
      [kinds.authorizationPolicy[0]]: byNamespace(this.authorizationPolicies, configOf),
      [kinds.instance[0]]: (object) => this.#addInstance(podInstance(object)),
      [kinds.instance[1]]: (object) => this.#addInstance(workloadEntryInstance(object)),
    }
  }

  get wildcardServices(): readonly RegistryService[] {
    return this.services.get(whole) ?? []
  }
  get gateways(): readonly Config[] {
    return this.#gateways.get(whole) ?? []
  }

  /** Adds an object, in place of the one of the same kind, namespace and name. Both may be given by whoever has them: this runs for every object of a mesh. */
  put(
    object: KubeObject,
    kind = kindKeyOf(object),
    at = key(object.metadata.namespace ?? "", object.metadata.name),
  ): void {
    const add = this.#adders[kind]
    if (add === undefined) return
    let entries = this.#entries.get(kind)
    if (entries === undefined) {
      entries = new Map()
      this.#entries.set(kind, entries)
    }
    const before = entries.get(at)
    if (before !== undefined) take(before)
    this.#current.length = 0
    add(object)
    // A copy of just that size: what grew by pushing has room for twenty.
    entries.set(at, this.#current.slice())
  }

  remove(kind: string, namespace: string, name: string): void {
    const at = key(namespace, name)
    const entries = this.#entries.get(kind)
    const before = entries?.get(at)
    if (before === undefined) return
    take(before)
    entries?.delete(at)
  }

  #enter<T>(table: Table<T>, at: string, item: T): void {
    this.#current.push(table, table.add(at, item), item)
  }

  #addService(service: RegistryService): void {
    const exportTo = orDefault(service.exportTo, this.settings.exportTo.service)
    const known = exportTo === service.exportTo ? service : { ...service, exportTo }
    this.#enter(this.services, isWildcard(service.host) ? whole : service.host, known)
  }

  #addVirtualService(config: VirtualService): void {
    this.#enter(this.#virtualServices, key(config.namespace, config.object.name), config)
    for (const gateway of withoutRepeats(config.gateways))
      if (gateway !== "mesh") this.#enter(this.gatewayRoutes, gateway, config)
    if (!config.gateways.includes("mesh")) return
    let wildcard = false
    for (const host of withoutRepeats(config.hosts))
      if (isWildcard(host)) wildcard = true
      else this.#enter(this.#meshRoutes, host, config)
    if (wildcard) this.#enter(this.#wildcardRoutes, whole, config)
  }

  #addInstance(instance: Instance): void {
    this.#enter(this.instances, instance.namespace, instance)
    this.byLabel.add(instance)
    this.#current.push(this.byLabel, "", instance)
  }
}

/** The kinds that decide something; all others are passed over. */
export const modelKinds: readonly string[] = Object.values(kinds).flat()

/** The model of the objects of one cluster. */
export function indexMesh(objects: Iterable<KubeObject>, settings: MeshSettings = defaultSettings): Mesh {
  const model = new MeshModel(settings)
  for (const object of objects) model.put(object)
  return model
}

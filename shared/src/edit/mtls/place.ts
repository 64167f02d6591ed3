import { instancesOf } from "../../istio/endpoints.ts"
import type { Instance } from "../../istio/instance.ts"
import { type Config, isSubset, selectorOf } from "../../istio/mesh.ts"
import type { RegistryService, ServicePort } from "../../istio/registry.ts"
import type { KubeObject } from "../../kube/object.ts"
import { type Json, record, text } from "../../topology/fact/read.ts"
import { containerPort } from "../../validation/family/security/peer-authentication.ts"
import type { MtlsMode, MtlsScope } from "../form.ts"
import { invalid } from "../invalid.ts"
import { targetOf } from "../route/target.ts"
import type { World } from "../world.ts"

export const peerAuthentication = "PeerAuthentication.security.istio.io"

/** What a reading or a plan of mutual TLS is about. */
export type Place = {
  level: "mesh" | "namespace" | "service" | "port"
  namespace: string
  service: RegistryService | undefined
  port: ServicePort | undefined
  /** What stands for it: the pods behind a service; for others a pod that nothing selects. */
  servers: readonly Pick<Instance, "namespace" | "labels" | "ports">[]
  /** Ports of the workload that stand behind the service's. */
  containerPorts: readonly number[]
}

const nobody = (namespace: string): Place["servers"] => [{ namespace, labels: {}, ports: {} }]

function servicePlace(world: World, namespace: string, { service: name = "", port }: MtlsScope): Place {
  const { service } = targetOf(world, { namespace, name })
  if (Object.keys(service.selector).length === 0)
    throw invalid([
      {
        path: "scope.service",
        message: `${namespace}/${name} selects no pods, and a PeerAuthentication is for pods; say it for the namespace`,
      },
    ])
  if (namespace === world.mesh.settings.rootNamespace)
    throw invalid([
      {
        path: "scope.service",
        message: `${namespace} is the root namespace, where Istio looks at no PeerAuthentication with a selector; say it for the mesh`,
      },
    ])
  const found = instancesOf(world.mesh, service)
  const servers = found.length > 0 ? found : [{ namespace, labels: service.selector, ports: {} }]
  const common = { namespace, service, servers }
  if (port === undefined) return { ...common, level: "service", port: undefined, containerPorts: [] }
  const own = service.ports.find(({ number }) => number === port)
  if (own === undefined)
    throw invalid([
      {
        path: "scope.port",
        message: `${namespace}/${name} has no port ${port}; its ports are ${service.ports.map(({ number }) => number).join(", ") || "none"}`,
      },
    ])
  const containerPorts = [...new Set(servers.map((server) => containerPort(own, server)))].filter(
    (number) => number !== 0,
  )
  if (containerPorts.length === 0)
    throw invalid([
      {
        path: "scope.port",
        message: `no pod of ${namespace}/${name} has a container port ${own.target}, which port ${port} is for; PeerAuthentication wants its number`,
      },
    ])
  return { ...common, level: "port", port: own, containerPorts }
}

/** @throws AppError input.invalid when the scope names nothing that is there */
export function placeOf(world: World, scope: MtlsScope): Place {
  const root = world.mesh.settings.rootNamespace
  const { namespace, service } = scope
  if (service !== undefined || scope.port !== undefined) {
    if (namespace !== undefined && service !== undefined) return servicePlace(world, namespace, scope)
    throw invalid([
      {
        path: service === undefined ? "scope.service" : "scope.namespace",
        message: "is missing; a port wants a service, and a service its namespace",
      },
    ])
  }
  const isMesh = namespace === undefined || namespace === root
  const at = namespace ?? root
  return {
    level: isMesh ? "mesh" : "namespace",
    namespace: at,
    service: undefined,
    port: undefined,
    servers: nobody(at),
    containerPorts: [],
  }
}

const configsIn = (world: World, namespace: string): readonly Config[] =>
  world.mesh.peerAuthentications.get(namespace) ?? []

/** The one without a selector that counts in a namespace: the oldest. */
export const wideIn = (world: World, namespace: string): Config | undefined =>
  configsIn(world, namespace).find((config) => selectorOf(config) === undefined)

const isEqual = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  isSubset(a, b) && isSubset(b, a)

/** The one for just the pods that a service selects. */
export function ownOf(world: World, { namespace, service }: Place): Config | undefined {
  if (service === undefined) return wideIn(world, namespace)
  return configsIn(world, namespace).find((config) => {
    const selector = selectorOf(config)
    return selector !== undefined && isEqual(selector, service.selector)
  })
}

/** The one that counts for the pods of a service: the oldest that selects them. */
export const selecting = (world: World, { namespace, servers }: Place): Config | undefined =>
  configsIn(world, namespace).find((config) => {
    const selector = selectorOf(config)
    return selector !== undefined && servers.some(({ labels }) => isSubset(selector, labels))
  })

const modes: readonly string[] = ["STRICT", "PERMISSIVE", "DISABLE"]
export function modeOf(mtls: unknown): MtlsMode {
  const mode = text(record(mtls)["mode"])
  return modes.includes(mode) ? (mode as MtlsMode) : "UNSET"
}

/** What a PeerAuthentication says at a place; of several container ports, where they differ, the first. */
export const saidAt = (spec: Json, { level, containerPorts }: Place): MtlsMode =>
  level === "port" ? modeOf(record(spec["portLevelMtls"])[String(containerPorts[0])]) : modeOf(spec["mtls"])

const without = (json: Json, key: string): Json =>
  Object.fromEntries(Object.entries(json).filter(([own]) => own !== key))

/** A map with a mode under a key; UNSET takes it away, and the key with it where it held nothing else. */
function withMode(json: Json, key: string, mode: MtlsMode): Json {
  if (mode !== "UNSET") return { ...json, [key]: { ...record(json[key]), mode } }
  const left = without(record(json[key]), "mode")
  return Object.keys(left).length === 0 ? without(json, key) : { ...json, [key]: left }
}

/** The spec that says a mode at a place. */
export function withModeAt(spec: Json, { level, containerPorts }: Place, mode: MtlsMode): Json {
  if (level !== "port") return withMode(spec, "mtls", mode)
  const ports = containerPorts.reduce(
    (levels, port) => withMode(levels, String(port), mode),
    record(spec["portLevelMtls"]),
  )
  return Object.keys(ports).length === 0 ? without(spec, "portLevelMtls") : { ...spec, portLevelMtls: ports }
}

export const objectOf = (world: World, config: Config | undefined): KubeObject | undefined =>
  config && world.object(config.object)

/** `the mesh`, `namespace bookinfo`, `bookinfo/reviews`, `port 9080 of bookinfo/reviews`. */
export function wordsOf({ level, namespace, service, port }: Place): string {
  if (service === undefined) return level === "mesh" ? "the mesh" : `namespace ${namespace}`
  const name = `${namespace}/${service.name}`
  return port === undefined ? name : `port ${port.number} of ${name}`
}

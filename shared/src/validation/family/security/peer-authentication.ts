import { serviceHost } from "../../../istio/host.ts"
import type { Instance } from "../../../istio/instance.ts"
import type { RegistryService, ServicePort } from "../../../istio/registry.ts"
import { isSubset, selectInstances } from "../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Json, list, record } from "../../../topology/fact/read.ts"
import { type View, check, derived } from "../../check.ts"
import type { Fix } from "../../finding.ts"
import { at, pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { instanceKinds, peerAuthentication, serviceKinds } from "./kinds.ts"
import { namespaceOf, selectorLabels, specOf } from "./policy.ts"
import { labelText } from "./selector.ts"
import { some } from "./sentence.ts"

const source = "https://istio.io/latest/docs/reference/config/security/peer_authentication/"

export const selectorInRoot = rule({
  code: "peerauthentication.selector_in_root",
  aliases: [],
  level: "warning",
  title: "PeerAuthentication with a selector is in the root namespace",
  effect: "There only one without a selector is looked at, so this one does nothing",
  remedy: "Move it to the namespace of the workloads",
  source,
})

export const portNotTargeted = rule({
  code: "peerauthentication.port_not_targeted",
  aliases: [],
  level: "warning",
  title: "Port-level setting is for a port that no service targets",
  effect: "Port settings are for the workload's own port (targetPort), so this one does nothing",
  remedy: "Write the container's port number, not the service's",
  source,
})

export const inRoot = check({
  name: "peerauthentication/root_namespace",
  subject: peerAuthentication,
  reads: [],
  rules: [selectorInRoot],
  run: (object, view, report) => {
    const namespace = namespaceOf(object)
    if (namespace !== view.settings.rootNamespace) return
    const labels = selectorLabels(specOf(object))
    if (labels === undefined) return
    report(selectorInRoot, {
      path: "spec.selector",
      message: `${namespace} is the root namespace, where a PeerAuthentication may not select ${labelText(labels)}`,
    })
  },
})

const none: readonly RegistryService[] = []

/** Services of a namespace that select pods, by one of the labels they ask for. */
const selecting = derived<ReadonlyMap<string, readonly RegistryService[]>>({
  name: "security/selecting-services",
  compute: (view, namespace) => {
    const found = new Map<string, RegistryService[]>()
    for (const object of view.inNamespace("Service", namespace)) {
      const host = serviceHost(object.metadata.name, namespace, view.settings.domain)
      const service = view.mesh.services.get(host)?.find((candidate) => candidate.object.kind === "Service")
      const [pair] = Object.entries(service?.selector ?? {})
      if (service === undefined || pair === undefined) continue
      const key = pair.join("=")
      const known = found.get(key)
      if (known === undefined) found.set(key, [service])
      else known.push(service)
    }
    return found
  },
})

/** Services of a namespace that stand before pods of these labels. Reads Service and ServiceEntry. */
export function servicesBefore(
  view: View,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): RegistryService[] {
  const services = view.derive(selecting, namespace)
  const found: RegistryService[] = []
  for (const name in labels)
    for (const service of services.get(`${name}=${labels[name] ?? ""}`) ?? none)
      if (isSubset(service.selector, labels)) found.push(service)
  return found
}

/** One pod of each workload: they are made alike, and a workload may have hundreds. */
export function oneOfEach(instances: readonly Instance[]): Instance[] {
  const seen = new Map<string, Instance>()
  for (const instance of instances) {
    const { kind, name } = instance.workload
    const key = `${instance.namespace}/${kind}/${name}`
    if (!seen.has(key)) seen.set(key, instance)
  }
  return [...seen.values()]
}

/** The container port of a service's port at an instance; 0 when it has no port of that name. */
export const containerPort = (port: ServicePort, instance: Pick<Instance, "ports">): number =>
  typeof port.target === "number" ? port.target || port.number : (instance.ports[port.target] ?? 0)

type Ports = { targeted: Set<number>; services: RegistryService[]; declared: Set<number> }

function portsOf(view: View, namespace: string, instances: readonly Instance[]): Ports {
  const ports: Ports = { targeted: new Set(), services: [], declared: new Set() }
  const seen = new Set<string>()
  for (const instance of oneOfEach(instances)) {
    const pod = view.get("Pod", instance.namespace, instance.name)
    for (const container of list(record(pod?.["spec"])["containers"]))
      for (const port of list(record(container)["ports"])) {
        const number = record(port)["containerPort"]
        if (typeof number === "number") ports.declared.add(number)
      }
    for (const service of servicesBefore(view, namespace, instance.labels)) {
      for (const port of service.ports) ports.targeted.add(containerPort(port, instance))
      if (seen.has(service.host)) continue
      seen.add(service.host)
      ports.services.push(service)
    }
  }
  return ports
}

/** Certain where one service port of that number targets another number, and nothing is said of that one yet. */
function moveFix(
  object: KubeObject,
  levels: Json,
  key: string,
  targets: ReadonlySet<number>,
): Fix | undefined {
  const [target] = targets
  if (targets.size !== 1 || target === undefined || target === 0 || Object.hasOwn(levels, String(target)))
    return undefined
  const path = "spec.portLevelMtls"
  return {
    title: `Write port ${target}`,
    edits: [
      {
        object: refOf(object),
        patch: [
          { op: "remove", path: pointerOf(at(path, key)) },
          { op: "add", path: pointerOf(at(path, String(target))), value: levels[key] },
        ],
      },
    ],
  }
}

export const portLevels = check({
  name: "peerauthentication/ports",
  subject: peerAuthentication,
  reads: [...instanceKinds, ...serviceKinds],
  needs: ["Pod", "Service"],
  rules: [portNotTargeted],
  run: (object, view, report) => {
    const spec = specOf(object)
    if (spec["portLevelMtls"] === undefined) return
    const labels = selectorLabels(spec)
    const namespace = namespaceOf(object)
    if (labels === undefined || namespace === view.settings.rootNamespace) return
    const levels = record(spec["portLevelMtls"])
    const instances = selectInstances(view.mesh, namespace, labels)
    const keys = Object.keys(levels)
    if (instances.length === 0 || keys.length === 0) return
    const { targeted, services, declared } = portsOf(view, namespace, instances)
    // Nothing is known of its ports: it may listen anywhere.
    if (targeted.size === 0) return
    for (const key of keys) {
      if (targeted.has(Number(key)) || declared.has(Number(key))) continue
      const front = services.filter(({ ports }) => ports.some(({ number }) => number === Number(key)))
      const targets = new Set(
        front.flatMap(({ ports }) =>
          ports
            .filter(({ number }) => number === Number(key))
            .flatMap((port) => instances.map((instance) => containerPort(port, instance))),
        ),
      )
      const fix = moveFix(object, levels, key, targets)
      const target = [...targets].filter((number) => number > 0)
      report(portNotTargeted, {
        path: at("spec.portLevelMtls", key),
        message:
          target.length > 0
            ? `${key} is the port of service ${front[0]?.name ?? ""}, the workload's own is ${some(target.map(String))}`
            : `no service targets port ${key} of ${labelText(labels)}; they target ${some([...targeted].sort((a, b) => a - b).map(String))}`,
        references: front.map((service) => ({ object: service.object, path: "spec.ports" })),
        ...(fix === undefined ? {} : { fix }),
      })
    }
  },
})

export const peerRules = [selectorInRoot, portNotTargeted] as const

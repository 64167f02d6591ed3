import { type KubeObject, type ObjectRef, refOf } from "../kube/object.ts"
import { list, record, stringMap, text } from "../topology/fact/read.ts"

/** Something that can answer for a service: a pod, or a WorkloadEntry (a virtual machine). */
export type Instance = {
  namespace: string
  name: string
  labels: Readonly<Record<string, string>>
  ready: boolean
  /** A proxy of ours is in front of it: sidecar, gateway, or the VM's own. */
  sidecar: boolean
  /** It takes traffic as a gateway: its proxy is its only container. */
  gateway: boolean
  serviceAccount: string
  /** What owns it, as Istio's telemetry names it: the Deployment rather than the ReplicaSet. */
  workload: { kind: string; name: string }
  /** Names of container ports. */
  ports: Readonly<Record<string, number>>
  object: ObjectRef
}

function workloadOf(object: KubeObject): Instance["workload"] {
  const owners = list(object.metadata["ownerReferences"])
  const owner = record(owners.find((candidate) => record(candidate)["controller"] === true))
  if (owner["controller"] !== true) return { kind: object.kind, name: object.metadata.name }
  const [kind, name] = [text(owner["kind"]), text(owner["name"])]
  const hash = object.metadata.labels?.["pod-template-hash"]
  return kind === "ReplicaSet" && hash !== undefined && name.endsWith(`-${hash}`)
    ? { kind: "Deployment", name: name.slice(0, -hash.length - 1) }
    : { kind, name }
}

const isReady = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp === undefined &&
  list(record(object["status"])["conditions"]).some(
    (item) => record(item)["type"] === "Ready" && record(item)["status"] === "True",
  )

/** Gathers the named ports; answers whether one is the proxy. */
function readContainers(containers: readonly unknown[], ports: Record<string, number>): boolean {
  let sidecar = false
  for (const item of containers) {
    const container = record(item)
    if (container["name"] === "istio-proxy") sidecar = true
    for (const entry of list(container["ports"])) {
      const { name, containerPort } = record(entry)
      if (typeof name === "string" && typeof containerPort === "number") ports[name] = containerPort
    }
  }
  return sidecar
}

export function podInstance(object: KubeObject): Instance {
  const spec = record(object["spec"])
  const containers = list(spec["containers"])
  const initContainers = list(spec["initContainers"])
  const ports: Record<string, number> = {}
  const sidecar = readContainers(containers, ports)
  const early = readContainers(initContainers, ports)
  return {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    labels: object.metadata.labels ?? {},
    ready: isReady(object),
    sidecar: sidecar || early,
    gateway: sidecar && containers.length === 1 && initContainers.length === 0,
    serviceAccount: text(spec["serviceAccountName"]) || "default",
    workload: workloadOf(object),
    ports,
    object: refOf(object),
  }
}

export function workloadEntryInstance(object: KubeObject): Instance {
  const spec = record(object["spec"])
  const { name } = object.metadata
  return {
    namespace: object.metadata.namespace ?? "",
    name,
    labels: { ...object.metadata.labels, ...stringMap(spec["labels"]) },
    ready: object.metadata.deletionTimestamp === undefined,
    sidecar: true,
    gateway: false,
    serviceAccount: text(spec["serviceAccount"]) || "default",
    workload: { kind: "WorkloadEntry", name },
    ports: {},
    object: refOf(object),
  }
}

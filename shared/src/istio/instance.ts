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
  const owner = list(object.metadata["ownerReferences"])
    .map(record)
    .find((candidate) => candidate["controller"] === true)
  if (!owner) return { kind: object.kind, name: object.metadata.name }
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

export function podInstance(object: KubeObject): Instance {
  const spec = record(object["spec"])
  const containers = [...list(spec["containers"]), ...list(spec["initContainers"])].map(record)
  const sidecar = containers.some((container) => container["name"] === "istio-proxy")
  return {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    labels: object.metadata.labels ?? {},
    ready: isReady(object),
    sidecar,
    gateway: sidecar && list(spec["containers"]).length === 1 && list(spec["initContainers"]).length === 0,
    serviceAccount: text(spec["serviceAccountName"]) || "default",
    workload: workloadOf(object),
    ports: Object.fromEntries(
      containers.flatMap((container) =>
        list(container["ports"])
          .map(record)
          .filter((port) => typeof port["name"] === "string" && typeof port["containerPort"] === "number")
          .map((port) => [text(port["name"]), port["containerPort"] as number]),
      ),
    ),
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

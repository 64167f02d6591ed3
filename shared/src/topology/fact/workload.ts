import type { KubeObject } from "../../kube/object.ts"
import type { TopologyFact } from "../fact.ts"
import { type Json, list, number, record, stringMap } from "./read.ts"

type Pods = { ready: number; total: number }

const hasOwner = (object: KubeObject): boolean =>
  list(object.metadata["ownerReferences"]).some((owner) => record(owner)["controller"] === true)

const isReady = (status: Json): boolean =>
  list(status["conditions"]).some(
    (item) => record(item)["type"] === "Ready" && record(item)["status"] === "True",
  )

const podCounts: Record<string, (spec: Json, status: Json) => Pods> = {
  Deployment: (spec, status) => ({
    ready: number(status["readyReplicas"]),
    total: number(spec["replicas"] ?? 1),
  }),
  ReplicaSet: (spec, status) => ({
    ready: number(status["readyReplicas"]),
    total: number(spec["replicas"] ?? 1),
  }),
  StatefulSet: (spec, status) => ({
    ready: number(status["readyReplicas"]),
    total: number(spec["replicas"] ?? 1),
  }),
  DaemonSet: (_spec, status) => ({
    ready: number(status["numberReady"]),
    total: number(status["desiredNumberScheduled"]),
  }),
  Job: (_spec, status) => ({ ready: number(status["ready"]), total: number(status["active"]) }),
  Pod: (_spec, status) => ({ ready: isReady(status) ? 1 : 0, total: 1 }),
  WorkloadEntry: () => ({ ready: 1, total: 1 }),
}

/** Labels, annotations and spec of the pods that a workload makes; of the pod itself for a pod, of the entry for a VM. */
function templateOf(object: KubeObject): {
  labels: Record<string, string>
  annotations: Record<string, string>
  spec: Json
} {
  if (object.kind === "Pod")
    return {
      labels: object.metadata.labels ?? {},
      annotations: object.metadata.annotations ?? {},
      spec: record(object["spec"]),
    }
  if (object.kind === "WorkloadEntry") {
    const labels = stringMap(record(object["spec"])["labels"])
    return { labels: { ...object.metadata.labels, ...labels }, annotations: {}, spec: {} }
  }
  const template = record(record(object["spec"])["template"])
  const metadata = record(template["metadata"])
  return {
    labels: stringMap(metadata["labels"]),
    annotations: stringMap(metadata["annotations"]),
    spec: record(template["spec"]),
  }
}

type Template = ReturnType<typeof templateOf>

function sidecarOf({ labels, annotations, spec }: Template): boolean | null {
  const containers = [...list(spec["containers"]), ...list(spec["initContainers"])]
  if (containers.some((item) => record(item)["name"] === "istio-proxy")) return true
  const inject = labels["sidecar.istio.io/inject"] ?? annotations["sidecar.istio.io/inject"]
  if (inject === "true" || inject === "false") return inject === "true"
  return labels["istio.io/rev"] === undefined ? null : true
}

function ambientOf({ labels, annotations }: Template): boolean | null {
  if (annotations["ambient.istio.io/redirection"] === "enabled") return true
  const mode = labels["istio.io/dataplane-mode"]
  return mode === undefined ? null : mode === "ambient"
}

function roleOf(kind: string, { labels, annotations }: Template): "app" | "gateway" | "waypoint" | "vm" {
  if (kind === "WorkloadEntry") return "vm"
  if (labels["gateway.istio.io/managed"] === "istio.io-mesh-controller") return "waypoint"
  if (labels["gateway.networking.k8s.io/gateway-name"] !== undefined) return "gateway"
  if (annotations["inject.istio.io/templates"]?.split(",").includes("gateway")) return "gateway"
  return /^(ingress|egress|eastwest)gateway$/.test(labels["istio"] ?? "") ? "gateway" : "app"
}

/** Undefined for what belongs to a controller: its Deployment, StatefulSet, ... speaks for it. */
export function workloadFact(object: KubeObject, id: string): TopologyFact | undefined {
  if (hasOwner(object)) return undefined
  const template = templateOf(object)
  const counts = podCounts[object.kind]?.(record(object["spec"]), record(object["status"]))
  const vm = object.kind === "WorkloadEntry"
  return {
    type: "workload",
    id,
    kind: object.kind,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    labels: template.labels,
    pods: counts ?? { ready: 0, total: 0 },
    sidecar: vm ? true : sidecarOf(template),
    ambient: vm ? false : ambientOf(template),
    role: roleOf(object.kind, template),
  }
}

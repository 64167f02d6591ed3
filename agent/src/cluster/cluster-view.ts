import type { KubeObject } from "#shared/kube/object.ts"
import { type Json, list, number, record, stringMap, text } from "#shared/topology/fact/read.ts"
import type { Cache } from "./cache.ts"
import type { ClusterView, PodView, ServiceView, WorkloadView } from "./view.ts"

const containerOf = (value: unknown): PodView["containers"][number] => {
  const container = record(value)
  return {
    name: text(container["name"]),
    image: text(container["image"]),
    ports: list(container["ports"]).map((item) => {
      const port = record(item)
      return {
        name: text(port["name"]),
        port: number(port["containerPort"]),
        protocol: text(port["protocol"]) || "TCP",
      }
    }),
  }
}

function podOf(object: KubeObject): PodView {
  const spec = record(object["spec"])
  const status = record(object["status"])
  const native = list(spec["initContainers"]).filter((item) => record(item)["restartPolicy"] === "Always")
  return {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    ip: text(status["podIP"]),
    phase: text(status["phase"]),
    ready: list(status["conditions"]).some(
      (item) => record(item)["type"] === "Ready" && record(item)["status"] === "True",
    ),
    node: text(spec["nodeName"]),
    serviceAccount: text(spec["serviceAccountName"]),
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    containers: [...list(spec["containers"]), ...native].map(containerOf),
  }
}

const servicePort = (value: unknown): ServiceView["ports"][number] => {
  const port = record(value)
  const target = port["targetPort"] ?? port["port"]
  return {
    name: text(port["name"]),
    port: number(port["port"]),
    targetPort: typeof target === "number" ? String(target) : text(target),
    protocol: text(port["appProtocol"]) || text(port["protocol"]) || "TCP",
  }
}

function serviceOf(object: KubeObject): ServiceView {
  const spec = record(object["spec"])
  return {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    clusterIp: text(spec["clusterIP"]),
    selector: stringMap(spec["selector"]),
    ports: list(spec["ports"]).map(servicePort),
  }
}

const controllerOf = (object: KubeObject | undefined): Json | undefined =>
  list(object?.metadata["ownerReferences"])
    .map(record)
    .find((owner) => owner["controller"] === true)

/** The cache as telemetry reads it. */
export function createClusterView(cache: Cache, uid: () => string): ClusterView {
  return {
    uid,
    *pods() {
      for (const object of cache.objects("Pod")) yield podOf(object)
    },
    *services() {
      for (const object of cache.objects("Service")) yield serviceOf(object)
    },
    workloadOf({ namespace, name }): WorkloadView {
      const owner = controllerOf(cache.get({ kind: "Pod", namespace, name }))
      if (!owner) return { kind: "Pod", namespace, name }
      const kind = text(owner["kind"])
      const own = { kind, namespace, name: text(owner["name"]) }
      if (kind !== "ReplicaSet") return own
      const above = controllerOf(cache.get({ ...own, kind: "ReplicaSet.apps" }))
      return above ? { kind: text(above["kind"]), namespace, name: text(above["name"]) } : own
    },
    stateOf: (kind) => cache.stateOf(kind),
  }
}

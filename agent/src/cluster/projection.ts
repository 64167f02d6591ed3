import type { KubeObject } from "#shared/kube/object.ts"
import type { KindSpec } from "#shared/kube/kinds.ts"
import { type Json, list, record, stringMap, text } from "#shared/topology/fact/read.ts"

/** What the API server sent, as parsed; list items come without `apiVersion` and `kind`. */
export type RawObject = { metadata: Record<string, unknown> } & Record<string, unknown>

type Fields = Record<string, unknown>

/** The fields of these names that are there. */
function pick(source: Json, names: readonly string[]): Fields {
  const found: Fields = {}
  for (const name of names) {
    const value = source[name]
    if (value !== undefined && value !== null) found[name] = value
  }
  return found
}

const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && !isEmpty(value)))

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length === 0
    : value !== null && typeof value === "object" && Object.keys(value).length === 0

const ownDomains = /(^|\.)(istio\.io|prometheus\.io|gateway\.networking\.k8s\.io)\//
/** Written by the injector into every pod: 400 bytes of what the containers show already. */
const unread = new Set(["sidecar.istio.io/status"])

const meshAnnotations = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(stringMap(value)).filter(([name]) => ownDomains.test(name) && !unread.has(name)),
  )

const owners = (value: unknown): Fields[] =>
  list(value).map((owner) => pick(record(owner), ["apiVersion", "kind", "name", "controller"]))

const identity = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"]

/** Without `resourceVersion`, so that an update of nothing that we keep is no change. */
const metadataOf = (raw: Json): Fields => ({
  ...pick(raw, [...identity, "labels"]),
  ...present({
    annotations: meshAnnotations(raw["annotations"]),
    ownerReferences: owners(raw["ownerReferences"]),
  }),
})

const portsOf = (value: unknown): Fields[] =>
  list(value).map((port) => pick(record(port), ["name", "containerPort", "protocol"]))

/** Never `env` but for istiod, whose cluster id and revision are how proxies name this cluster. */
const istiodVariables = new Set(["CLUSTER_ID", "REVISION"])
const variables = (container: Json): Fields[] =>
  list(container["env"])
    .map(record)
    .filter((item) => istiodVariables.has(text(item["name"])) && typeof item["value"] === "string")
    .map((item) => pick(item, ["name", "value"]))

const containersOf = (value: unknown, istiod: boolean): Fields[] =>
  list(value)
    .map(record)
    .map((container) => ({
      ...pick(container, ["name", "image", "restartPolicy"]),
      ...present({ ports: portsOf(container["ports"]), env: istiod ? variables(container) : [] }),
    }))

const podSpec = (raw: unknown, istiod: boolean): Fields => {
  const spec = record(raw)
  return {
    ...pick(spec, ["nodeName", "serviceAccountName", "hostNetwork"]),
    ...present({
      containers: containersOf(spec["containers"], istiod),
      initContainers: containersOf(spec["initContainers"], istiod),
    }),
  }
}

const conditions = (value: unknown, types: readonly string[]): Fields[] =>
  list(value)
    .map(record)
    .filter((item) => types.includes(text(item["type"])))
    .map((item) => pick(item, ["type", "status", "reason"]))

const containerStatuses = (value: unknown): Fields[] =>
  list(value)
    .map(record)
    .map((status) => {
      const waiting = record(record(status["state"])["waiting"])["reason"]
      return {
        ...pick(status, ["name", "ready", "restartCount"]),
        ...(waiting === undefined ? {} : { state: { waiting: { reason: waiting } } }),
      }
    })

const podStatus = (raw: unknown): Fields => {
  const status = record(raw)
  return {
    ...pick(status, ["phase", "podIP", "startTime", "reason"]),
    ...present({
      conditions: conditions(status["conditions"], ["Ready"]),
      containerStatuses: containerStatuses(status["containerStatuses"]),
    }),
  }
}

const template = (raw: unknown, istiod: boolean): Fields => {
  const metadata = record(record(raw)["metadata"])
  return {
    metadata: {
      ...pick(metadata, ["labels"]),
      ...present({ annotations: meshAnnotations(metadata["annotations"]) }),
    },
    spec: podSpec(record(raw)["spec"], istiod),
  }
}

const counts = [
  "replicas",
  "readyReplicas",
  "updatedReplicas",
  "availableReplicas",
  "numberReady",
  "desiredNumberScheduled",
  "updatedNumberScheduled",
  "active",
  "ready",
  "succeeded",
  "failed",
]

const workload = (raw: RawObject): Fields => {
  const spec = record(raw["spec"])
  const status = record(raw["status"])
  const istiod = stringMap(raw.metadata["labels"])["app"] === "istiod"
  return {
    spec: {
      ...pick(spec, ["replicas", "selector", "serviceName", "paused", "completions", "parallelism"]),
      template: template(spec["template"], istiod),
    },
    status: {
      ...pick(status, counts),
      ...present({
        conditions: conditions(status["conditions"], ["Available", "Progressing", "Complete", "Failed"]),
      }),
    },
  }
}

/** A ReplicaSet of a Deployment only leads from pod to Deployment; one of its own is a workload. */
const replicaSet = (raw: RawObject): Fields => {
  const owned = list(raw.metadata["ownerReferences"]).some((owner) => record(owner)["controller"] === true)
  if (!owned) return workload(raw)
  return {
    spec: pick(record(raw["spec"]), ["replicas"]),
    status: pick(record(raw["status"]), ["replicas", "readyReplicas"]),
  }
}

const service = (raw: RawObject): Fields => ({
  spec: pick(record(raw["spec"]), [
    "type",
    "clusterIP",
    "clusterIPs",
    "externalName",
    "ports",
    "selector",
    "externalIPs",
    "publishNotReadyAddresses",
    "trafficDistribution",
  ]),
  ...present({ status: pick(record(raw["status"]), ["loadBalancer"]) }),
})

const endpointSlice = (raw: RawObject): Fields => ({
  ...pick(raw, ["addressType"]),
  ports: list(raw["ports"]).map((port) => pick(record(port), ["name", "port", "protocol", "appProtocol"])),
  endpoints: list(raw["endpoints"])
    .map(record)
    .map((endpoint) => ({
      ...pick(endpoint, ["addresses", "conditions", "nodeName", "zone"]),
      ...present({ targetRef: pick(record(endpoint["targetRef"]), ["kind", "name", "namespace"]) }),
    })),
})

const node = (raw: RawObject): Fields => {
  const status = record(raw["status"])
  return {
    spec: pick(record(raw["spec"]), ["unschedulable", "providerID", "taints"]),
    status: {
      ...pick(status, ["capacity", "allocatable"]),
      ...present({
        addresses: list(status["addresses"]),
        conditions: conditions(status["conditions"], ["Ready"]),
        nodeInfo: pick(record(status["nodeInfo"]), [
          "kubeletVersion",
          "osImage",
          "architecture",
          "kernelVersion",
          "containerRuntimeVersion",
        ]),
      }),
    },
  }
}

const bodies: Record<string, (raw: RawObject) => Fields> = {
  Namespace: (raw) => ({ status: pick(record(raw["status"]), ["phase"]) }),
  Node: node,
  Pod: (raw) => ({ spec: podSpec(raw["spec"], false), status: podStatus(raw["status"]) }),
  Service: service,
  "EndpointSlice.discovery.k8s.io": endpointSlice,
  "Deployment.apps": workload,
  "ReplicaSet.apps": replicaSet,
  "StatefulSet.apps": workload,
  "DaemonSet.apps": workload,
  "Job.batch": workload,
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

/** Configuration is kept as it is, but for bookkeeping of which none is for people. */
function whole(raw: RawObject, head: Fields): Fields {
  const { managedFields: _managed, annotations, selfLink: _link, ...metadata } = raw.metadata
  const { [lastApplied]: _applied, ...kept } = stringMap(annotations)
  return { ...raw, ...head, metadata: { ...metadata, ...present({ annotations: kept }) } }
}

/** Kinds of which only the metadata is asked for. */
const namesOnly = new Set(["ServiceAccount", "CustomResourceDefinition.apiextensions.k8s.io"])
export const isNamesOnly = (kind: string): boolean => namesOnly.has(kind)

/** The object as it is kept and sent: only what the product reads, in a shape whose hash changes only when that changes. */
export function project(spec: KindSpec, version: string, raw: RawObject): KubeObject {
  const head = { apiVersion: spec.group === "" ? version : `${spec.group}/${version}`, kind: spec.kind }
  if (spec.family !== "core") return whole(raw, head) as KubeObject
  if (spec.key === "ServiceAccount")
    return {
      ...head,
      metadata: pick(raw.metadata, ["name", "namespace", "uid", "creationTimestamp"]),
    } as KubeObject
  return { ...head, metadata: metadataOf(raw.metadata), ...bodies[spec.key]?.(raw) } as KubeObject
}

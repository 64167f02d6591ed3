import { at, fieldsOf, isFields, textsOf } from "./json.ts"

/**
 * How the parts of an object are merged and owned: `atomic` values change as a whole, `map` lists by the keys of their items,
 * `set` lists by value. Without a word about it, maps are merged by field and lists are atomic, as the API server does it.
 */
export type MergeSchema = {
  list?: "atomic" | "set" | "map"
  keys?: string[]
  atomic?: boolean
  fields?: Record<string, MergeSchema>
  /** Of every item of a list, or every value of a map. */
  every?: MergeSchema
}

const byKey = (keys: string[], every: MergeSchema = {}): MergeSchema => ({ list: "map", keys, every })
const atomic: MergeSchema = { atomic: true }
const set: MergeSchema = { list: "set" }
const fields = (inner: Record<string, MergeSchema>): MergeSchema => ({ fields: inner })

const metadata = fields({ ownerReferences: byKey(["uid"]), finalizers: set })
const status = fields({ conditions: byKey(["type"]), podIPs: byKey(["ip"]) })

const container = fields({
  ports: byKey(["containerPort", "protocol"]),
  env: byKey(["name"]),
  volumeMounts: byKey(["mountPath"]),
  volumeDevices: byKey(["devicePath"]),
})

const podSpec = fields({
  containers: byKey(["name"], container),
  initContainers: byKey(["name"], container),
  ephemeralContainers: byKey(["name"], container),
  volumes: byKey(["name"]),
  imagePullSecrets: byKey(["name"]),
  hostAliases: byKey(["ip"]),
  topologySpreadConstraints: byKey(["topologyKey", "whenUnsatisfiable"]),
  nodeSelector: atomic,
})

const podTemplate = fields({ metadata, spec: podSpec })
const workload = fields({ selector: atomic, template: podTemplate })

const specs: Record<string, MergeSchema> = {
  Pod: podSpec,
  Service: fields({ ports: byKey(["port", "protocol"]), selector: atomic }),
  "Deployment.apps": workload,
  "ReplicaSet.apps": workload,
  "StatefulSet.apps": workload,
  "DaemonSet.apps": workload,
  "Job.batch": workload,
  "CronJob.batch": fields({ jobTemplate: fields({ spec: workload }) }),
  "PodDisruptionBudget.policy": fields({ selector: atomic }),
  "NetworkPolicy.networking.k8s.io": fields({ podSelector: atomic }),
}

/** The schema of a built-in kind by its KindKey. */
export function builtinMergeSchema(key: string): MergeSchema {
  const root: Record<string, MergeSchema> = { metadata, status }
  const spec = specs[key]
  if (spec) root["spec"] = spec
  if (key === "ServiceAccount") root["secrets"] = byKey(["name"])
  if (key.endsWith("WebhookConfiguration.admissionregistration.k8s.io")) root["webhooks"] = byKey(["name"])
  return fields(root)
}

function ofProperty(schema: unknown): MergeSchema {
  const list = at(schema, "x-kubernetes-list-type")
  const merged: MergeSchema = {}
  if (list === "map" || list === "set" || list === "atomic") merged.list = list
  if (list === "map") merged.keys = textsOf(at(schema, "x-kubernetes-list-map-keys"))
  if (at(schema, "x-kubernetes-map-type") === "atomic") merged.atomic = true
  const properties = at(schema, "properties")
  if (isFields(properties))
    merged.fields = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, ofProperty(property)]),
    )
  const every = at(schema, "items") ?? at(schema, "additionalProperties")
  if (isFields(every)) merged.every = ofProperty(every)
  return merged
}

/** The schema of a custom kind from its `openAPIV3Schema`. */
export function customMergeSchema(openApi: unknown): MergeSchema {
  const root = ofProperty(fieldsOf(openApi))
  return { ...root, fields: { ...root.fields, metadata } }
}

/** What holds for a field of a map. */
export const ofField = (schema: MergeSchema, name: string): MergeSchema =>
  schema.fields?.[name] ?? schema.every ?? {}

/** Defaults of key fields that clients leave out. */
export const keyDefaults: Record<string, unknown> = { protocol: "TCP" }

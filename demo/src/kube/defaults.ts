import { at, fieldsOf, isFields, listOf, type Fields } from "./json.ts"
import { establishedStatus } from "./custom-resource.ts"

type Defaulter = (object: Fields, before: Fields | undefined, context: DefaultContext) => Fields

export type DefaultContext = { time: string; clusterIp(): string }

const withSpec = (object: Fields, spec: Fields): Fields => ({
  ...object,
  spec: { ...spec, ...fieldsOf(object["spec"]) },
})

const namespace: Defaulter = (object) => {
  const metadata = fieldsOf(object["metadata"])
  const labels = { ...fieldsOf(metadata["labels"]), "kubernetes.io/metadata.name": metadata["name"] }
  const filled = withSpec({ ...object, metadata: { ...metadata, labels } }, { finalizers: ["kubernetes"] })
  return isFields(filled["status"]) ? filled : { ...filled, status: { phase: "Active" } }
}

const service: Defaulter = (object, before, { clusterIp }) => {
  const spec = fieldsOf(object["spec"])
  const type = spec["type"] ?? "ClusterIP"
  const ports = listOf(spec["ports"]).map((port) => ({
    protocol: "TCP",
    targetPort: at(port, "port"),
    ...fieldsOf(port),
  }))
  const filled: Fields = { sessionAffinity: "None", ...spec, type, ...(ports.length > 0 ? { ports } : {}) }
  if (type !== "ExternalName") {
    const address = spec["clusterIP"] ?? at(before, "spec", "clusterIP") ?? clusterIp()
    filled["clusterIP"] = address
    filled["clusterIPs"] = spec["clusterIPs"] ?? [address]
    filled["internalTrafficPolicy"] = spec["internalTrafficPolicy"] ?? "Cluster"
    filled["ipFamilies"] = spec["ipFamilies"] ?? ["IPv4"]
    filled["ipFamilyPolicy"] = spec["ipFamilyPolicy"] ?? "SingleStack"
  }
  return { ...object, spec: filled, status: object["status"] ?? { loadBalancer: {} } }
}

const replicas: Defaulter = (object) => ({ status: {}, ...withSpec(object, { replicas: 1 }) })

const pod: Defaulter = (object) => ({
  ...withSpec(object, { restartPolicy: "Always", serviceAccountName: "default" }),
  status: object["status"] ?? { phase: "Pending" },
})

const customResourceDefinition: Defaulter = (object, _before, { time }) => {
  const spec = fieldsOf(object["spec"])
  const names = fieldsOf(spec["names"])
  const kind = String(names["kind"])
  const filled = {
    conversion: { strategy: "None" },
    ...spec,
    names: { listKind: `${kind}List`, singular: kind.toLowerCase(), ...names },
  }
  const next = { ...object, spec: filled }
  return { ...next, status: establishedStatus(next, time) }
}

const defaulters: Record<string, Defaulter> = {
  Namespace: namespace,
  Service: service,
  Pod: pod,
  "Deployment.apps": replicas,
  "StatefulSet.apps": replicas,
  "ReplicaSet.apps": replicas,
  "CustomResourceDefinition.apiextensions.k8s.io": customResourceDefinition,
}

/** What the API server fills in for a built-in kind, as far as somebody in the demo looks at it. */
export const builtinDefaults = (
  kind: string,
  object: Fields,
  before: Fields | undefined,
  context: DefaultContext,
): Fields => defaulters[kind]?.(object, before, context) ?? object

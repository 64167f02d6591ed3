import type { KubeObject } from "#shared/kube/object.ts"
import { at, fieldsOf, type Fields } from "./json.ts"
import type { Resource } from "./resource.ts"
import { invalid } from "./status.ts"

const scalable = new Set(["Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps"])

/** Whether a resource has the subresource `scale`. */
export const hasScale = ({ key }: Resource): boolean => scalable.has(key)

export const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale" }

/** The Scale of a workload: how many replicas it wants and has. */
export function scaleOf(workload: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = workload.metadata
  const labels = Object.entries(fieldsOf(at(workload, "spec", "selector", "matchLabels")))
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: Number(at(workload, "spec", "replicas") ?? 0) },
    status: {
      replicas: Number(at(workload, "status", "replicas") ?? 0),
      selector: labels.map(([key, value]) => `${key}=${String(value)}`).join(","),
    },
  }
}

/** The workload with as many replicas as its new Scale wants. @throws StatusError 422 */
export function rescaled(workload: KubeObject, scale: Fields): Fields {
  const replicas = at(scale, "spec", "replicas") ?? 0
  if (!Number.isInteger(replicas) || Number(replicas) < 0)
    throw invalid({ ...scaleKind, plural: "scales" }, workload.metadata.name, [
      {
        reason: "FieldValueInvalid",
        message: `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
        field: "spec.replicas",
      },
    ])
  const { resourceVersion = "" } = fieldsOf(scale["metadata"])
  return {
    ...workload,
    spec: { ...fieldsOf(workload["spec"]), replicas },
    metadata: { ...workload.metadata, resourceVersion },
  }
}

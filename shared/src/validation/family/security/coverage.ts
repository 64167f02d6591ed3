import type { Instance } from "../../../istio/instance.ts"
import { isSubset, selectInstances } from "../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { record } from "../../../topology/fact/read.ts"
import { type View, index } from "../../check.ts"
import { dataplaneOf } from "../ambient/dataplane.ts"
import { namespaceOf, selectorLabels, specOf } from "./policy.ts"

/** Pods by each of their labels, whatever their namespace: policies of the root namespace select in all of them. */
export const podsByLabel = index({
  name: "security/pods-by-label",
  kind: "Pod",
  keysOf: (object) => {
    const labels = record(object.metadata.labels)
    const keys: string[] = []
    for (const name in labels) {
      const value = labels[name]
      if (typeof value === "string") keys.push(`${name}=${value}`)
    }
    return keys
  },
})

/** Pods anywhere that carry all the labels. */
export function podsAnywhere(view: View, labels: Readonly<Record<string, string>>): readonly KubeObject[] {
  let fewest: readonly KubeObject[] | undefined
  for (const name in labels) {
    const found = view.find(podsByLabel, `${name}=${labels[name] ?? ""}`)
    if (fewest === undefined || found.length < fewest.length) fewest = found
  }
  return (fewest ?? []).filter((pod) => isSubset(labels, pod.metadata.labels ?? {}))
}

/** Whom a policy with a selector, or for a whole namespace, is for. `mesh`: for everything. */
export type Coverage = "mesh" | readonly Instance[]

const instanceOf = (view: View, pod: KubeObject): Instance | undefined =>
  view.mesh.instances
    .get(namespaceOf(pod))
    ?.find(({ name, object }) => name === pod.metadata.name && object.kind === refOf(pod).kind)

/**
 * The pods and workload entries that a policy is for; not for one with targets. Policies of the root namespace are for all namespaces.
 * Reads Pod and WorkloadEntry.
 */
export function coverageOf(view: View, policy: KubeObject): Coverage {
  const namespace = namespaceOf(policy)
  const labels = selectorLabels(specOf(policy))
  if (namespace === view.settings.rootNamespace) {
    if (labels === undefined) return "mesh"
    return podsAnywhere(view, labels).flatMap((pod) => instanceOf(view, pod) ?? [])
  }
  if (labels !== undefined) return selectInstances(view.mesh, namespace, labels)
  return view.mesh.instances.get(namespace) ?? []
}

/** Whether an instance enforces policies: its own proxy does, or the ztunnel that captures it. Reads Pod and Namespace. */
export function isInMesh(view: View, instance: Instance): boolean {
  if (instance.sidecar) return true
  const pod = view.get("Pod", instance.namespace, instance.name)
  return pod !== undefined && dataplaneOf(view, pod) !== "none"
}

/** How an instance takes part. Workload entries count as having a proxy. */
export function dataplaneAt(view: View, instance: Instance): "sidecar" | "ambient" | "none" {
  if (instance.sidecar) return "sidecar"
  const pod = view.get("Pod", instance.namespace, instance.name)
  return pod === undefined ? "none" : dataplaneOf(view, pod)
}

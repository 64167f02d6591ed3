import type { KubeObject } from "../../../kube/object.ts"
import { list, record } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"

/**
 * How a pod takes part in the mesh. `sidecar`: a proxy runs in it, or will when it is made. `ambient`: a ztunnel captures it.
 * `none`: it speaks plain text.
 */
export type Dataplane = "sidecar" | "ambient" | "none"

const modeLabel = "istio.io/dataplane-mode"
const injectLabel = "sidecar.istio.io/inject"

const nothing: Readonly<Record<string, string>> = {}

/** An object is not always what the API server would let in: labels and annotations may be missing or no map. */
export const labelsOf = (object: KubeObject | undefined): Readonly<Record<string, string>> =>
  (object === undefined ? undefined : (record(object.metadata.labels) as Record<string, string>)) ?? nothing
export const annotationsOf = (object: KubeObject): Readonly<Record<string, string>> =>
  record(object.metadata.annotations) as Record<string, string>

function runsProxy(containers: unknown): boolean {
  for (const container of list(containers)) if (record(container)["name"] === "istio-proxy") return true
  return false
}

export function hasProxy(pod: KubeObject): boolean {
  const spec = record(pod["spec"])
  return runsProxy(spec["containers"]) || runsProxy(spec["initContainers"])
}

/** Whether a namespace asks for sidecars: by its label, or by that of a revision. Source: istio.io, "Installing the Sidecar", policy. */
export function injectsSidecars(namespace: KubeObject | undefined): boolean {
  const labels = labelsOf(namespace)
  const injection = labels["istio-injection"]
  if (injection !== undefined) return injection === "enabled"
  return (labels["istio.io/rev"] ?? "") !== ""
}

export const isAmbientNamespace = (namespace: KubeObject | undefined): boolean =>
  labelsOf(namespace)[modeLabel] === "ambient"

/** Whether the injector is to give a pod of these labels and annotations a sidecar; the pod's own word counts before the namespace's. */
export function isInjected(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  namespace: KubeObject | undefined,
): boolean {
  const own = labels[injectLabel] ?? annotations[injectLabel]
  if (own === "true" || own === "false") return own === "true"
  if ((labels["istio.io/rev"] ?? "") !== "" && labelsOf(namespace)["istio-injection"] !== "disabled")
    return true
  return injectsSidecars(namespace)
}

/** Whether a ztunnel captures a pod of these labels: the pod's own label counts before the namespace's. Source: istio.io, "Add workloads to the mesh". */
export function isCaptured(
  labels: Readonly<Record<string, string>>,
  namespace: KubeObject | undefined,
): boolean {
  const own = labels[modeLabel]
  return own === undefined ? isAmbientNamespace(namespace) : own === "ambient"
}

/**
 * Reads `Namespace` besides the pod. Where there is none to read (files without it), a pod that does not say otherwise is taken for one with a
 * sidecar: nothing is said of what cannot be known.
 */
export function dataplaneOf(view: Pick<View, "get">, pod: KubeObject): Dataplane {
  if (hasProxy(pod)) return "sidecar"
  const annotations = annotationsOf(pod)
  if (annotations["ambient.istio.io/redirection"] === "enabled") return "ambient"
  if (record(pod["spec"])["hostNetwork"] === true) return "none"
  const labels = labelsOf(pod)
  const namespace = view.get("Namespace", "", pod.metadata.namespace ?? "")
  if (isInjected(labels, annotations, namespace)) return "sidecar"
  if (isCaptured(labels, namespace)) return "ambient"
  return namespace !== undefined || labels[injectLabel] === "false" ? "none" : "sidecar"
}

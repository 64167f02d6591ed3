import { isSubset } from "../../../istio/mesh.ts"
import type { KubeObject, ObjectRef } from "../../../kube/object.ts"
import { list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type View, index } from "../../check.ts"
import { isAmbientNamespace, labelsOf } from "./dataplane.ts"
import { gatewayClass, kubernetesGateway } from "./kinds.ts"

type Labels = Readonly<Record<string, string>>

export const useWaypoint = "istio.io/use-waypoint"
export const useWaypointNamespace = "istio.io/use-waypoint-namespace"
const waypointFor = "istio.io/waypoint-for"

/** The waypoint that labels name, `none` where they refuse one, undefined where they do not say. Source: pilot `GetUseWaypoint`. */
export function namedWaypoint(labels: Labels, namespace: string): ObjectRef | "none" | undefined {
  const name = labels[useWaypoint]
  if (typeof name !== "string" || name === "") return undefined
  if (name === "none") return "none"
  const other = labels[useWaypointNamespace]
  return { kind: kubernetesGateway, namespace: typeof other === "string" ? other : namespace, name }
}

/** What becomes of traffic to something with a waypoint. */
export type Binding = {
  waypoint: ObjectRef
  /** The object itself names it, or only its namespace. */
  by: "object" | "namespace"
}

/** The waypoint of a service or workload, by its own labels or its namespace's; undefined for none. Reads Namespace. */
export function bindingOf(view: View, labels: Labels, namespace: string): Binding | undefined {
  const own = namedWaypoint(labels, namespace)
  if (own !== undefined) return own === "none" ? undefined : { waypoint: own, by: "object" }
  const inherited = namedWaypoint(labelsOf(view.get("Namespace", "", namespace)), namespace)
  return inherited === undefined || inherited === "none"
    ? undefined
    : { waypoint: inherited, by: "namespace" }
}

const isTunnel = (listener: unknown): boolean => {
  const { protocol } = record(listener)
  return protocol === "HBONE" || protocol === "istio.io/PROXY"
}

/** Any gateway may serve as a waypoint, whoever makes it; of Istio's own ingress class only one that listens for tunnels. */
export const isWaypoint = (gateway: KubeObject): boolean => {
  const spec = record(gateway["spec"])
  return spec["gatewayClassName"] !== "istio" || list(spec["listeners"]).some(isTunnel)
}

/** Whose traffic a waypoint takes: what it says, what its class says, else `service`. Reads GatewayClass. */
export function trafficOf(view: View, gateway: KubeObject): "service" | "workload" | "all" | "none" {
  const name = text(record(gateway["spec"])["gatewayClassName"])
  const wanted =
    labelsOf(gateway)[waypointFor] ??
    (name === "" ? undefined : labelsOf(view.get(gatewayClass, "", name))[waypointFor])
  return wanted === "workload" || wanted === "all" || wanted === "none" ? wanted : "service"
}

/** Whether a waypoint takes what is in a namespace, by the allowedRoutes of its HBONE listener. Reads Namespace. Source: pilot `AllowsAttachmentFromNamespace`. */
export function admits(view: View, gateway: KubeObject, namespace: string): boolean {
  if (gateway.metadata.namespace === namespace) return true
  const listeners = list(record(gateway["spec"])["listeners"]).map(record)
  const listener = listeners.find(isTunnel) ?? listeners[0]
  const allowed = record(record(record(listener)["allowedRoutes"])["namespaces"])
  if (allowed["from"] === "All") return true
  if (allowed["from"] !== "Selector") return false
  const selector = record(allowed["selector"])
  // Expressions are beyond this: they are given the benefit of the doubt.
  if (list(selector["matchExpressions"]).length > 0) return true
  return isSubset(stringMap(selector["matchLabels"]), labelsOf(view.get("Namespace", "", namespace)))
}

/** The waypoint that really takes the traffic of a service: named, there, and willing. */
export function serviceWaypoint(view: View, labels: Labels, namespace: string): KubeObject | undefined {
  const binding = bindingOf(view, labels, namespace)
  if (binding === undefined) return undefined
  const gateway = view.get(kubernetesGateway, binding.waypoint.namespace, binding.waypoint.name)
  if (gateway === undefined || !isWaypoint(gateway) || !admits(view, gateway, namespace)) return undefined
  const traffic = trafficOf(view, gateway)
  return traffic === "service" || traffic === "all" ? gateway : undefined
}

/** Namespaces whose pods ztunnels capture. In a mesh without any, nothing here needs a second look. */
export const ambientNamespaces = index({
  name: "ambient/namespaces",
  kind: "Namespace",
  keysOf: (object) => (isAmbientNamespace(object) ? ["ambient"] : []),
})

export const hasAmbient = (view: View): boolean => view.find(ambientNamespaces, "ambient").length > 0

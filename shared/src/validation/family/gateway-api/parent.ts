import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, number, record, strings, text } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"
import { gatewayKind, group } from "./kinds.ts"
import { type Listener, allowsNamespace, commonHosts, kindsOf, listenersOf } from "./listener.ts"

/** What a route says it is attached to. */
export type Parent = {
  /** KindKey; only Gateways, Services and ServiceEntries are Istio's. */
  kind: string
  namespace: string
  name: string
  /** Empty and 0: any. */
  section: string
  port: number
}

export const parentsOf = (route: KubeObject): Parent[] =>
  list(record(route["spec"])["parentRefs"])
    .map(record)
    .map((ref) => {
      const of = typeof ref["group"] === "string" ? ref["group"] : group
      const kind = text(ref["kind"]) || "Gateway"
      return {
        kind: of === "" ? kind : `${kind}.${of}`,
        namespace: text(ref["namespace"]) || (route.metadata.namespace ?? ""),
        name: text(ref["name"]),
        section: text(ref["sectionName"]),
        port: number(ref["port"]),
      }
    })

export const hostnamesOf = (route: KubeObject): string[] => strings(record(route["spec"])["hostnames"])

export const rulesOf = (route: KubeObject): Json[] => list(record(route["spec"])["rules"]).map(record)

/** How far a route gets at a Gateway: the listeners that are left after each of the conditions. */
export type Attachment = {
  named: readonly Listener[]
  ofKind: readonly Listener[]
  letIn: readonly Listener[]
  /** With a host in common: those the route is attached to. */
  attached: readonly Listener[]
}

/** Source: Gateway API, "Route attachment"; pilot `referenceAllowed`. */
export function attachmentOf(
  { route, parent, kind }: { route: KubeObject; parent: Parent; kind: string },
  gateway: KubeObject,
  view: View,
): Attachment {
  const own = gateway.metadata.namespace ?? ""
  const namespace = route.metadata.namespace ?? ""
  const hostnames = kind === "TCPRoute" ? [] : hostnamesOf(route)
  const named = listenersOf(gateway).filter(
    (listener) =>
      (parent.section === "" || listener.name === parent.section) &&
      (parent.port === 0 || listener.port === parent.port),
  )
  const ofKind = named.filter((listener) => kindsOf(listener).includes(kind))
  const letIn = ofKind.filter((listener) => allowsNamespace(listener, own, namespace, view))
  const attached = letIn.filter((listener) => commonHosts(listener, hostnames).length > 0)
  return { named, ofKind, letIn, attached }
}

export const isGateway = (parent: Parent): boolean => parent.kind === gatewayKind

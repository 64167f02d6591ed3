import { commonHost } from "../../../istio/host.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, number, record, stringMap, strings, text } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"
import { group } from "./kinds.ts"

/** A listener of a Gateway as routes meet it. */
export type Listener = {
  name: string
  port: number
  protocol: string
  /** `*` where it has none. */
  hostname: string
  spec: Json
}

export const listenersOf = (gateway: KubeObject): Listener[] =>
  list(record(gateway["spec"])["listeners"])
    .map(record)
    .map((spec) => ({
      name: text(spec["name"]),
      port: number(spec["port"]),
      protocol: text(spec["protocol"]),
      hostname: text(spec["hostname"]) || "*",
      spec,
    }))

function protocolKinds({ protocol, spec }: Listener): readonly string[] {
  if (protocol === "HTTP" || protocol === "HTTPS") return ["HTTPRoute", "GRPCRoute"]
  if (protocol === "TCP") return ["TCPRoute"]
  if (protocol === "TLS")
    return record(spec["tls"])["mode"] === "Terminate" ? ["TLSRoute", "TCPRoute"] : ["TLSRoute"]
  return []
}

/** The kinds of routes a listener takes: what its protocol can carry, and of that what it allows. Source: pilot `GenerateGatewaySupportedKinds`. */
export function kindsOf(listener: Listener): readonly string[] {
  const supported = protocolKinds(listener)
  const allowed = list(record(listener.spec["allowedRoutes"])["kinds"]).map(record)
  if (allowed.length === 0) return supported
  return supported.filter((kind) =>
    allowed.some((one) => one["kind"] === kind && (one["group"] ?? group) === group),
  )
}

function satisfies(requirement: Json, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[text(requirement["key"])]
  const values = strings(requirement["values"])
  switch (requirement["operator"]) {
    case "In":
      return value !== undefined && values.includes(value)
    case "NotIn":
      return value === undefined || !values.includes(value)
    case "Exists":
      return value !== undefined
    case "DoesNotExist":
      return value === undefined
    default:
      return true
  }
}

/** Whether a label selector of Kubernetes takes the labels. */
export const selectsLabels = (selector: Json, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(stringMap(selector["matchLabels"])).every(([label, value]) => labels[label] === value) &&
  list(selector["matchExpressions"]).every((requirement) => satisfies(record(requirement), labels))

/** Whether a listener lets routes of a namespace attach; one that is not known may be let. */
export function allowsNamespace(listener: Listener, own: string, namespace: string, view: View): boolean {
  const namespaces = record(record(listener.spec["allowedRoutes"])["namespaces"])
  const from = text(namespaces["from"]) || "Same"
  if (from === "Same") return own === namespace
  if (from !== "Selector") return from !== "None"
  const found = view.get("Namespace", "", namespace)
  if (!found || namespaces["selector"] === undefined) return true
  const labels = { ...stringMap(found.metadata.labels), "kubernetes.io/metadata.name": namespace }
  return selectsLabels(record(namespaces["selector"]), labels)
}

/** Why routes of a namespace are not let, for sentences. */
export function allowedText(listener: Listener): string {
  const from = text(record(record(listener.spec["allowedRoutes"])["namespaces"])["from"])
  return from === "" ? "from Same, as it says nothing" : `from ${from}`
}

/** The hosts that a listener and a route have in common; a route without any takes the listener's. */
export function commonHosts(listener: Listener, hostnames: readonly string[]): string[] {
  if (hostnames.length === 0) return [listener.hostname]
  const hosts: string[] = []
  for (const hostname of hostnames) {
    const host = commonHost(listener.hostname, hostname)
    if (host !== undefined) hosts.push(host)
  }
  return hosts
}

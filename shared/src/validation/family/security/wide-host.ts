import type { Client } from "../../../istio/client.ts"
import { destinationRuleFor, policyFor } from "../../../istio/destination-rule.ts"
import { configHost } from "../../../istio/host.ts"
import type { Mesh } from "../../../istio/mesh.ts"
import type { ObjectRef } from "../../../kube/object.ts"
import { record, text } from "../../../topology/fact/read.ts"
import { index } from "../../check.ts"
import { destinationRule } from "./kinds.ts"

/** DestinationRules for many hosts that ask for mutual TLS, by their wildcard. They are few. */
export const wideMutualRules = index({
  name: "security/wide-mutual-rules",
  kind: destinationRule,
  keysOf: (object) => {
    const spec = record(object["spec"])
    const host = text(spec["host"])
    return host.startsWith("*") &&
      text(record(record(spec["trafficPolicy"])["tls"])["mode"]) === "ISTIO_MUTUAL"
      ? [host]
      : []
  },
})

/** The wildcards that take every service of a namespace; of the mesh, without one. Widest last. */
export function wildcardsFor(domain: string, namespace?: string): string[] {
  const found = namespace === undefined ? [] : [`*.${namespace}.svc.${domain}`]
  const rest = `svc.${domain}`
  found.push(`*.${rest}`)
  for (let dot = rest.indexOf("."); dot >= 0; dot = rest.indexOf(".", dot + 1))
    found.push(`*${rest.slice(dot)}`)
  found.push("*")
  return found
}

/** What a wildcard host of a DestinationRule is for. */
export type Scope =
  { kind: "host"; host: string } | { kind: "namespace"; namespace: string } | { kind: "mesh" }

/** Undefined for a wildcard that takes a part of a namespace, or hosts outside. */
export function scopeOf(host: string, namespace: string, domain: string): Scope | undefined {
  if (!host.startsWith("*")) return { kind: "host", host: configHost(host, namespace, domain) }
  const end = `.svc.${domain}`
  if (host.endsWith(end) && host.startsWith("*.") && !host.slice(2, -end.length).includes("."))
    return { kind: "namespace", namespace: host.slice(2, -end.length) }
  return wildcardsFor(domain).includes(host) ? { kind: "mesh" } : undefined
}

/** A client of which only the namespace is known; of no namespace: one that has no rules of its own. */
export const clientOf = (namespace: string): Client => ({ kind: "sidecar", namespace, labels: {} })

/** The TLS mode that a client's rules set for a host (a wildcard stands for any service under it), and the object that says so. */
export function tlsFor(
  mesh: Mesh,
  client: string,
  service: { host: string; namespace: string },
  port = 0,
): { mode: string; object: ObjectRef | undefined } {
  const rule = destinationRuleFor(mesh, clientOf(client), service)
  const { tls } = policyFor(rule, "", port)
  return {
    mode: tls === undefined ? "" : text(tls["mode"]) || "DISABLE",
    object: rule.objects[0],
  }
}

/** Any service of a namespace; of the mesh, without one. */
export const anyService = (domain: string, namespace?: string): { host: string; namespace: string } =>
  namespace === undefined
    ? { host: `*.svc.${domain}`, namespace: "" }
    : { host: `*.${namespace}.svc.${domain}`, namespace }

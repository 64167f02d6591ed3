import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"
import { namespaceKind } from "./kinds.ts"

export const proxyName = "istio-proxy"

/** The proxy among containers and init containers (native sidecars), with its path below `spec`. */
export function proxyOf(spec: Json): { container: Json; path: string } | undefined {
  for (const field of ["containers", "initContainers"] as const) {
    const containers = list(spec[field])
    for (let i = 0; i < containers.length; i++) {
      const container = record(containers[i])
      if (container["name"] === proxyName) return { container, path: `${field}[${i}]` }
    }
  }
  return undefined
}

/** What a pod or a pod template says itself about injection: the label counts before the annotation. */
export function injectionWish(metadata: {
  labels?: Record<string, string> | undefined
  annotations?: Record<string, string> | undefined
}): boolean | undefined {
  const wish =
    metadata.labels?.["sidecar.istio.io/inject"] ?? metadata.annotations?.["sidecar.istio.io/inject"]
  if (wish === undefined) return undefined
  return wish.toLowerCase() === "true"
}

/** The revision whose injector is for a namespace; `default` for `istio-injection: enabled`, undefined for none. */
export function revisionOf(namespace: KubeObject | undefined): string | undefined {
  const labels = namespace?.metadata.labels
  const injection = labels?.["istio-injection"]
  if (injection !== undefined && injection !== "enabled") return undefined
  const revision = labels?.["istio.io/rev"]
  return revision ?? (injection === "enabled" ? "default" : undefined)
}

export const namespaceOf = (view: View, name: string | undefined): KubeObject | undefined =>
  view.get(namespaceKind, "", name === undefined || name === "" ? "default" : name)

export const isGatewayManaged = ({ metadata }: KubeObject): boolean =>
  text(metadata.labels?.["gateway.istio.io/managed"]) !== ""

/** Part of Istio itself. Source: istio `IsIstioControlPlane`. */
export const isOfIstio = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.["istio"] !== undefined || metadata.labels?.["release"] === "istio"

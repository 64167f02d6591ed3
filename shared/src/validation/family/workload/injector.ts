import type { KubeObject } from "../../../kube/object.ts"
import { type Json, record, text } from "../../../topology/fact/read.ts"
import type { View } from "../../check.ts"
import { configMapKind } from "./kinds.ts"

/** The ConfigMap of the injector of a revision, in the namespace of its istiod. */
export function injectorFor(view: View, revision: string): KubeObject | undefined {
  const name =
    revision === "" || revision === "default"
      ? "istio-sidecar-injector"
      : `istio-sidecar-injector-${revision}`
  return view.get(configMapKind, view.istioNamespace, name)
}

/** The chart's values that the injector works with; empty when they cannot be read. */
export function valuesOf(injector: KubeObject): Json {
  const written = text(record(injector["data"])["values"])
  try {
    return record(JSON.parse(written))
  } catch {
    return {}
  }
}

/** The image that the injector puts into pods; undefined when it does not say. */
export function proxyImageOf(injector: KubeObject): string | undefined {
  const global = record(valuesOf(injector)["global"])
  const image = text(record(global["proxy"])["image"])
  if (image === "") return undefined
  if (image.includes("/")) return image
  const { hub, tag } = global
  return typeof hub === "string" && (typeof tag === "string" || typeof tag === "number")
    ? `${hub}/${image}:${tag}`
    : undefined
}

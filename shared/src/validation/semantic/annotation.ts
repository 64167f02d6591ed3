import type { KubeObject } from "../../kube/object.ts"
import { record } from "../../topology/fact/read.ts"

export const dryRun = "istio.io/dry-run"

/** Annotations that only istiod may set, on objects it makes itself. Source: istio pkg/config/validation `validateMetadata`. */
export const reserved: readonly string[] = [
  "internal.istio.io/webhook-always-reject",
  "internal.istio.io/parent-namespace",
  "internal.istio.io/parents",
]

/** Whether istiod made this Gateway or VirtualService from the Gateway API; such may say what people may not. */
export function isGenerated(object: KubeObject): boolean {
  const annotations = record(record(object.metadata)["annotations"])
  return (
    annotations["internal.istio.io/gateway-semantics"] === "gateway" ||
    annotations["internal.istio.io/route-semantics"] === "gateway"
  )
}

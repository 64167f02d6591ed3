import type { KubeObject } from "../../../kube/object.ts"
import { stringMap } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { podsWith } from "../../pods.ts"
import { selectorOfGateway } from "./client.ts"
import { selectorUnmatched } from "./gateway-object-rules.ts"
import { gatewayKind } from "./kinds.ts"

const isElsewhere = (view: View, object: KubeObject): boolean => {
  const selector = selectorOfGateway(object)
  return view.others.some((other) => podsWith(other, selector).length > 0)
}

/** Whether gateways are among what is known at all: files often hold an application, and not the gateways in front of it. */
const knowsGateways = (view: View): boolean =>
  view.inNamespace("Pod", view.istioNamespace).length > 0 ||
  view.mesh.gateways.some(({ spec }) => podsWith(view, stringMap(spec["selector"])).length > 0)

export const gatewaySelector = check({
  name: "gateway/selector",
  subject: gatewayKind,
  reads: [gatewayKind, "Pod"],
  needs: ["Pod"],
  rules: [selectorUnmatched],
  run: (object, view, report) => {
    const selector = selectorOfGateway(object)
    const labels = Object.entries(selector)
    if (labels.length === 0 || podsWith(view, selector).length > 0 || isElsewhere(view, object)) return
    const known = knowsGateways(view)
    report(selectorUnmatched, {
      path: "spec.selector",
      level: known ? "error" : "info",
      message: `No pod in any namespace has the labels ${labels.map(([label, value]) => `${label}=${value}`).join(", ")}${known ? "" : "; no pods of gateways are known at all"}`,
    })
  },
})

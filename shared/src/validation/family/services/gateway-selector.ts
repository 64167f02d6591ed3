import { type Check, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { instanceKinds, telemetryKind, wasmPluginKind } from "./kinds.ts"
import { selected } from "./selection.ts"
import { type Selecting, labelsOf } from "./selector.ts"

export const gatewaySelector = rule({
  code: "selector.gateway",
  aliases: ["IST0166"],
  level: "warning",
  title: "Policy selects the pods of a Gateway API gateway by labels",
  effect: "Waypoints pass policies with a selector over, and gateways do where istiod is told so",
  remedy: "Name the Gateway in targetRefs instead",
  source: "https://istio.io/latest/docs/reference/config/type/workload-selector/#PolicyTargetReference",
})

const gatewayName = "gateway.networking.k8s.io/gateway-name"

const of = (kind: string): Check => {
  const selecting: Selecting = { kind, path: ["selector", "matchLabels"], rootIsEverywhere: false }
  return check({
    name: `selector/gateways-of-${kind}`,
    subject: kind,
    reads: instanceKinds,
    rules: [gatewaySelector],
    run: (object, view, report) => {
      const labels = labelsOf(selecting, object)
      if (labels === undefined) return
      const namespace = object.metadata.namespace ?? ""
      for (const { labels: own } of selected(view, namespace, labels)) {
        const name = own[gatewayName]
        if (name === undefined) continue
        report(gatewaySelector, {
          path: "spec.selector",
          message: `pods of Gateway ${namespace}/${name} are chosen by labels, not by targetRefs`,
          references: [{ object: { kind: "Gateway.gateway.networking.k8s.io", namespace, name }, path: "" }],
        })
        return
      }
    },
  })
}

export const gatewaySelectorChecks: readonly Check[] = [of(telemetryKind), of(wasmPluginKind)]

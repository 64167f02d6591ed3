import type { Check, Family } from "../../check.ts"
import { annotationRules, checkAnnotations } from "../../semantic/annotation-check.ts"
import { peerAuthenticationCheck } from "./authentication/peer.ts"
import { requestAuthenticationCheck } from "./authentication/request.ts"
import { authorizationPolicyCheck } from "./authorization/check.ts"
import { faultCheck, removedKindCheck } from "./deprecation/check.ts"
import { destinationRuleCheck } from "./destination-rule/check.ts"
import { envoyFilterCheck } from "./envoy-filter/check.ts"
import { trafficExtensionCheck, wasmPluginCheck } from "./extension/check.ts"
import { proxyConfigCheck } from "./proxy-config/check.ts"
import { sidecarCheck } from "./sidecar/check.ts"
import { telemetryCheck } from "./telemetry/check.ts"

const semantics: readonly Check[] = [
  destinationRuleCheck,
  sidecarCheck,
  envoyFilterCheck,
  authorizationPolicyCheck,
  requestAuthenticationCheck,
  peerAuthenticationCheck,
  telemetryCheck,
  wasmPluginCheck,
  trafficExtensionCheck,
  proxyConfigCheck,
]

/** One evaluation of an object for its annotations and its spec. */
const withAnnotations = (semantic: Check): Check => ({
  ...semantic,
  rules: [...semantic.rules, ...annotationRules],
  run: (object, view, report) => {
    if (object.metadata.annotations !== undefined) checkAnnotations(object, report)
    semantic.run(object, view, report)
  },
})

const checks: readonly Check[] = [...semantics.map(withAnnotations), faultCheck, removedKindCheck]

/** What Istio's own validation says of one object, for the kinds that say how traffic is treated: rules, policies, telemetry, extensions. */
export const semanticsPolicy: Family = {
  rules: [...new Set(checks.flatMap((each) => each.rules))],
  checks,
}

import type { Check, Family } from "../../check.ts"
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

const checks: readonly Check[] = [
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
  faultCheck,
  removedKindCheck,
]

/** What Istio's own validation says of one object, for the kinds that say how traffic is treated: rules, policies, telemetry, extensions. */
export const semanticsPolicy: Family = {
  rules: [...new Set(checks.flatMap((each) => each.rules))],
  checks,
}

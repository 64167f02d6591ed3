import type { Family } from "../../check.ts"
import { faultCheck, removedKindCheck } from "./deprecation/check.ts"
import { authorizationPolicyCheck } from "./authorization/check.ts"
import { peerAuthenticationCheck } from "./authentication/peer.ts"
import { requestAuthenticationCheck } from "./authentication/request.ts"
import { destinationRuleCheck } from "./destination-rule/check.ts"
import { envoyFilterCheck } from "./envoy-filter/check.ts"
import { sidecarCheck } from "./sidecar/check.ts"

const checks = [
  destinationRuleCheck,
  sidecarCheck,
  envoyFilterCheck,
  authorizationPolicyCheck,
  requestAuthenticationCheck,
  peerAuthenticationCheck,
  faultCheck,
  removedKindCheck,
]

/** What Istio's own validation says of one object, for the kinds that say how traffic is treated: rules, policies, telemetry, extensions. */
export const semanticsPolicy: Family = {
  rules: [...new Set(checks.flatMap((each) => each.rules))],
  checks,
}

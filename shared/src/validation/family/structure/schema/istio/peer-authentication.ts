import { object, map, choice } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import { policySelector } from "./common.ts"

const mutualTls = object({ mode: choice("UNSET", "DISABLE", "PERMISSIVE", "STRICT") })

export const peerAuthentication = object(
  {
    mtls: mutualTls,
    portLevelMtls: map(mutualTls, { min: 1, rules: [rule.portKeys] }),
    selector: policySelector,
  },
  { rules: [rule.portsNeedSelector] },
)

import type { Family } from "../../check.ts"
import { hidden, pairs } from "./destination-rule-tls.ts"
import { identityNeedsMtls } from "./identity-needs-mtls.ts"
import { mtlsRules } from "./mtls-rules.ts"
import { hostUnknown, operationHosts } from "./operation-hosts.ts"
import { operationRules, operationValues } from "./operation-values.ts"
import { conflicts, peerRules, portLevels } from "./peer-authentication.ts"
import { modes, plaintext } from "./peer-authentication-tls.ts"
import { selectorChecks, selectorRules } from "./selector.ts"
import { accounts, namespaces, sourceRules } from "./source-names.ts"

/** Who may call whom, and how: AuthorizationPolicy, RequestAuthentication, PeerAuthentication, and what DestinationRules say of TLS. */
export const security: Family = {
  rules: [...sourceRules, ...operationRules, hostUnknown, ...selectorRules, ...peerRules, ...mtlsRules],
  checks: [
    namespaces,
    accounts,
    operationValues,
    operationHosts,
    ...selectorChecks,
    conflicts,
    portLevels,
    pairs,
    hidden,
    modes,
    plaintext,
    identityNeedsMtls,
  ],
}

import type { Family } from "../../check.ts"
import { ambientPeers, disableIgnored } from "./ambient-peer.ts"
import { destinationRuleTls } from "./destination-rule-tls.ts"
import { identityNeedsMtls } from "./identity-needs-mtls.ts"
import { mtlsRules } from "./mtls-rules.ts"
import { contradictions } from "./never.ts"
import { unreachedHosts } from "./never-hosts.ts"
import { unusedPorts } from "./never-ports.ts"
import { neverRules } from "./never-rules.ts"
import { hostUnknown, operationHosts } from "./operation-hosts.ts"
import { operationRules, operationValues } from "./operation-values.ts"
import { overruled, overruledRules, providerConflicts, providers } from "./overruled.ts"
import { inRoot, peerRules, portLevels } from "./peer-authentication.ts"
import { modes, plaintext } from "./peer-authentication-tls.ts"
import { selectorChecks, selectorRules } from "./selector.ts"
import { uncovered, uncoveredWorkloads } from "./uncovered.ts"
import { accounts, namespaces, sourceRules } from "./source-names.ts"

/** Who may call whom, and how: AuthorizationPolicy, RequestAuthentication, PeerAuthentication, and what DestinationRules say of TLS. */
export const security: Family = {
  rules: [
    ...sourceRules,
    ...operationRules,
    hostUnknown,
    ...selectorRules,
    ...peerRules,
    ...mtlsRules,
    ...neverRules,
    ...overruledRules,
    uncovered,
    disableIgnored,
  ],
  checks: [
    namespaces,
    accounts,
    operationValues,
    operationHosts,
    ...selectorChecks,
    inRoot,
    portLevels,
    destinationRuleTls,
    modes,
    plaintext,
    identityNeedsMtls,
    contradictions,
    unusedPorts,
    unreachedHosts,
    ambientPeers,
    overruled,
    providers,
    providerConflicts,
    uncoveredWorkloads,
  ],
}

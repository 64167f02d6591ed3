import type { Family } from "../../check.ts"
import { hostUnknown, operationHosts } from "./operation-hosts.ts"
import { operationRules, operationValues } from "./operation-values.ts"
import { accounts, namespaces, sourceRules } from "./source-names.ts"

/** Who may call whom, and how: AuthorizationPolicy, RequestAuthentication, PeerAuthentication, and what DestinationRules say of TLS. */
export const security: Family = {
  rules: [...sourceRules, ...operationRules, hostUnknown],
  checks: [namespaces, accounts, operationValues, operationHosts],
}

import type { Family } from "../../check.ts"
import { backendChecks } from "./backends.ts"
import { gatewayCertificates, gatewaySecrets } from "./certificates.ts"
import { conditionChecks } from "./conditions.ts"
import { definitionVersion } from "./crd-version.ts"
import { filterChecks } from "./filters.ts"
import { gatewayClass, gatewayListeners } from "./gateways.ts"
import { parentChecks } from "./parents.ts"
import { precedenceChecks } from "./precedence.ts"
import { grantKinds, grantNamespaces } from "./reference-grant.ts"

const checks = [
  ...parentChecks,
  ...backendChecks,
  ...precedenceChecks,
  ...filterChecks,
  gatewayClass,
  gatewayListeners,
  gatewayCertificates,
  gatewaySecrets,
  grantNamespaces,
  grantKinds,
  ...conditionChecks,
  definitionVersion,
]

/** Rules of the Gateway API: gateways, routes, grants, and what their controllers say of them. */
export const gatewayApi: Family = { rules: [...new Set(checks.flatMap(({ rules }) => rules))], checks }

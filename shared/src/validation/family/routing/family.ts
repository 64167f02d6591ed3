import type { Family } from "../../check.ts"
import { gatewayCredentials } from "./credential.ts"
import { destinations } from "./destination.ts"
import { gatewayCertificates } from "./gateway-certificate.ts"
import { gatewayPortNames, gatewayPorts } from "./gateway-port.ts"
import { gatewaySelector, gatewayServers } from "./gateway-servers.ts"
import { gatewayExport, gateways } from "./gateways.ts"
import { meshHostsCheck } from "./hosts.ts"
import { subsets } from "./subset.ts"
import { weights } from "./weight.ts"

const checks = [
  destinations,
  subsets,
  gateways,
  gatewayExport,
  weights,
  meshHostsCheck,
  gatewaySelector,
  gatewayServers,
  gatewayPorts,
  gatewayPortNames,
  gatewayCertificates,
  gatewayCredentials,
]

/** Rules across VirtualServices, Istio Gateways and what they refer to. */
export const routing: Family = { rules: checks.flatMap(({ rules }) => rules), checks }

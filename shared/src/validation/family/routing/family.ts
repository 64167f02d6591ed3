import type { Family } from "../../check.ts"
import { gatewayCredentials } from "./credential.ts"
import { claims } from "./claim.ts"
import { delegates } from "./delegate.ts"
import { destinations } from "./destination.ts"
import { gatewayCertificates } from "./gateway-certificate.ts"
import { gatewayPortNames, gatewayPorts } from "./gateway-port.ts"
import { gatewaySelector } from "./gateway-selector.ts"
import { gatewayServers } from "./gateway-servers.ts"
import { gatewayExport, gateways } from "./gateways.ts"
import { meshHostsCheck } from "./hosts.ts"
import { ingress } from "./ingress.ts"
import { connectionShadows } from "./l4-shadow.ts"
import { shadows } from "./shadow.ts"
import { subsets } from "./subset.ts"
import { weights } from "./weight.ts"

const checks = [
  destinations,
  subsets,
  gateways,
  gatewayExport,
  weights,
  meshHostsCheck,
  shadows,
  connectionShadows,
  delegates,
  ingress,
  claims,
  gatewaySelector,
  gatewayServers,
  gatewayPorts,
  gatewayPortNames,
  gatewayCertificates,
  gatewayCredentials,
]

/** Rules across VirtualServices, Istio Gateways and what they refer to. */
export const routing: Family = { rules: [...new Set(checks.flatMap(({ rules }) => rules))], checks }

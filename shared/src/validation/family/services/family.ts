import type { Family } from "../../check.ts"
import { serviceDrift } from "./cluster-drift.ts"
import { destinationRuleClients, destinationRuleHost } from "./destination-rule-host.ts"
import { destinationRuleMerge } from "./destination-rule-merge.ts"
import { destinationRuleLabels, destinationRuleSubsets } from "./destination-rule-subset.ts"
import { exportToChecks } from "./export-to.ts"
import { gatewaySelectorChecks } from "./gateway-selector.ts"
import { conflictChecks, selectorChecks } from "./selectors.ts"
import { serviceEntryAddressOverlap, serviceEntryHosts } from "./service-entry-overlap.ts"
import { serviceEntryAddresses, serviceEntryPorts } from "./service-entry.ts"
import { sidecarEgress, sidecarOutbound } from "./sidecar-egress.ts"
import { sidecarSelection, sidecarUnmatched } from "./sidecar-selector.ts"
import { telemetryProviders } from "./telemetry.ts"
import { workloadGroupAccount, workloadGroupLabels } from "./workload-group.ts"

const checks = [
  destinationRuleHost,
  destinationRuleClients,
  destinationRuleSubsets,
  destinationRuleLabels,
  destinationRuleMerge,
  serviceEntryAddresses,
  serviceEntryPorts,
  serviceEntryHosts,
  serviceEntryAddressOverlap,
  sidecarSelection,
  sidecarUnmatched,
  sidecarEgress,
  sidecarOutbound,
  ...selectorChecks,
  ...conflictChecks,
  ...gatewaySelectorChecks,
  telemetryProviders,
  workloadGroupAccount,
  workloadGroupLabels,
  serviceDrift,
  ...exportToChecks,
]

/** Rules across services: destination rules, service entries, sidecars, selectors, exports, clusters. */
export const services: Family = { rules: [...new Set(checks.flatMap(({ rules }) => rules))], checks }

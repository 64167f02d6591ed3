import type { Family } from "../../check.ts"
import { gatewayCheck } from "./gateway/check.ts"
import { rules as gatewayRules } from "./gateway/rules.ts"
import { annotationRefused, metadataChecks } from "./metadata.ts"
import { serviceEntryCheck } from "./service-entry/check.ts"
import { rules as serviceEntryRules } from "./service-entry/rules.ts"
import { virtualServiceCheck } from "./virtual-service/check.ts"
import { reachabilityCheck } from "./virtual-service/reachability.ts"
import { rules as virtualServiceRules } from "./virtual-service/rules.ts"
import { workloadEntryCheck, workloadGroupCheck } from "./workload/check.ts"
import { entryRules, groupRules } from "./workload/rules.ts"

/** What Istio's own validation says of one object, for the kinds that say where traffic goes. */
export const semanticsTraffic: Family = {
  rules: [
    annotationRefused,
    ...virtualServiceRules,
    ...gatewayRules,
    ...serviceEntryRules,
    ...entryRules,
    ...groupRules,
  ],
  checks: [
    ...metadataChecks,
    virtualServiceCheck,
    reachabilityCheck,
    gatewayCheck,
    serviceEntryCheck,
    workloadEntryCheck,
    workloadGroupCheck,
  ],
}

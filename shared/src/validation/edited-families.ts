import type { Family } from "./check.ts"
import { ambient } from "./family/ambient/family.ts"
import { gatewayApi } from "./family/gateway-api/family.ts"
import { routing } from "./family/routing/family.ts"
import { security } from "./family/security/family.ts"
import { semanticsPolicy } from "./family/semantics-policy/family.ts"
import { semanticsTraffic } from "./family/semantics-traffic/family.ts"
import { services } from "./family/services/family.ts"
import { structure } from "./family/structure/family.ts"

/**
 * The families that judge what people write in the console: all but the one of workloads, whose subjects (pods, namespaces, webhooks) are not written
 * there and do not change with what is.
 */
export const editedFamilies: readonly Family[] = [
  structure,
  semanticsTraffic,
  semanticsPolicy,
  routing,
  services,
  gatewayApi,
  security,
  ambient,
]

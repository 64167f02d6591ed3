import { type Family, rulesOf } from "./check.ts"
import { ambient } from "./family/ambient/family.ts"
import { gatewayApi } from "./family/gateway-api/family.ts"
import { routing } from "./family/routing/family.ts"
import { security } from "./family/security/family.ts"
import { semanticsPolicy } from "./family/semantics-policy/family.ts"
import { semanticsTraffic } from "./family/semantics-traffic/family.ts"
import { services } from "./family/services/family.ts"
import { structure } from "./family/structure/family.ts"
import { workload } from "./family/workload/family.ts"
import type { Rule } from "./rule.ts"

/** Every family of rules, in the order they are documented. */
export const families: readonly Family[] = [
  structure,
  semanticsTraffic,
  semanticsPolicy,
  routing,
  services,
  gatewayApi,
  security,
  ambient,
  workload,
]

/** Every rule, by code. */
export const rulesByCode: ReadonlyMap<string, Rule> = rulesOf(families)

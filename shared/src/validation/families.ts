import { type Family, rulesOf } from "./check.ts"
import { routing } from "./family/routing/family.ts"
import { security } from "./family/security/family.ts"
import { semanticsPolicy } from "./family/semantics-policy/family.ts"
import { services } from "./family/services/family.ts"
import { structure } from "./family/structure/family.ts"
import { workload } from "./family/workload/family.ts"
import type { Rule } from "./rule.ts"

/** Every family of rules, in the order they are documented. */
export const families: readonly Family[] = [structure, semanticsPolicy, routing, services, security, workload]

/** Every rule, by code. */
export const rulesByCode: ReadonlyMap<string, Rule> = rulesOf(families)

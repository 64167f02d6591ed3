import { type Family, rulesOf } from "./check.ts"
import { editedFamilies } from "./edited-families.ts"
import { workload } from "./family/workload/family.ts"
import type { Rule } from "./rule.ts"

/** Every family of rules, in the order they are documented. */
export const families: readonly Family[] = [...editedFamilies, workload]

/** Every rule, by code. */
export const rulesByCode: ReadonlyMap<string, Rule> = rulesOf(families)

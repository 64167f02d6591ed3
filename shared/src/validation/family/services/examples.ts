import type { Example } from "../../check.ts"
import { destinationRuleExamples } from "./examples-destination-rule.ts"
import { selectorExamples } from "./examples-selector.ts"
import { serviceEntryExamples } from "./examples-service-entry.ts"

export const servicesExamples: readonly Example[] = [
  ...destinationRuleExamples,
  ...serviceEntryExamples,
  ...selectorExamples,
]

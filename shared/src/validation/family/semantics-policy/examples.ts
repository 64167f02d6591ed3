import type { Example } from "../../check.ts"
import { destinationRuleExamples } from "./examples/destination-rule.ts"
import { envoyFilterExamples } from "./examples/envoy-filter.ts"
import { extensionExamples } from "./examples/extension.ts"
import { policyExamples } from "./examples/policy.ts"
import { sidecarExamples } from "./examples/sidecar.ts"

export const semanticsPolicyExamples: readonly Example[] = [
  ...destinationRuleExamples,
  ...sidecarExamples,
  ...envoyFilterExamples,
  ...policyExamples,
  ...extensionExamples,
]

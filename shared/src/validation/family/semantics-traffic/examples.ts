import type { Example } from "../../check.ts"
import { gatewayExamples } from "./examples/gateway.ts"
import { serviceEntryExamples } from "./examples/service-entry.ts"
import { virtualServiceExamples } from "./examples/virtual-service.ts"

export const semanticsTrafficExamples: readonly Example[] = [
  ...virtualServiceExamples,
  ...gatewayExamples,
  ...serviceEntryExamples,
]

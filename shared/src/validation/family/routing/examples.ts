import type { Example } from "../../check.ts"
import { bindingExamples } from "./examples/bindings.ts"
import { destinationExamples } from "./examples/destination.ts"
import { gatewayExamples } from "./examples/gateway.ts"
import { routeExamples } from "./examples/routes.ts"

export const routingExamples: readonly Example[] = [
  ...destinationExamples,
  ...bindingExamples,
  ...routeExamples,
  ...gatewayExamples,
]

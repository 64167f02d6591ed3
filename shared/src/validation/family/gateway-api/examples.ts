import type { Example } from "../../check.ts"
import { gatewayExamples } from "./examples-gateway.ts"
import { routeExamples } from "./examples-route.ts"

export const gatewayApiExamples: readonly Example[] = [...gatewayExamples, ...routeExamples]

import { gatewayApi } from "./gateway-api.ts"
import { istioNetworking } from "./istio-networking.ts"
import { istioPolicy } from "./istio-policy.ts"

/** Definitions of all Istio and Gateway API kinds in `shared/src/kube/kinds.ts`: our own short form of their schemas. */
export const meshDefinitions = [...istioNetworking, ...istioPolicy, ...gatewayApi]

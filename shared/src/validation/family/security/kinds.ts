/** Keys of the kinds that the security rules read. */
export const authorizationPolicy = "AuthorizationPolicy.security.istio.io"
export const peerAuthentication = "PeerAuthentication.security.istio.io"
export const requestAuthentication = "RequestAuthentication.security.istio.io"
export const destinationRule = "DestinationRule.networking.istio.io"
export const serviceEntry = "ServiceEntry.networking.istio.io"
export const workloadEntry = "WorkloadEntry.networking.istio.io"
export const virtualService = "VirtualService.networking.istio.io"
export const istioGateway = "Gateway.networking.istio.io"
export const kubernetesGateway = "Gateway.gateway.networking.k8s.io"
export const httpRoute = "HTTPRoute.gateway.networking.k8s.io"
export const grpcRoute = "GRPCRoute.gateway.networking.k8s.io"

/** What answers for a service: read wherever instances are. */
export const instanceKinds = ["Pod", workloadEntry] as const
/** What is in the registry: read wherever services are. */
export const serviceKinds = ["Service", serviceEntry] as const

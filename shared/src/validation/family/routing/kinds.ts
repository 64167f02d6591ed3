/** Keys of the kinds these checks look at. */
export const virtualServiceKind = "VirtualService.networking.istio.io"
export const gatewayKind = "Gateway.networking.istio.io"
export const destinationRuleKind = "DestinationRule.networking.istio.io"
export const serviceEntryKind = "ServiceEntry.networking.istio.io"
export const sidecarKind = "Sidecar.networking.istio.io"
export const workloadEntryKind = "WorkloadEntry.networking.istio.io"
export const requestAuthenticationKind = "RequestAuthentication.security.istio.io"

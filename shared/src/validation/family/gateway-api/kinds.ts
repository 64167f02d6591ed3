export const group = "gateway.networking.k8s.io"
export const gatewayKind = `Gateway.${group}`
export const gatewayClassKind = `GatewayClass.${group}`
export const httpRouteKind = `HTTPRoute.${group}`
export const grpcRouteKind = `GRPCRoute.${group}`
export const tlsRouteKind = `TLSRoute.${group}`
export const tcpRouteKind = `TCPRoute.${group}`
export const referenceGrantKind = `ReferenceGrant.${group}`
export const serviceEntryKind = "ServiceEntry.networking.istio.io"

/** The kinds of routes that Istio knows. */
export const routeKinds = [httpRouteKind, grpcRouteKind, tlsRouteKind, tcpRouteKind] as const

/** `HTTPRoute` of `HTTPRoute.gateway.networking.k8s.io`. */
export const shortKind = (kind: string): string => kind.slice(0, kind.indexOf("."))

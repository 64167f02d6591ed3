export const kubernetesGateway = "Gateway.gateway.networking.k8s.io"
export const gatewayClass = "GatewayClass.gateway.networking.k8s.io"
export const authorizationPolicy = "AuthorizationPolicy.security.istio.io"
export const requestAuthentication = "RequestAuthentication.security.istio.io"
export const wasmPlugin = "WasmPlugin.extensions.istio.io"
export const telemetry = "Telemetry.telemetry.istio.io"
export const virtualService = "VirtualService.networking.istio.io"
export const destinationRule = "DestinationRule.networking.istio.io"
export const serviceEntry = "ServiceEntry.networking.istio.io"
export const workloadEntry = "WorkloadEntry.networking.istio.io"
export const templateKinds = ["Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"] as const

/** What tells the waypoint of a service or workload: read wherever one is looked for. */
export const waypointKinds = ["Namespace", kubernetesGateway, gatewayClass] as const

const istio = "https://istio.io/latest/docs/reference/config"
const gatewayApi = "https://gateway-api.sigs.k8s.io/reference/spec"

/** Where Istio tells of its kinds, by group. */
const pages: Readonly<Record<string, string>> = {
  "VirtualService.networking.istio.io": "networking/virtual-service/",
  "DestinationRule.networking.istio.io": "networking/destination-rule/",
  "Gateway.networking.istio.io": "networking/gateway/",
  "ServiceEntry.networking.istio.io": "networking/service-entry/",
  "Sidecar.networking.istio.io": "networking/sidecar/",
  "WorkloadEntry.networking.istio.io": "networking/workload-entry/",
  "WorkloadGroup.networking.istio.io": "networking/workload-group/",
  "EnvoyFilter.networking.istio.io": "networking/envoy-filter/",
  "ProxyConfig.networking.istio.io": "networking/proxy-config/",
  "AuthorizationPolicy.security.istio.io": "security/authorization-policy/",
  "PeerAuthentication.security.istio.io": "security/peer_authentication/",
  "RequestAuthentication.security.istio.io": "security/request_authentication/",
  "Telemetry.telemetry.istio.io": "telemetry/",
  "WasmPlugin.extensions.istio.io": "proxy_extensions/wasm-plugin/",
  "TrafficExtension.extensions.istio.io": "proxy_extensions/traffic_extension/",
}

/** The page of a kind (KindKey) in the reference of its project. */
export function referenceOf(kindKey: string): { text: string; href: string } | undefined {
  const kind = kindKey.slice(0, kindKey.indexOf("."))
  const page = pages[kindKey]
  if (page !== undefined) return { text: `${kind} in Istio's reference`, href: `${istio}/${page}` }
  return kindKey.endsWith(".gateway.networking.k8s.io")
    ? { text: `${kind} in the Gateway API's reference`, href: `${gatewayApi}/#${kind.toLowerCase()}` }
    : undefined
}

import { rule } from "../../rule.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService"

export const gatewayUnknown = rule({
  code: "virtualservice.gateway_unknown",
  aliases: ["IST0101", "IST0132", "KIA1102"],
  level: "error",
  title: "VirtualService is bound to a Gateway that is not there",
  effect: "No gateway takes its hosts for it, so its routes answer nothing there",
  remedy:
    "Name an Istio Gateway as namespace/name (a name alone is one of the VirtualService's own namespace)",
  source,
})

export const gatewayInternal = rule({
  code: "virtualservice.gateway_internal",
  aliases: ["IST0165"],
  level: "warning",
  title: "VirtualService is bound to a Gateway that Istio generates",
  effect:
    "Istio makes such a Gateway from one of the Gateway API; its name and its servers may change with any version",
  remedy: "Write an HTTPRoute for the Gateway of the Gateway API, or bind to an Istio Gateway",
})

export const gatewayWithoutHost = rule({
  code: "virtualservice.gateway_without_host",
  aliases: ["IST0132"],
  level: "warning",
  title: "No server of the Gateway takes any host of the VirtualService",
  effect: "The VirtualService answers nothing at this Gateway",
  remedy:
    "Add a host to a server of the Gateway (for the VirtualService's namespace), or take the Gateway out of the VirtualService",
  source: "https://istio.io/latest/docs/reference/config/networking/gateway/#Server",
})

export const hostInNoGateway = rule({
  code: "virtualservice.host_in_no_gateway",
  aliases: [],
  level: "warning",
  title: "Host of the VirtualService is taken by none of its Gateways",
  effect: "Requests for the host get 404; its other hosts are answered",
  remedy: "Add the host to a server of one of the Gateways, or take it out of the VirtualService",
  source: "https://istio.io/latest/docs/reference/config/networking/gateway/#Server",
})

export const matchGatewayUnknown = rule({
  code: "virtualservice.match_gateway_unknown",
  aliases: ["KIA1102"],
  level: "error",
  title: "A match names a Gateway that is not there",
  effect: "The match never holds for this Gateway",
  remedy: "Name one of the Gateways of the VirtualService",
  source: "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest",
})

export const matchGatewayUnbound = rule({
  code: "virtualservice.match_gateway_unbound",
  aliases: [],
  level: "warning",
  title: "A match names a Gateway to which its VirtualService is not bound",
  effect: "The VirtualService is not used at this Gateway, so the match never holds for it",
  remedy: "Add the Gateway to spec.gateways, or take it out of the match",
  source: "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest",
})

export const sectionUnused = rule({
  code: "virtualservice.section_unused",
  aliases: [],
  level: "warning",
  title: "Routes are of another protocol than the servers they are for",
  effect:
    "Istio takes http routes where it reads requests, tls routes where TLS passes through, tcp routes for the rest; these are not used",
  remedy:
    "Move the routes to the section of the server's protocol, or change the server's protocol or TLS mode",
  source: "https://istio.io/latest/docs/reference/config/networking/virtual-service/#TLSRoute",
})

export const notExportedToGateway = rule({
  code: "virtualservice.not_exported_to_gateway",
  aliases: [],
  level: "warning",
  title: "VirtualService is not exported to the namespace of its gateway's pods",
  effect: "The gateway does not see the VirtualService and answers 404 to its hosts",
  remedy: "Add the namespace of the gateway's pods to exportTo",
  source: "https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService",
})

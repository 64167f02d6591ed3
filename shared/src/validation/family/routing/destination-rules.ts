import { rule } from "../../rule.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination"

export const hostUnknown = rule({
  code: "virtualservice.host_unknown",
  aliases: ["IST0101", "KIA1101"],
  level: "error",
  title: "Route goes to a host that no service has",
  effect: "Proxies have no cluster for the host and answer 503 to requests that take the route",
  remedy:
    "Name a Service (name.namespace.svc.cluster.local, or its short name within its namespace) or the host of a ServiceEntry",
  source,
})

export const hostWithoutService = rule({
  code: "virtualservice.host_without_service",
  aliases: [],
  level: "info",
  title: "VirtualService on the mesh is for a host that no service has",
  effect:
    "Sidecars use its http routes for plain HTTP on port 80 only, and never its tcp and tls routes: other listeners are made from services",
  remedy: "Correct the host, or declare it by a ServiceEntry",
  source: "https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService",
})

export const hostNotExported = rule({
  code: "virtualservice.host_not_exported",
  aliases: ["IST0101", "KIA1101"],
  level: "error",
  title: "Route goes to a service that is not exported to its clients",
  effect: "The proxies that use the route do not know the service and answer 503",
  remedy: "Export the service to the namespaces of the route's clients, or route to one that they see",
  source: "https://istio.io/latest/docs/reference/config/annotations/#NetworkingExportTo",
})

export const hostHidden = rule({
  code: "virtualservice.host_hidden_from_client",
  aliases: [],
  level: "warning",
  title: "Some clients of a route do not see its service",
  effect: "Proxies in namespaces to which the service is not exported answer 503; others do not",
  remedy: "Export the service to all namespaces whose proxies use the route, or the VirtualService to fewer",
  source: "https://istio.io/latest/docs/reference/config/annotations/#NetworkingExportTo",
})

export const portUnknown = rule({
  code: "virtualservice.port_unknown",
  aliases: ["IST0101"],
  level: "error",
  title: "Route goes to a port that the service does not have",
  effect: "Proxies have no cluster for that port of the host and answer 503 to requests that take the route",
  remedy: "Name one of the ports of the Service (its port, not its targetPort)",
  source,
})

export const portRequired = rule({
  code: "virtualservice.port_required",
  aliases: ["IST0112"],
  level: "warning",
  title: "Route does not say which port of the service it means",
  effect: "Istio takes the port the request came in on, and answers 503 where the service has no such port",
  remedy: "Name one of the service's ports in destination.port.number",
  source,
})

export const subsetUnknown = rule({
  code: "virtualservice.subset_unknown",
  aliases: ["IST0101", "KIA1107"],
  level: "error",
  title: "Subset is in no DestinationRule",
  effect: "Proxies have no cluster for the subset and answer 503 to requests that take the route",
  remedy:
    "Name a subset of a DestinationRule for the host that the route's clients see, or add the subset to it",
  source: "https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset",
})

export const subsetNotEffective = rule({
  code: "virtualservice.subset_not_effective",
  aliases: [],
  level: "warning",
  title: "Subset is not in the DestinationRule that counts for a client",
  effect:
    "Istio takes one DestinationRule per client (its namespace's, else the service's, else the root namespace's); these clients get 503 on the route",
  remedy:
    "Define the subset in the DestinationRule that the clients use, or export that DestinationRule to them",
  source: "https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration",
})

import type { Destination, EdgeSample, Endpoint } from "#shared/telemetry/edge.ts"
import type { RateSeries } from "./series.ts"

type Labels = RateSeries["labels"]

/** Istio writes `unknown` where a proxy does not know, and `-` for no flags. Both become the empty string. */
export const known = (value: string | undefined): string =>
  value === undefined || value === "unknown" || value === "-" ? "" : value

export const sourceOf = (labels: Labels): Endpoint => ({
  cluster: known(labels["source_cluster"]),
  namespace: known(labels["source_workload_namespace"]),
  workload: known(labels["source_workload"]),
  app: known(labels["source_app"]),
  version: known(labels["source_version"]),
})

const clusterLocal = /^([^.]+)\.([^.]+)\.svc(\.[a-z0-9.-]+)?$/

type Service = { service: string; serviceNamespace: string }

/** `reviews.shop.svc.cluster.local` is the service `reviews` of `shop`; a port or capitals in a host say nothing about which service it is. */
function serviceNamed(host: string, serviceNamespace: string): Service {
  const name = host.replace(/:\d+$/, "")
  const local = clusterLocal.exec(name)
  if (local) return { service: local[1] ?? name, serviceNamespace: local[2] ?? serviceNamespace }
  return { service: name.includes(".") ? name.toLowerCase() : name, serviceNamespace }
}

/** Clusters that Envoy invents for traffic that matched nothing are nobody's service. */
const isCatchAll = (name: string): boolean => /^(Inbound)?PassthroughCluster|^BlackHoleCluster$/.test(name)

/**
 * The namespace that proxies tell is the other side's: they do not know it of requests that reached nobody (no healthy endpoint, a fault
 * injected, no such host). Then the service's host has it, and a name alone is one of the caller's namespace, as everywhere in Kubernetes.
 */
function serviceOf(labels: Labels): Service {
  const told = serviceNamed(
    known(labels["destination_service_name"]),
    known(labels["destination_service_namespace"]),
  )
  if (told.serviceNamespace !== "" || isCatchAll(told.service)) return told
  const byHost = serviceNamed(known(labels["destination_service"]), "")
  if (byHost.serviceNamespace !== "") return byHost
  const isBare = told.service !== "" && !told.service.includes(".")
  return isBare ? { ...told, serviceNamespace: known(labels["source_workload_namespace"]) } : told
}

export const destinationOf = (labels: Labels): Destination => ({
  cluster: known(labels["destination_cluster"]),
  namespace: known(labels["destination_workload_namespace"]),
  workload: known(labels["destination_workload"]),
  app: known(labels["destination_app"]),
  version: known(labels["destination_version"]),
  ...serviceOf(labels),
})

export const protocolOf = ({
  family,
  labels,
}: Pick<RateSeries, "family" | "labels">): EdgeSample["protocol"] => {
  if (family.startsWith("tcp")) return "tcp"
  return labels["request_protocol"] === "grpc" ? "grpc" : "http"
}

/** Who counted. ztunnel calls itself source and destination as a sidecar does: only the pod's own label tells them apart. */
export const slots = ["source", "waypoint", "ztunnelSource", "destination", "ztunnelDestination"] as const
export type Slot = (typeof slots)[number]

export function slotOf(labels: Labels): Slot | undefined {
  const reporter = labels["reporter"]
  const ztunnel = labels["app"] === "ztunnel" || reporter === "ztunnel"
  if (reporter === "waypoint") return "waypoint"
  if (reporter === "destination") return ztunnel ? "ztunnelDestination" : "destination"
  if (reporter === "source") return ztunnel ? "ztunnelSource" : "source"
  return ztunnel ? "ztunnelSource" : undefined
}

/** The outcome of a request. Flags are Envoy's (`UF`, `UH`, `NR`, ...). */
export const outcomeOf = (labels: Labels): { code: string; flags: string; grpc: string } => ({
  code: known(labels["response_code"]),
  flags: known(labels["response_flags"]),
  grpc: labels["request_protocol"] === "grpc" ? known(labels["grpc_response_status"]) : "",
})

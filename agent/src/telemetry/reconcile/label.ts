import type { Destination, EdgeSample, Endpoint } from "#shared/telemetry/edge.ts"
import type { RateSeries } from "./series.ts"

type Labels = RateSeries["labels"]

/** Istio writes `unknown` where a proxy does not know, and `-` for no flags. Both become the empty string. */
const known = (value: string | undefined): string =>
  value === undefined || value === "unknown" || value === "-" ? "" : value

export const sourceOf = (labels: Labels): Endpoint => ({
  cluster: known(labels["source_cluster"]),
  namespace: known(labels["source_workload_namespace"]),
  workload: known(labels["source_workload"]),
  app: known(labels["source_app"]),
  version: known(labels["source_version"]),
})

const clusterLocal = /^([^.]+)\.([^.]+)\.svc(\.[a-z0-9.-]+)?$/

/** `reviews.shop.svc.cluster.local` is the service `reviews` of `shop`; a port or capitals in a host say nothing about which service it is. */
function serviceOf(labels: Labels): { service: string; serviceNamespace: string } {
  const name = known(labels["destination_service_name"]).replace(/:\d+$/, "")
  const serviceNamespace = known(labels["destination_service_namespace"])
  const local = clusterLocal.exec(name)
  if (local) return { service: local[1] ?? name, serviceNamespace: local[2] ?? serviceNamespace }
  return { service: name.includes(".") ? name.toLowerCase() : name, serviceNamespace }
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

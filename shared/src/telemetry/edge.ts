import { z } from "zod"

/** One end of an edge, as the proxies' labels name it. Empty strings mean unknown. */
export const Endpoint = z.object({
  /** Istio's cluster id of that end (`source_cluster`), empty when the label is missing. */
  cluster: z.string(),
  namespace: z.string(),
  /** Workload name; `unknown` never appears: it is the empty string. */
  workload: z.string(),
  app: z.string(),
  version: z.string(),
})
export type Endpoint = z.infer<typeof Endpoint>

export const Destination = Endpoint.extend({
  /** The service that was called: its short name, or the host when it is outside of the mesh; empty when none (a call to a pod's address). */
  service: z.string(),
  serviceNamespace: z.string(),
})
export type Destination = z.infer<typeof Destination>

/** `requests` per second that ended with this code and these flags. `code` is the HTTP code (`0`: no answer), `grpc` the gRPC status or empty. */
export const ResponseRate = z.object({
  code: z.string(),
  flags: z.string(),
  grpc: z.string(),
  requestsPerSecond: z.number(),
})
export type ResponseRate = z.infer<typeof ResponseRate>

export const Latency = z.object({ p50: z.number(), p95: z.number(), p99: z.number() })
export type Latency = z.infer<typeof Latency>

/** What was measured between two workloads, through one service, over one protocol, in one window. Rates are per second. */
export const EdgeSample = z.object({
  source: Endpoint,
  destination: Destination,
  protocol: z.enum(["http", "grpc", "tcp"]),
  /** Who reported: both sides agree within reason, or only one speaks. `waypoint` and `ztunnel` speak for ambient workloads. */
  reporter: z.enum(["source", "destination", "both", "waypoint", "ztunnel"]),
  requestsPerSecond: z.number(),
  responses: z.array(ResponseRate),
  /** Milliseconds; null when nothing was measured (TCP, or too few requests to say). */
  latencyMs: Latency.nullable(),
  /** Payload bytes per second: `sent` from source to destination, `received` the other way. */
  bytesPerSecond: z.object({ sent: z.number(), received: z.number() }),
  tcp: z.object({ openedPerSecond: z.number(), closedPerSecond: z.number() }).nullable(),
  /** Share of this traffic under mutual TLS, 0..1; null when no reporter knows. */
  mtlsRatio: z.number().nullable(),
})
export type EdgeSample = z.infer<typeof EdgeSample>

/** One measurement of a whole cluster. */
export type Tick = {
  /** End of the window, ms. */
  at: number
  windowMs: number
  source: "prometheus" | "scrape"
  edges: EdgeSample[]
  /** What is missing from this tick and why (`p99 of tcp`, `3 of 40 proxies did not answer`). Empty when whole. */
  gaps: string[]
}

/** The key under which samples of the same relation are merged and ordered. */
export const edgeKey = (edge: Pick<EdgeSample, "source" | "destination" | "protocol">): string => {
  const { source: from, destination: to } = edge
  return [
    from.cluster,
    from.namespace,
    from.workload,
    from.version,
    to.cluster,
    to.namespace,
    to.workload,
    to.version,
    to.serviceNamespace,
    to.service,
    edge.protocol,
  ].join("|")
}

/** HTTP 5xx, no answer at all, or a gRPC status other than OK, Cancelled and client mistakes. Source: Kiali's and Istio's default error definition. */
export const isError = (response: Pick<ResponseRate, "code" | "grpc">): boolean => {
  if (response.grpc !== "") return !["0", "1", "3", "5", "6", "7", "9", "11", "16"].includes(response.grpc)
  return response.code === "0" || response.code === "" || response.code.startsWith("5")
}

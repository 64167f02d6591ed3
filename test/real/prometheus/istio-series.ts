import type { WriteSeries } from "./remote-write.ts"

/** One end of a flow. Missing parts are written as Istio writes them: `unknown`. */
export type FlowEnd = {
  workload?: string
  namespace?: string
  app?: string
  version?: string
  cluster?: string
}

/** Steady traffic between two workloads; what every reporter of it counts is derived from it. */
export type Flow = {
  source: FlowEnd
  destination: FlowEnd & { service?: string; serviceNamespace?: string }
  protocol: "http" | "grpc" | "tcp"
  /** Who reports; `ztunnel` is two reporters of ztunnel's pods. */
  reporters?: readonly ("source" | "destination" | "waypoint" | "ztunnel")[]
  /** Requests per second by outcome. */
  responses?: readonly { code: string; flags?: string; grpc?: string; requestsPerSecond: number }[]
  /** Shares of requests that take up to this many milliseconds: `[[10, 0.5], [100, 0.5]]`. */
  latency?: readonly (readonly [number, number])[]
  requestBytes?: number
  responseBytes?: number
  /** TCP: bytes per second from source to destination, and back. */
  bytesPerSecond?: { sent: number; received: number }
  openedPerSecond?: number
  mtls?: boolean
}

/** A counter that grows evenly. */
export type Counter = { labels: Record<string, string>; perSecond: number }

const known = (value: string | undefined): string => (value === undefined || value === "" ? "unknown" : value)

const end = (side: "source" | "destination", { workload, namespace, app, version, cluster }: FlowEnd) => ({
  [`${side}_workload`]: known(workload),
  [`${side}_workload_namespace`]: known(namespace),
  [`${side}_app`]: known(app ?? workload),
  [`${side}_version`]: known(version),
  [`${side}_canonical_service`]: known(app ?? workload),
  [`${side}_canonical_revision`]: known(version),
  [`${side}_cluster`]: known(cluster ?? (workload ? "Kubernetes" : undefined)),
  [`${side}_principal`]:
    workload && namespace ? `spiffe://cluster.local/ns/${namespace}/sa/${workload}` : "unknown",
})

/** Istio's default bounds, as Envoy prints them. */
export const latencyBounds = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
]

/** Every counter that Istio's proxies keep for these flows. Label set as of Istio's standard metrics. */
export function* istioCounters(flows: Iterable<Flow>): Generator<Counter> {
  for (const flow of flows) {
    for (const reporter of flow.reporters ?? (["source", "destination"] as const)) {
      const sides = reporter === "ztunnel" ? (["source", "destination"] as const) : [reporter]
      for (const side of sides) yield* countersOf(flow, side, reporter === "ztunnel")
    }
  }
}

function* countersOf(flow: Flow, reporter: string, ztunnel: boolean): Generator<Counter> {
  const policy = flow.mtls === false ? "none" : "mutual_tls"
  const { service, serviceNamespace } = flow.destination
  const labels = {
    reporter,
    ...end("source", flow.source),
    ...end("destination", flow.destination),
    destination_service: service
      ? `${service}.${serviceNamespace ?? flow.destination.namespace}.svc.cluster.local`
      : "unknown",
    destination_service_name: known(service),
    destination_service_namespace: known(service ? (serviceNamespace ?? flow.destination.namespace) : ""),
    request_protocol: flow.protocol,
    // the source's proxy does not know what the other side saw
    connection_security_policy: reporter === "source" && !ztunnel ? "unknown" : policy,
    ...(ztunnel ? { app: "ztunnel" } : {}),
  }
  const count = (name: string, perSecond: number, more: Record<string, string> = {}): Counter => ({
    labels: { __name__: name, ...labels, response_flags: "-", ...more },
    perSecond,
  })
  if (flow.protocol === "tcp") {
    // named as seen from the proxy in front of the server: it receives what the source sends
    yield count("istio_tcp_received_bytes_total", flow.bytesPerSecond?.sent ?? 0)
    yield count("istio_tcp_sent_bytes_total", flow.bytesPerSecond?.received ?? 0)
    yield count("istio_tcp_connections_opened_total", flow.openedPerSecond ?? 0)
    yield count("istio_tcp_connections_closed_total", flow.openedPerSecond ?? 0)
    return
  }
  for (const { code, flags = "-", grpc = "", requestsPerSecond } of flow.responses ?? []) {
    const outcome = {
      response_code: code,
      response_flags: flags,
      ...(flow.protocol === "grpc" ? { grpc_response_status: grpc } : {}),
    }
    yield count("istio_requests_total", requestsPerSecond, outcome)
    const latency = flow.latency ?? [[25, 1]]
    for (const bound of [...latencyBounds, Infinity]) {
      const share = latency.reduce((sum, [ms, part]) => (ms <= bound ? sum + part : sum), 0)
      yield count("istio_request_duration_milliseconds_bucket", requestsPerSecond * share, {
        ...outcome,
        le: bound === Infinity ? "+Inf" : String(bound),
      })
    }
    yield count("istio_request_duration_milliseconds_count", requestsPerSecond, outcome)
    const mean = latency.reduce((sum, [ms, part]) => sum + ms * part, 0)
    yield count("istio_request_duration_milliseconds_sum", requestsPerSecond * mean, outcome)
    yield count("istio_request_bytes_sum", requestsPerSecond * (flow.requestBytes ?? 0), outcome)
    yield count("istio_response_bytes_sum", requestsPerSecond * (flow.responseBytes ?? 0), outcome)
  }
}

/** History of counters that grow evenly over `[from, to]` ms. It may reach into the future, so that rates stay the same while a test runs. */
export function* history(
  counters: Iterable<Counter>,
  times: { from: number; to: number; stepMs?: number },
): Generator<WriteSeries> {
  const step = times.stepMs ?? 15_000
  for (const { labels, perSecond } of counters) {
    const samples: [number, number][] = []
    for (let at = times.from; at <= times.to; at += step)
      samples.push([at, ((at - times.from) / 1000) * perSecond])
    yield { labels, samples }
  }
}

/** The same counters as one scrape of a proxy answers them after `seconds`. */
export function scrapeText(counters: Iterable<Counter>, seconds: number): string {
  const lines: string[] = []
  let last = ""
  for (const { labels, perSecond } of counters) {
    const { __name__: name = "", ...rest } = labels
    if (name !== last) lines.push(`# TYPE ${name} counter`)
    last = name
    const text = Object.entries(rest).map(([key, value]) => `${key}="${value.replace(/[\\"\n]/g, escaped)}"`)
    lines.push(`${name}{${text.join(",")}} ${perSecond * seconds}`)
  }
  return `${lines.join("\n")}\n`
}

const escaped = (character: string): string => (character === "\n" ? "\\n" : `\\${character}`)

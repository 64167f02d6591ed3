import type { Flow, FlowEnd } from "#test/real/prometheus/istio-series.ts"
import { load } from "./kube.ts"

const in_ =
  (namespace: string) =>
  (app: string, version = "v1"): FlowEnd & { workload: string; app: string } => ({
    workload: version === "" ? app : `${app}-${version}`,
    namespace,
    app,
    version,
  })
const bookinfo = in_("bookinfo")
const at = (end: FlowEnd & { app: string }) => ({ ...end, service: end.app })

type Triple = { p50: number; p95: number; p99: number }

/** Shares that put the three quantiles on bounds of buckets, where they are exact. */
const quantiles = ({ p50, p95, p99 }: Triple): [number, number][] => [
  [p50, 0.5],
  [p95, 0.45],
  [p99, 0.04],
  [p99 * 2, 0.01],
]

export type Fed = Flow & { latencyMs?: Triple }

const http = (
  source: FlowEnd,
  destination: Flow["destination"],
  perSecond: number,
  more: Partial<Fed> & { errors?: number; latencyMs: Triple },
): Fed => {
  const { errors = 0, ...rest } = more
  return {
    source,
    destination,
    protocol: "http",
    responses: [
      { code: "200", requestsPerSecond: perSecond * (1 - errors) },
      ...(errors > 0 ? [{ code: "503", flags: "UH", requestsPerSecond: perSecond * errors }] : []),
    ],
    latency: quantiles(more.latencyMs),
    requestBytes: 300,
    responseBytes: 4_000,
    ...rest,
  }
}

const fast = { p50: 5, p95: 25, p99: 50 }
const usual = { p50: 25, p95: 100, p99: 250 }
const slow = { p50: 250, p95: 1000, p99: 2500 }

/** What is fed: steady traffic on the mesh of kube.ts. */
export const fed: Fed[] = [
  http({}, at(in_("istio-system")("istio-ingressgateway", "")), 2, {
    reporters: ["destination"],
    mtls: false,
    latencyMs: usual,
  }),
  http(in_("istio-system")("istio-ingressgateway", ""), at(bookinfo("productpage")), 120, {
    latencyMs: slow,
    errors: 0.01,
  }),
  http(bookinfo("productpage"), at(bookinfo("details")), 118, { latencyMs: fast }),
  ...["v1", "v2", "v3"].map((version, i) =>
    http(bookinfo("productpage"), at(bookinfo("reviews", version)), [60, 38, 20][i] ?? 0, {
      latencyMs: usual,
      errors: version === "v3" ? 0.2 : 0,
    }),
  ),
  ...["v2", "v3"].map((version) =>
    http(bookinfo("reviews", version), at(bookinfo("ratings")), version === "v2" ? 38 : 20, {
      latencyMs: fast,
      mtls: version === "v2",
    }),
  ),
  {
    source: bookinfo("ratings"),
    destination: at(bookinfo("mongodb")),
    protocol: "tcp",
    bytesPerSecond: { sent: 12_000, received: 340_000 },
    openedPerSecond: 0.5,
  },
  http(bookinfo("details"), { service: "www.googleapis.com", serviceNamespace: "bookinfo" }, 4, {
    reporters: ["source"],
    latencyMs: slow,
  }),
  ...Array.from({ length: load.services * 3 }, (_, i): Fed => {
    const from = i % load.services
    const to = (from + 1 + Math.floor(i / load.services) * 7) % load.services
    const rate = 0.5 + i * 1.5
    const ends = [in_(load.namespace)(`svc-${from}`), at(in_(load.namespace)(`svc-${to}`))] as const
    if (i % 3 !== 0) return http(...ends, rate, { latencyMs: i % 2 ? fast : usual, errors: i % 5 ? 0 : 0.04 })
    return {
      ...http(...ends, rate, { latencyMs: fast }),
      protocol: "grpc",
      responses: [
        { code: "200", grpc: "0", requestsPerSecond: rate * 0.9 },
        { code: "200", grpc: "13", requestsPerSecond: rate * 0.1 },
      ],
    }
  }),
]

/** An edge as it was fed, in the words of the topology document. */
export type FedEdge = {
  source: string
  target: string
  protocol: Flow["protocol"]
  requestsPerSecond: number
  errorRatio: number | null
  latencyMs: Triple | null
  bytesPerSecond: { sent: number; received: number }
  mtlsRatio: number | null
}

type Sum = Omit<FedEdge, "errorRatio" | "mtlsRatio"> & { errors: number; mutual: number; known: number }

const idOf = (cluster: string, end: FlowEnd & { service?: string }, view: "service" | "workload"): string => {
  if (end.service?.includes(".")) return `ext/${end.service}`
  if (!end.workload) return `unknown/${cluster}`
  return view === "service"
    ? `svc/${cluster}/${end.namespace}/${end.app}`
    : `wl/${cluster}/${end.namespace}/${end.workload}`
}

/** The edges that have to be on screen, added up from the flows by hand. */
export function fedEdges(cluster: string, view: "service" | "workload"): FedEdge[] {
  const sums = new Map<string, Sum>()
  for (const flow of fed) {
    const source = idOf(cluster, flow.source, view)
    const target = idOf(cluster, flow.destination, view)
    const key = `${source}>${target}>${flow.protocol}`
    const rate = (flow.responses ?? []).reduce((sum, each) => sum + each.requestsPerSecond, 0)
    const failed = (flow.responses ?? []).filter(({ code, grpc }) => code === "503" || grpc === "13")
    const errors = failed.reduce((sum, each) => sum + each.requestsPerSecond, 0)
    const sum = sums.get(key) ?? {
      source,
      target,
      protocol: flow.protocol,
      requestsPerSecond: 0,
      latencyMs: flow.latencyMs ?? null,
      bytesPerSecond: { sent: 0, received: 0 },
      errors: 0,
      mutual: 0,
      known: 0,
    }
    const weight = rate || 1
    const isKnown = flow.reporters?.join() !== "source"
    sums.set(key, {
      ...sum,
      requestsPerSecond: sum.requestsPerSecond + rate,
      bytesPerSecond: {
        sent: sum.bytesPerSecond.sent + (flow.bytesPerSecond?.sent ?? rate * (flow.requestBytes ?? 0)),
        received:
          sum.bytesPerSecond.received + (flow.bytesPerSecond?.received ?? rate * (flow.responseBytes ?? 0)),
      },
      errors: sum.errors + errors,
      known: sum.known + (isKnown ? weight : 0),
      mutual: sum.mutual + (isKnown && flow.mtls !== false ? weight : 0),
    })
  }
  return [...sums.values()].map(({ errors, mutual, known, ...edge }) => ({
    ...edge,
    errorRatio: edge.protocol === "tcp" ? null : errors / edge.requestsPerSecond,
    mtlsRatio: known > 0 ? mutual / known : null,
  }))
}

/** A service's inbound traffic as it was fed. Gateways report what they send, and are left out. */
export type FedService = {
  name: string
  requestsPerSecond: number | null
  errorRatio: number | null
  mtlsRatio: number | null
}

export function fedServices(cluster: string): FedService[] {
  const inbound = new Map<string, FedEdge[]>()
  for (const edge of fedEdges(cluster, "service"))
    if (edge.target.startsWith("svc/")) inbound.set(edge.target, [...(inbound.get(edge.target) ?? []), edge])
  return [...inbound].map(([id, edges]) => {
    const sum = (value: (edge: FedEdge) => number) => edges.reduce((total, edge) => total + value(edge), 0)
    const requests = sum(({ requestsPerSecond }) => requestsPerSecond)
    const isTcp = edges.every(({ protocol }) => protocol === "tcp")
    return {
      name: id.split("/").at(-1) ?? id,
      requestsPerSecond: isTcp ? null : requests,
      errorRatio: isTcp ? null : sum((edge) => (edge.errorRatio ?? 0) * edge.requestsPerSecond) / requests,
      mtlsRatio: isTcp ? 1 : sum((edge) => (edge.mtlsRatio ?? 0) * edge.requestsPerSecond) / requests,
    }
  })
}

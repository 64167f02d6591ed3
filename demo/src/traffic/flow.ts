import type { Call } from "./behaviour.ts"
import type { Branch, Served } from "./branch.ts"
import { type Labels, destinationLabels, labelText, sourceLabels } from "./labels.ts"
import { type Latency, meanMs, within } from "./latency.ts"
import type { Workload } from "./workload.ts"

/** Upper bounds in milliseconds of Istio's duration histograms. */
export const durationBounds: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000,
  1_800_000, 3_600_000,
]

/** Where each quantity stands in a flow's `perSecond`, and in the counters that add it up. */
export const httpColumns = {
  requests: 0,
  requestBytes: 1,
  responseBytes: 2,
  durationMs: 3,
  buckets: 4,
} as const
export const tcpColumns = { opened: 0, closed: 1, sentBytes: 2, receivedBytes: 3 } as const

/** What one proxy reports of one kind of call, per second. */
export type Flow = {
  /** Workload whose proxies report it. */
  proxy: Workload
  protocol: Call["protocol"]
  labels: Labels
  text: string
  /** Caller and host: flows of one edge swing together. */
  edge: string
  perSecond: Float64Array
}

const width = httpColumns.buckets + durationBounds.length
/** An error page, or a gRPC status. */
const failureBytes = 120
/** Exchanges that share a TCP connection. */
const exchangesPerConnection = 20

function httpRates(rate: number, bytes: Call["bytes"], latency: Latency): Float64Array {
  const rates = new Float64Array(width)
  rates[httpColumns.requests] = rate
  rates[httpColumns.requestBytes] = rate * bytes.sent
  rates[httpColumns.responseBytes] = rate * bytes.received
  rates[httpColumns.durationMs] = rate * meanMs(latency)
  for (const [i, bound] of durationBounds.entries())
    rates[httpColumns.buckets + i] = rate * within(latency, bound)
  return rates
}

/** `sent` counts what comes back to the caller, `received` what it sends. Source: istio.io, "Istio Standard Metrics". */
function tcpRates(rate: number, { sent, received }: Call["bytes"], carried: boolean): Float64Array {
  const connections = rate / exchangesPerConnection
  return Float64Array.of(connections, connections, carried ? rate * received : 0, carried ? rate * sent : 0)
}

function ratesOf(
  call: Call,
  rate: number,
  ended: { code: string; grpc: string; latency: Latency },
): Float64Array {
  if (call.protocol === "tcp") return tcpRates(rate, call.bytes, ended.code === "200")
  const failed = ended.code === "0" || Number(ended.code) >= 400 || !["", "0"].includes(ended.grpc)
  const received = failed ? Math.min(failureBytes, call.bytes.received) : call.bytes.received
  return httpRates(rate, { sent: call.bytes.sent, received }, ended.latency)
}

type Ends = { caller: Workload; call: Call; cluster: string; rate: number }

const flowOf = (proxy: Workload, { caller, call }: Ends, labels: Labels, perSecond: Float64Array): Flow => ({
  proxy,
  protocol: call.protocol,
  labels,
  text: labelText(labels),
  edge: `${caller.key}>${call.host}`,
  perSecond,
})

/** What the server's proxy reports of calls it got. */
export function servedFlows(ends: Ends, branch: Branch, served: Served): Flow[] {
  if (!served.workload.sidecar) return []
  const rates = ratesOf(ends.call, ends.rate * served.share, { ...served, grpc: branch.grpc })
  return [flowOf(served.workload, ends, destinationLabels({ ...ends, branch, served }), rates)]
}

/** What both proxies report of one way in which calls end. */
export function branchFlows(ends: Ends, branch: Branch): Flow[] {
  const { caller, call, rate } = ends
  const own = caller.sidecar
    ? [flowOf(caller, ends, sourceLabels({ ...ends, branch }), ratesOf(call, rate * branch.share, branch))]
    : []
  return branch.server ? [...own, ...servedFlows(ends, branch, branch.server)] : own
}

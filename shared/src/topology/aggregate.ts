import { isError, type EdgeSample, type Latency, type ResponseRate } from "../telemetry/edge.ts"
import type { Signals } from "./document.ts"

/** Sums of samples that end in the same place. Rates add; latency is a mixture weighted by requests; mTLS is weighted by volume. */
export type Aggregate = {
  requestsPerSecond: number
  errorsPerSecond: number
  responses: Map<string, ResponseRate>
  latencies: { weight: number; latency: Latency }[]
  sent: number
  received: number
  opened: number
  hasRequests: boolean
  hasTcp: boolean
  mtlsWeight: number
  mtls: number
}

export const emptyAggregate = (): Aggregate => ({
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  responses: new Map(),
  latencies: [],
  sent: 0,
  received: 0,
  opened: 0,
  hasRequests: false,
  hasTcp: false,
  mtlsWeight: 0,
  mtls: 0,
})

function addResponses(sum: Aggregate, responses: readonly ResponseRate[]): void {
  for (const response of responses) {
    const key = `${response.code}|${response.flags}|${response.grpc}`
    const known = sum.responses.get(key)
    if (known) known.requestsPerSecond += response.requestsPerSecond
    else sum.responses.set(key, { ...response })
    if (isError(response)) sum.errorsPerSecond += response.requestsPerSecond
  }
}

export function addSample(sum: Aggregate, sample: EdgeSample): void {
  sum.requestsPerSecond += sample.requestsPerSecond
  sum.sent += sample.bytesPerSecond.sent
  sum.received += sample.bytesPerSecond.received
  addResponses(sum, sample.responses)
  if (sample.protocol === "tcp") {
    sum.hasTcp = true
    sum.opened += sample.tcp?.openedPerSecond ?? 0
  } else sum.hasRequests = true
  if (sample.latencyMs) sum.latencies.push({ weight: sample.requestsPerSecond, latency: sample.latencyMs })
  if (sample.mtlsRatio !== null) {
    const weight =
      sample.requestsPerSecond || (sample.bytesPerSecond.sent + sample.bytesPerSecond.received) / 1000 || 1e-6
    sum.mtlsWeight += weight
    sum.mtls += weight * sample.mtlsRatio
  }
}

/** Share of requests slower than `ms`, from three points of the distribution; linear between them, exponential tail beyond p99. */
function slowerThan(latency: Latency, ms: number): number {
  const points: [number, number][] = [
    [0, 1],
    [latency.p50, 0.5],
    [latency.p95, 0.05],
    [latency.p99, 0.01],
  ]
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1] ?? [0, 1]
    const [x1, y1] = points[i] ?? [0, 0]
    if (ms <= x1) return x1 === x0 ? y1 : y0 + ((ms - x0) / (x1 - x0)) * (y1 - y0)
  }
  const spread = Math.max(latency.p99 - latency.p95, latency.p99 * 0.05, 1e-9)
  return 0.01 * Math.exp(-(ms - latency.p99) / spread)
}

function mixedQuantile(
  parts: Aggregate["latencies"],
  pick: (latency: Latency) => number,
  tail: number,
): number {
  const total = parts.reduce((sum, part) => sum + part.weight, 0)
  let low = Math.min(...parts.map((part) => pick(part.latency)))
  let high = Math.max(...parts.map((part) => pick(part.latency)))
  for (let i = 0; i < 30 && high - low > high * 1e-4; i++) {
    const middle = (low + high) / 2
    const slower =
      parts.reduce((sum, part) => sum + part.weight * slowerThan(part.latency, middle), 0) / total
    if (slower > tail) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Quantiles of a mixture of distributions of which three quantiles each are known: exact for one, an estimate for several. */
export function mixLatencies(parts: Aggregate["latencies"]): Latency | null {
  const weighted = parts.filter((part) => part.weight > 0)
  const used = weighted.length > 0 ? weighted : parts.slice(0, 1)
  const only = used[0]
  if (!only) return null
  if (used.length === 1) return only.latency
  return {
    p50: mixedQuantile(used, (latency) => latency.p50, 0.5),
    p95: mixedQuantile(used, (latency) => latency.p95, 0.05),
    p99: mixedQuantile(used, (latency) => latency.p99, 0.01),
  }
}

const errorRatio = (sum: Aggregate): number | null =>
  sum.requestsPerSecond > 0 ? Math.min(1, sum.errorsPerSecond / sum.requestsPerSecond) : null

export const signalsOf = (sum: Aggregate): Signals => ({
  requestsPerSecond: sum.hasRequests ? sum.requestsPerSecond : null,
  errorRatio: errorRatio(sum),
  latencyMs: mixLatencies(sum.latencies),
  bytesPerSecond: { sent: sum.sent, received: sum.received },
  tcpOpenedPerSecond: sum.hasTcp ? sum.opened : null,
  mtlsRatio: sum.mtlsWeight > 0 ? sum.mtls / sum.mtlsWeight : null,
})

export const responsesOf = (sum: Aggregate): ResponseRate[] =>
  [...sum.responses.values()].sort((a, b) => b.requestsPerSecond - a.requestsPerSecond)

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
function slowerThan({ p50, p95, p99 }: Latency, ms: number): number {
  if (ms <= p50) return p50 === 0 ? 0.5 : 1 - (ms / p50) * 0.5
  if (ms <= p95) return 0.5 - ((ms - p50) / (p95 - p50)) * 0.45
  if (ms <= p99) return 0.05 - ((ms - p95) / (p99 - p95)) * 0.04
  const spread = Math.max(p99 - p95, p99 * 0.05, 1e-9)
  return 0.01 * Math.exp(-(ms - p99) / spread)
}

/** Where the share of slower requests is `tail`: between the parts' own quantiles, by false position with the Illinois rule. */
function mixedQuantile(
  parts: Aggregate["latencies"],
  pick: (latency: Latency) => number,
  tail: number,
): number {
  const total = parts.reduce((sum, part) => sum + part.weight, 0)
  const excess = (ms: number): number => {
    let slower = 0
    for (const { weight, latency } of parts) slower += weight * slowerThan(latency, ms)
    return slower / total - tail
  }
  let low = Math.min(...parts.map((part) => pick(part.latency)))
  let high = Math.max(...parts.map((part) => pick(part.latency)))
  let atLow = excess(low)
  let atHigh = excess(high)
  if (atLow <= 0) return low
  if (atHigh >= 0) return high
  for (let i = 0, side = 0; i < 30 && high - low > high * 1e-4; i++) {
    const guess = (low * atHigh - high * atLow) / (atHigh - atLow)
    const value = excess(guess)
    if (Math.abs(value) < tail * 1e-4) return guess
    if (value > 0) {
      low = guess
      atLow = value
      if (side === 1) atHigh /= 2
      side = 1
    } else {
      high = guess
      atHigh = value
      if (side === -1) atLow /= 2
      side = -1
    }
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
  // Five digits: what is found by search, with `exp` in it, is to be the same text in every engine.
  const quantile = (pick: (latency: Latency) => number, tail: number): number =>
    Number(mixedQuantile(used, pick, tail).toPrecision(5))
  return {
    p50: quantile((latency) => latency.p50, 0.5),
    p95: quantile((latency) => latency.p95, 0.05),
    p99: quantile((latency) => latency.p99, 0.01),
  }
}

export const errorRatioOf = (sum: Aggregate): number | null =>
  sum.requestsPerSecond > 0 ? Math.min(1, sum.errorsPerSecond / sum.requestsPerSecond) : null

export const signalsOf = (sum: Aggregate): Signals => ({
  requestsPerSecond: sum.hasRequests ? sum.requestsPerSecond : null,
  errorRatio: errorRatioOf(sum),
  latencyMs: mixLatencies(sum.latencies),
  bytesPerSecond: { sent: sum.sent, received: sum.received },
  tcpOpenedPerSecond: sum.hasTcp ? sum.opened : null,
  mtlsRatio: sum.mtlsWeight > 0 ? sum.mtls / sum.mtlsWeight : null,
})

export const responsesOf = (sum: Aggregate): ResponseRate[] =>
  [...sum.responses.values()].sort((a, b) => b.requestsPerSecond - a.requestsPerSecond)

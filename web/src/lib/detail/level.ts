import { rateNumber } from "#shared/format/number.ts"
import type { HealthState } from "#shared/topology/document.ts"

/** How bad a share of errors is, as the health formula sees it: 0.5 %, 2 %, 5 %. */
export function errorLevel(ratio: number | null): HealthState {
  if (ratio === null || ratio < 0.005) return "ok"
  if (ratio < 0.02) return "watch"
  return ratio < 0.05 ? "degraded" : "failing"
}

/** Share of a column without its unit: `2.9`, `0.0`, `< 0.1`. */
export const shareNumber = (ratio: number): string => {
  if (ratio > 0 && ratio < 0.0005) return "< 0.1"
  return ratio < 1 && ratio >= 0.9995 ? "> 99.9" : (ratio * 100).toFixed(1)
}

/** Latency of a column whose head says ms: `41`, from a second on `1.2 s`. */
export const latencyNumber = (ms: number): string =>
  ms >= 999.5 ? `${(ms / 1000).toFixed(1)} s` : ms < 9.95 ? ms.toFixed(1) : String(Math.round(ms))

/** Rate of a column whose head says rps: below a hundred with its decimal even when that is 0, so that the points stand in one line. */
export const rateColumn = (rps: number): string =>
  rps >= 0.1 && rps < 99.95 ? rps.toFixed(1) : rateNumber(rps)

const protocolWords: Record<string, string> = { http: "HTTP", grpc: "gRPC", tcp: "TCP" }
export const protocolWord = (protocol: string): string => protocolWords[protocol] ?? protocol

const ranks: Record<HealthState, number> = { failing: 0, degraded: 1, watch: 2, ok: 3, unknown: 4, idle: 5 }
export const healthRank = (state: HealthState): number => ranks[state]

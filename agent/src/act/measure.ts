import type { GuardSample } from "#shared/edit/guard-state.ts"
import type { Tick } from "#shared/telemetry/edge.ts"
import { addSample, emptyAggregate, signalsOf } from "#shared/topology/aggregate.ts"

/** Requests to these services (`namespace/name`) in one measurement. */
export function sampleOf(tick: Tick, services: readonly string[]): GuardSample {
  const wanted = new Set(services)
  const sum = emptyAggregate()
  for (const edge of tick.edges) {
    const { service, serviceNamespace, namespace } = edge.destination
    const [name = ""] = service.split(".")
    const within = serviceNamespace || namespace
    if (edge.protocol !== "tcp" && wanted.has(`${within}/${name}`)) addSample(sum, edge)
  }
  const { errorRatio, latencyMs, requestsPerSecond } = signalsOf(sum)
  const isSilent = requestsPerSecond === null || requestsPerSecond === 0
  return {
    at: tick.at,
    windowMs: tick.windowMs,
    errorsPercent: isSilent || errorRatio === null ? null : errorRatio * 100,
    p95Ms: isSilent ? null : (latencyMs?.p95 ?? null),
  }
}

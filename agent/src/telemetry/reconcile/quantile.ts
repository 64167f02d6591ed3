import type { Latency } from "#shared/telemetry/edge.ts"

/** Envoy's default bounds in ms, up to a minute: a request beyond is told as one minute. */
export const defaultBounds: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
]

/** Cumulative rates by upper bound (`Infinity` for all), as in Prometheus' classic histograms. */
export type Buckets = Map<number, number>

type Step = { upper: number; lower: number; count: number; before: number }

/** The first buckets may be missing from the data when they did not grow: `bounds` (ascending) says where they would have been. */
function stepsOf(buckets: Buckets, bounds: readonly number[]): Step[] {
  const uppers = [...buckets.keys()].sort((a, b) => a - b)
  const steps: Step[] = []
  let before = 0
  for (const [i, upper] of uppers.entries()) {
    // proxies are not read at one instant: a smaller bucket may be ahead of a larger one
    const count = Math.max(before, buckets.get(upper) ?? 0)
    if (count > before)
      steps.push({
        upper,
        lower: uppers[i - 1] ?? bounds.findLast((bound) => bound < upper) ?? 0,
        count,
        before,
      })
    before = count
  }
  return steps
}

/** As PromQL's `histogram_quantile`: linear inside a bucket; beyond the last bound, the last bound. */
function quantile(steps: readonly Step[], share: number): number {
  const total = steps.at(-1)?.count ?? 0
  const rank = share * total
  const step = steps.find(({ count }) => count >= rank)
  if (!step) return 0
  if (step.upper === Infinity) return step.lower
  return step.lower + (step.upper - step.lower) * ((rank - step.before) / (step.count - step.before))
}

/** p50, p95 and p99 in ms; null when nothing was counted. */
export function latencyOf(buckets: Buckets, bounds: readonly number[] = defaultBounds): Latency | null {
  const steps = stepsOf(buckets, bounds)
  if (steps.length === 0) return null
  return { p50: quantile(steps, 0.5), p95: quantile(steps, 0.95), p99: quantile(steps, 0.99) }
}

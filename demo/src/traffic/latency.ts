/** A distribution of latencies as a few lognormal humps: enough to show a slow tenth beside a fast rest. Weights add up to 1. */
export type Latency = readonly { weight: number; ms: number }[]

/** Spread of each hump. */
const sigma = 0.45
const limit = 5

export const around = (ms: number): Latency => [{ weight: 1, ms: Math.max(0.1, ms) }]

const merge = (a: Latency[number], b: Latency[number]): Latency[number] => {
  const weight = a.weight + b.weight
  return { weight, ms: weight === 0 ? a.ms : (a.ms * a.weight + b.ms * b.weight) / weight }
}

/** Joins neighbours until few humps are left; the mean stays. */
function reduced(humps: readonly Latency[number][]): Latency {
  const sorted = humps.filter(({ weight }) => weight > 1e-9).sort((a, b) => a.ms - b.ms)
  while (sorted.length > limit) {
    let closest = 0
    for (let i = 1; i < sorted.length - 1; i++) if (gap(sorted, i) < gap(sorted, closest)) closest = i
    const [a, b] = sorted.slice(closest, closest + 2)
    if (a && b) sorted.splice(closest, 2, merge(a, b))
  }
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0)
  return total === 0 ? around(0) : sorted.map(({ weight, ms }) => ({ weight: weight / total, ms }))
}

/** Small humps and close ones go first. */
const gap = (humps: readonly Latency[number][], i: number): number => {
  const [a, b] = [humps[i], humps[i + 1]]
  return a && b ? Math.log(b.ms / a.ms) * Math.min(a.weight, b.weight) : Infinity
}

/** One after the other. */
export const plus = (a: Latency, b: Latency): Latency =>
  reduced(a.flatMap((x) => b.map((y) => ({ weight: x.weight * y.weight, ms: x.ms + y.ms }))))

/** One or the other, by share. */
export const mixed = (parts: readonly { share: number; latency: Latency }[]): Latency =>
  reduced(
    parts.flatMap(({ share, latency }) => latency.map(({ weight, ms }) => ({ weight: weight * share, ms }))),
  )

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function normal(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const erf = 1 - series * Math.exp(-x * x)
  return z >= 0 ? (1 + erf) / 2 : (1 - erf) / 2
}

/** Part that takes at most so long. */
export const within = (latency: Latency, limitMs: number): number =>
  latency.reduce((sum, { weight, ms }) => sum + weight * normal(Math.log(limitMs / ms) / sigma), 0)

export const meanMs = (latency: Latency): number =>
  latency.reduce((sum, { weight, ms }) => sum + weight * ms, 0) * Math.exp((sigma * sigma) / 2)

/** What a client that waits no longer than this sees of those that came in time. */
export const capped = (latency: Latency, limitMs: number): Latency =>
  reduced(latency.map(({ weight, ms }) => ({ weight, ms: Math.min(ms, limitMs) })))

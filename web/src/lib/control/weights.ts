/** Shares of a whole, in whole numbers that always sum to 100. */
export type Weights = readonly number[]

export const whole = 100

const clamped = (value: number, most: number): number =>
  Number.isFinite(value) ? Math.min(most, Math.max(0, Math.round(value))) : 0

/** The whole dealt out in proportion to the parts, evenly when all are 0; what rounding leaves goes to the largest remainders, the first of equal ones first. */
export function dealt(parts: Weights, total: number): number[] {
  if (parts.length === 0) return []
  const safe = parts.map((part) => (Number.isFinite(part) && part > 0 ? part : 0))
  const sum = safe.reduce((a, b) => a + b, 0)
  const exact = safe.map((part) => (sum === 0 ? total / parts.length : (part / sum) * total))
  const dealt = exact.map(Math.floor)
  const left = total - dealt.reduce((a, b) => a + b, 0)
  const order = exact
    .map((value, at) => ({ at, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.at - b.at)
  for (const { at } of order.slice(0, left)) dealt[at] = (dealt[at] ?? 0) + 1
  return dealt
}

/** One weight set: the others give or take in proportion to what they have. A lone one is the whole. */
export function moved(weights: Weights, at: number, to: number): number[] {
  if (weights.length <= 1) return weights.map(() => whole)
  const value = clamped(to, whole)
  const others = dealt(
    weights.filter((_, i) => i !== at),
    whole - value,
  )
  return weights.map((_, i) => (i === at ? value : (others[i < at ? i : i - 1] ?? 0)))
}

/** One weight set: only the next one (after the last the first) gives or takes, as far as it can. */
export function movedWithNext(weights: Weights, at: number, to: number): number[] {
  if (weights.length <= 1) return weights.map(() => whole)
  const next = (at + 1) % weights.length
  const both = (weights[at] ?? 0) + (weights[next] ?? 0)
  const value = clamped(to, both)
  return weights.map((weight, i) => (i === at ? value : i === next ? both - value : weight))
}

/** Weights as they are written, made to sum to 100. Those that are left out share what is left. */
export function normalized(weights: readonly (number | undefined)[]): number[] {
  const known = weights.map((weight) => weight ?? 0)
  const sum = known.reduce((a, b) => a + b, 0)
  const missing = weights.filter((weight) => weight === undefined).length
  if (missing === 0 || sum >= whole) return dealt(known, whole)
  const rest = dealt(
    weights.filter((weight) => weight === undefined).map(() => 1),
    whole - sum,
  )
  return weights.map((weight) => weight ?? rest.shift() ?? 0)
}

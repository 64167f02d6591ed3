import type { Problem } from "./problem.ts"

/** What is wrong with the weights of the destinations of one route; absent ones count as none, those of another type are for the structure to refuse. */
export function weightsProblem(weights: readonly unknown[]): Problem {
  let sum = 0
  for (const weight of weights) {
    if (weight === undefined || weight === null) continue
    if (typeof weight !== "number") return undefined
    if (weight < 0) return `weight ${weight} is less than 0`
    sum += weight
  }
  return weights.length > 1 && sum === 0
    ? `all ${weights.length} weights are 0, so no request can be sent anywhere`
    : undefined
}

/** A whole percentage. */
export const isPercent = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 100

/** A fractional percentage of Envoy: 0, or 0.0001 to 100. Source: istio `validatePercentage`. */
export const percentageProblem = (value: number): Problem =>
  value === 0 || (value >= 0.0001 && value <= 100)
    ? undefined
    : `${value} % is neither 0 nor between 0.0001 and 100`

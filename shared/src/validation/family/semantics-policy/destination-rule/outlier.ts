import type { Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { durationProblem } from "../../../semantic/duration.ts"
import { amount, isSet } from "../read.ts"
import { deprecatedField, outlierInvalid } from "./rules.ts"

const durations = ["baseEjectionTime", "interval"] as const
const percents = ["maxEjectionPercent", "minHealthPercent"] as const

/** Source: istio `validateOutlierDetection`. */
export function checkOutlier(outlier: Json, path: string, report: Report): void {
  for (const field of durations) {
    const value = outlier[field]
    const problem = isSet(value) ? durationProblem(value) : undefined
    if (problem !== undefined)
      report(outlierInvalid, { path: `${path}.${field}`, message: `${field}: ${problem}` })
  }
  for (const field of percents) {
    const value = amount(outlier[field])
    if (value < 0 || value > 100)
      report(outlierInvalid, {
        path: `${path}.${field}`,
        message: `${field} ${value} is not between 0 and 100`,
      })
  }
  if (
    outlier["splitExternalLocalOriginErrors"] !== true &&
    amount(outlier["consecutiveLocalOriginFailures"]) > 0
  )
    report(outlierInvalid, {
      path: `${path}.consecutiveLocalOriginFailures`,
      message: "consecutiveLocalOriginFailures counts only when splitExternalLocalOriginErrors is true",
    })
  if (amount(outlier["consecutiveErrors"]) !== 0)
    report(deprecatedField, {
      path: `${path}.consecutiveErrors`,
      message:
        "consecutiveErrors has no effect any more; consecutive5xxErrors and consecutiveGatewayErrors took its place",
    })
}

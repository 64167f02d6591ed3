import type { Fix } from "../../finding.ts"
import type { Report } from "../../check.ts"
import type { Rule } from "../../rule.ts"
import type { Problem } from "../../semantic/problem.ts"

/** Reports that something is wrong at a path, when it is: an absent problem says nothing. */
export type Say = (rule: Rule, path: string, problem: Problem, fix?: Fix) => void

export const sayTo =
  (report: Report): Say =>
  (rule, path, problem, fix) => {
    if (problem !== undefined) report(rule, { path, message: problem, ...(fix === undefined ? {} : { fix }) })
  }

/** What happens to an object that Istio's validation refuses. */
export const refused =
  "Istio's webhook refuses the object; where the webhook is not asked, what istiod makes of it is refused by Envoy or has no effect"

/** A text that is there and not empty. */
export const isSet = (value: unknown): value is string => typeof value === "string" && value !== ""

/** There at all; YAML's null is as good as absent. */
export const isThere = (value: unknown): boolean => value !== undefined && value !== null

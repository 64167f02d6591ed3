import type { KubeObject } from "../kube/object.ts"
import { reportDestinationRule } from "../validation/family/semantics-policy/destination-rule/check.ts"
import { reportVirtualService } from "../validation/family/semantics-traffic/virtual-service/check.ts"
import type { Issue } from "./invalid.ts"

type Report = typeof reportVirtualService
type Found = { identity: string; path: string; message: string }

const withoutPlaces = (path: string): string => path.replace(/\[\d+\]/g, "[]")

/** What Istio would refuse of an object. */
function problemsOf(report: Report, object: KubeObject): Found[] {
  const found: Found[] = []
  report(object, (rule, { path, message, level = rule.level }) => {
    if (level !== "error") return
    found.push({
      identity: `${rule.code} ${withoutPlaces(path)} ${message}`,
      path,
      message: `${message}. ${rule.remedy}`,
    })
  })
  return found
}

/** What Istio would refuse of an object after a change, and has not had to refuse before it; paths are of the object. */
const newProblems =
  (report: Report) =>
  (before: KubeObject | undefined, after: KubeObject): Issue[] => {
    const known = new Set(
      (before === undefined ? [] : problemsOf(report, before)).map(({ identity }) => identity),
    )
    return problemsOf(report, after)
      .filter(({ identity }) => !known.has(identity))
      .map(({ path, message }) => ({ path, message }))
  }

export const newVirtualServiceProblems = newProblems(reportVirtualService)
export const newDestinationRuleProblems = newProblems(reportDestinationRule)

import type { KubeObject } from "../../kube/object.ts"
import { reportDestinationRule } from "../../validation/family/semantics-policy/destination-rule/check.ts"
import type { Issue } from "../invalid.ts"

type Found = { identity: string; path: string; message: string }

const withoutPlaces = (path: string): string => path.replace(/\[\d+\]/g, "[]")

/** What Istio would refuse of a DestinationRule. */
function problemsOf(object: KubeObject): Found[] {
  const found: Found[] = []
  reportDestinationRule(object, (rule, { path, message, level = rule.level }) => {
    if (level !== "error") return
    found.push({
      identity: `${rule.code} ${withoutPlaces(path)} ${message}`,
      path,
      message: `${message}. ${rule.remedy}`,
    })
  })
  return found
}

/** What Istio would refuse of it after a change, and has not had to refuse before. */
export function newProblems(before: KubeObject | undefined, after: KubeObject): Issue[] {
  const known = new Set((before === undefined ? [] : problemsOf(before)).map(({ identity }) => identity))
  return problemsOf(after)
    .filter(({ identity }) => !known.has(identity))
    .map(({ path, message }) => ({ path, message }))
}

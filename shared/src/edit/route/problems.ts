import type { KubeObject } from "../../kube/object.ts"
import { reportVirtualService } from "../../validation/family/semantics-traffic/virtual-service/check.ts"
import type { Issue } from "../invalid.ts"

type Found = { identity: string; path: string; message: string }

const withoutPlaces = (path: string): string => path.replace(/\[\d+\]/g, "[]")

/** What Istio would refuse of a VirtualService. */
function problemsOf(object: KubeObject): Found[] {
  const found: Found[] = []
  reportVirtualService(object, (rule, { path, message, level = rule.level }) => {
    if (level !== "error") return
    found.push({
      identity: `${rule.code} ${withoutPlaces(path)} ${message}`,
      path,
      message: `${message}. ${rule.remedy}`,
    })
  })
  return found
}

const inForm: readonly [RegExp, string][] = [
  [/^spec\./, ""],
  [/\.match\[/g, ".matches["],
  [/^(http\[\d+\])\.route\b/, "$1.action.destinations"],
  [/^(tcp|tls)(\[\d+\])\.route\b/, "$1$2.destinations"],
  [/\.(redirect|directResponse|delegate)\b/, ".action"],
  [/\.redirectCode\b/, ".code"],
  [/\.corsPolicy\b/, ".cors"],
  [/\.mirror\b/, ".mirrors[0].destination"],
  [/\.uriRegexRewrite\b/, ".uriRegex"],
]

/** Where in the form a place of the object is. */
export const formPath = (path: string): string =>
  inForm.reduce((written, [pattern, text]) => written.replace(pattern, text), path)

/** What Istio would refuse of an object after a change, and has not had to refuse before it. */
export function newProblems(before: KubeObject | undefined, after: KubeObject): Issue[] {
  const known = new Set((before === undefined ? [] : problemsOf(before)).map(({ identity }) => identity))
  return problemsOf(after)
    .filter(({ identity }) => !known.has(identity))
    .map(({ path, message }) => ({ path: formPath(path), message }))
}

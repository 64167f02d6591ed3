import type { KubeObject } from "../../kube/object.ts"
import type { Issue } from "../invalid.ts"
import { newVirtualServiceProblems } from "../problems.ts"

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

/** What Istio would refuse of a VirtualService after a change, and has not had to refuse before it, in places of the form. */
export const newProblems = (before: KubeObject | undefined, after: KubeObject): Issue[] =>
  newVirtualServiceProblems(before, after).map(({ path, message }) => ({ path: formPath(path), message }))

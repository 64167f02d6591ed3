import { record, strings, text } from "../../../../topology/fact/read.ts"
import type { KubeObject } from "../../../../kube/object.ts"
import { type Report, check } from "../../../check.ts"
import { at } from "../../../path.ts"
import { exportToProblem } from "../../../semantic/export-to.ts"
import { labelsProblem } from "../../../semantic/labels.ts"
import { isDnsLabel, wildcardDomainProblem } from "../../../semantic/name.ts"
import { isSet, items, section } from "../read.ts"
import { checkSelector, selectorRules } from "../selector.ts"
import * as rules from "./rules.ts"
import { checkTrafficPolicy, type Holder } from "./traffic-policy.ts"

function subsetNameProblem(name: string, isTaken: boolean): string | undefined {
  if (name === "") return "the subset has no name"
  if (!isDnsLabel(name)) return `${name} is no name of a subset, which must be a DNS label`
  return isTaken ? `there is more than one subset ${name}` : undefined
}

function checkSubsets(subsets: readonly unknown[], holder: Holder): void {
  if (subsets.length === 0) return
  const names = new Set<string>()
  for (let i = 0; i < subsets.length; i++) {
    const path = at("spec.subsets", i)
    const subset = section(subsets[i])
    if (subset === undefined) {
      holder.report(rules.subsetInvalid, { path, message: "the subset is null" })
      continue
    }
    const name = text(subset["name"])
    const problem = subsetNameProblem(name, names.has(name))
    if (problem !== undefined) holder.report(rules.subsetInvalid, { path: `${path}.name`, message: problem })
    names.add(name)
    const wrong = labelsProblem(subset["labels"])
    if (wrong !== undefined) holder.report(rules.subsetInvalid, { path: `${path}.labels`, message: wrong })
    checkTrafficPolicy(subset["trafficPolicy"], `${path}.trafficPolicy`, holder)
  }
}

/** Source: istio `ValidateDestinationRule`, and the analyzer destinationrule.CaCertificate. */
export function reportDestinationRule(object: KubeObject, report: Report): void {
  const spec = record(object["spec"])
  const host = text(spec["host"])
  const namespace = text(object.metadata.namespace)
  const hasSelector = isSet(spec["workloadSelector"])
  const problem = wildcardDomainProblem(host)
  if (problem !== undefined) report(rules.hostInvalid, { path: "spec.host", message: problem })
  const holder = { object, namespace, host, hasSelector, report }
  checkTrafficPolicy(spec["trafficPolicy"], "spec.trafficPolicy", holder)
  checkSubsets(items(spec["subsets"]), holder)
  if (items(spec["exportTo"]).length > 0) {
    const wrong = exportToProblem(strings(spec["exportTo"]), namespace, hasSelector ? "selecting" : "other")
    if (wrong !== undefined) report(rules.exportInvalid, { path: "spec.exportTo", message: wrong })
  }
  if (hasSelector) checkSelector(object, { field: "workloadSelector", labels: "matchLabels" }, report)
}

export const destinationRuleCheck = check({
  name: "destinationrule/semantics",
  subject: "DestinationRule.networking.istio.io",
  reads: [],
  rules: [...Object.values(rules), ...selectorRules],
  run: (object, _view, report) => {
    reportDestinationRule(object, report)
  },
})

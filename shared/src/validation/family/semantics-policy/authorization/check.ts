import { record, text, type Json } from "../../../../topology/fact/read.ts"
import { check, type Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { dryRun } from "../../../semantic/annotation.ts"
import { items, section } from "../read.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { checkRule } from "./rule-part.ts"
import * as rules from "./rules.ts"

/** What Go reads as a boolean. */
const booleans = new Set(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"])

function dryRunProblem(value: string, action: string): string | undefined {
  if (action !== "ALLOW" && action !== "DENY")
    return `${dryRun} is for ALLOW and DENY, and this policy is ${action}`
  return booleans.has(value) ? undefined : `${dryRun} is "${value}", which is neither true nor false`
}

function checkProvider(spec: Json, action: string, report: Report): void {
  const provider = section(spec["provider"])
  const path = "spec.provider"
  if (action === "CUSTOM") {
    if (text(provider?.["name"]) === "" && items(spec["rules"]).length > 0)
      report(rules.providerInvalid, {
        path: "spec",
        message: "CUSTOM needs provider.name, a provider of MeshConfig",
      })
  } else if (provider !== undefined)
    report(rules.providerInvalid, {
      path,
      message: `a provider decides for CUSTOM, and this policy is ${action}`,
    })
}

/** Source: istio `ValidateAuthorizationPolicy`. */
export const authorizationPolicyCheck = check({
  name: "authorizationpolicy/semantics",
  subject: "AuthorizationPolicy.security.istio.io",
  reads: [],
  rules: [...Object.values(rules), ...targetRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const action = text(spec["action"]) || "ALLOW"
    const dry = record(object.metadata.annotations)[dryRun]
    const problem = dry === undefined ? undefined : dryRunProblem(String(dry), action)
    if (problem !== undefined)
      report(rules.dryRunInvalid, { path: at("metadata.annotations", dryRun), message: problem })
    checkTargets(object, "selector", report)
    checkProvider(spec, action, report)
    const all = items(spec["rules"])
    if (all.length === 0 && (action === "DENY" || action === "CUSTOM"))
      report(rules.rulesMissing, { path: "spec", message: `${action} without rules applies to no request` })
    const context = { isCustom: action === "CUSTOM", report }
    for (let i = 0; i < all.length; i++) {
      const path = at("spec.rules", i)
      if (checkRule(all[i], path, context) && action === "DENY")
        report(rules.deniesTcp, {
          path,
          message:
            "the rule denies by HTTP attributes and names no ports, so on TCP ports it denies whatever it still matches",
        })
    }
  },
})

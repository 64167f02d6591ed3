import { record, text, type Json } from "../../../../topology/fact/read.ts"
import { check } from "../../../check.ts"
import { at } from "../../../path.ts"
import { isSet, items, section } from "../read.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { checkMatch, type Place } from "./match.ts"
import { Operations } from "./operation.ts"
import * as rules from "./rules.ts"
import { checkValue } from "./value.ts"

function incomplete(configPatch: Json, patch: Json | undefined): string | undefined {
  const applyTo = text(configPatch["applyTo"])
  if (applyTo === "" || applyTo === "INVALID") return "the patch does not say what it applies to"
  if (patch === undefined) return `the patch of ${applyTo} has no patch section`
  const operation = text(patch["operation"])
  if (operation === "" || operation === "INVALID") return `the patch of ${applyTo} has no operation`
  return operation !== "REMOVE" && !isSet(patch["value"])
    ? `${operation} of ${applyTo} has no value`
    : undefined
}

function checkPatch(configPatch: Json, operations: Operations, place: Place): void {
  const patch = section(configPatch["patch"])
  const match = section(configPatch["match"])
  // istiod does not look closer at what is for waypoints.
  if (match?.["context"] !== "WAYPOINT") {
    const problem = incomplete(configPatch, patch)
    if (problem !== undefined)
      return place.report(rules.patchIncomplete, { path: place.path, message: problem })
    const applyTo = text(configPatch["applyTo"])
    if (match === undefined || checkMatch(match, applyTo, place)) checkValue(patch?.["value"], applyTo, place)
  }
  if (patch !== undefined) operations.see(configPatch, patch, place.path)
}

/** Source: istio pkg/config/validation/envoyfilter, and the analyzer envoyfilter.EnvoyPatch. */
export const envoyFilterCheck = check({
  name: "envoyfilter/semantics",
  subject: "EnvoyFilter.networking.istio.io",
  reads: [],
  rules: [...Object.values(rules), ...targetRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    checkTargets(object, "workloadSelector", report)
    const patches = items(spec["configPatches"])
    if (patches.length === 0) return
    const operations = new Operations(spec, report)
    for (let i = 0; i < patches.length; i++) {
      const path = at("spec.configPatches", i)
      const configPatch = section(patches[i])
      if (configPatch === undefined) report(rules.patchIncomplete, { path, message: "the patch is null" })
      else checkPatch(configPatch, operations, { object, path, report })
    }
  },
})

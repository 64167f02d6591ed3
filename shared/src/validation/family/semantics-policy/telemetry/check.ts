import { record, text } from "../../../../topology/fact/read.ts"
import { check, type Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { isSet, items, section } from "../read.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { celProblem } from "./cel.ts"
import * as rules from "./rules.ts"

function checkTracing(tracing: readonly unknown[], report: Report): void {
  if (tracing.length > 1)
    report(rules.tracingLimit, {
      path: "spec.tracing",
      message: `there are ${tracing.length} tracings; Istio knows one`,
    })
  for (let i = 0; i < tracing.length; i++) {
    const path = at("spec.tracing", i)
    const one = record(tracing[i])
    const providers = items(one["providers"]).length
    if (providers > 1)
      report(rules.tracingLimit, {
        path: `${path}.providers`,
        message: `there are ${providers} providers; Istio takes one`,
      })
  }
}

function overrideProblem(name: string, value: unknown): string | undefined {
  if (!isSet(value)) return `the override of tag ${name} is null`
  const override = record(value)
  const isRemoved = override["operation"] === "REMOVE"
  if (isRemoved === (text(override["value"]) === "")) return undefined
  return isRemoved ? `REMOVE of tag ${name} cannot have a value` : `UPSERT of tag ${name} needs a value`
}

function checkOverride(value: unknown, path: string, report: Report): void {
  const override = section(value)
  if (override === undefined) return report(rules.overrideInvalid, { path, message: "the override is null" })
  const tags = record(override["tagOverrides"])
  for (const name in tags) {
    const place = at(`${path}.tagOverrides`, name)
    if (name === "")
      report(rules.tagUnnamed, { path: place, message: "the override of a tag does not name it" })
    const problem = overrideProblem(name, tags[name])
    if (problem !== undefined) report(rules.overrideInvalid, { path: place, message: problem })
  }
}

function checkMetrics(metrics: readonly unknown[], report: Report): void {
  for (let i = 0; i < metrics.length; i++) {
    const path = at("spec.metrics", i)
    const one = record(metrics[i])
    const overrides = items(one["overrides"])
    for (let j = 0; j < overrides.length; j++) checkOverride(overrides[j], at(`${path}.overrides`, j), report)
  }
}

function checkLogging(logging: readonly unknown[], report: Report): void {
  for (let i = 0; i < logging.length; i++) {
    const path = at("spec.accessLogging", i)
    const one = record(logging[i])
    const filter = section(one["filter"])
    const problem = filter === undefined ? undefined : celProblem(text(filter["expression"]))
    if (problem !== undefined)
      report(rules.filterInvalid, {
        path: `${path}.filter.expression`,
        message: `the filter is no CEL expression: ${problem}`,
      })
  }
}

/** Names and ranges are looked at by structure. Source: istio `ValidateTelemetry`. */
export const telemetryCheck = check({
  name: "telemetry/semantics",
  subject: "Telemetry.telemetry.istio.io",
  reads: [],
  rules: [...Object.values(rules), ...targetRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    checkTargets(object, "selector", report)
    checkTracing(items(spec["tracing"]), report)
    checkMetrics(items(spec["metrics"]), report)
    checkLogging(items(spec["accessLogging"]), report)
  },
})

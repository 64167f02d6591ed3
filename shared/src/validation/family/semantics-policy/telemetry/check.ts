import { record, text, type Json } from "../../../../topology/fact/read.ts"
import { check, type Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { amount, isSet, items, section } from "../read.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { celProblem } from "./cel.ts"
import * as rules from "./rules.ts"

function checkProviders(value: unknown, path: string, report: Report): void {
  const providers = items(value)
  for (let i = 0; i < providers.length; i++)
    if (text(record(providers[i])["name"]) === "")
      report(rules.providerUnnamed, { path: at(`${path}.providers`, i), message: "the provider has no name" })
}

const tagKinds = [
  ["literal", "value"],
  ["header", "name"],
  ["environment", "name"],
] as const

function tagProblem(name: string, tag: unknown): string | undefined {
  if (name === "") return "a tag has no name"
  if (!isSet(tag)) return `the tag ${name} is null`
  for (const [kind, field] of tagKinds) {
    const held = section(record(tag)[kind])
    if (held !== undefined && text(held[field]) === "") return `the ${kind} of tag ${name} has no ${field}`
  }
  return undefined
}

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
    checkProviders(one["providers"], path, report)
    const percent = amount(one["randomSamplingPercentage"])
    if (percent < 0 || percent > 100)
      report(rules.tracingInvalid, {
        path: `${path}.randomSamplingPercentage`,
        message: `${percent} percent is not from 0 to 100`,
      })
    const tags = record(one["customTags"])
    for (const name in tags) {
      const problem = tagProblem(name, tags[name])
      if (problem !== undefined)
        report(rules.tracingInvalid, { path: at(`${path}.customTags`, name), message: problem })
    }
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
  const match: Json = record(override["match"])
  if (match["customMetric"] === "")
    report(rules.overrideInvalid, { path: `${path}.match.customMetric`, message: "customMetric is empty" })
}

function checkMetrics(metrics: readonly unknown[], report: Report): void {
  for (let i = 0; i < metrics.length; i++) {
    const path = at("spec.metrics", i)
    const one = record(metrics[i])
    checkProviders(one["providers"], path, report)
    const overrides = items(one["overrides"])
    for (let j = 0; j < overrides.length; j++) checkOverride(overrides[j], at(`${path}.overrides`, j), report)
  }
}

function checkLogging(logging: readonly unknown[], report: Report): void {
  for (let i = 0; i < logging.length; i++) {
    const path = at("spec.accessLogging", i)
    const one = record(logging[i])
    checkProviders(one["providers"], path, report)
    const filter = section(one["filter"])
    const problem = filter === undefined ? undefined : celProblem(text(filter["expression"]))
    if (problem !== undefined)
      report(rules.filterInvalid, {
        path: `${path}.filter.expression`,
        message: `the filter is no CEL expression: ${problem}`,
      })
  }
}

/** Source: istio `ValidateTelemetry`. */
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

import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/telemetry/"

export const tracingLimit = rule({
  code: "telemetry.tracing_limit",
  aliases: ["IST0133"],
  level: "warning",
  title: "More than one tracing, or tracing provider",
  effect: "istiod takes the first, and leaves the others out",
  remedy: "Keep one tracing with one provider",
  source: `${source}#Tracing`,
})

export const overrideInvalid = rule({
  code: "telemetry.metric_override_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Override of a metric says nothing, or the contrary",
  effect: refused,
  remedy: "Give a value with UPSERT, and none with REMOVE",
  source: `${source}#MetricsOverrides`,
})

export const tagUnnamed = rule({
  code: "telemetry.tag_unnamed",
  aliases: ["IST0133"],
  level: "warning",
  title: "Override of a tag without a name",
  effect: "The override changes no tag",
  remedy: "Name the tag, or remove the override",
  source: `${source}#MetricsOverrides-TagOverride`,
})

export const filterInvalid = rule({
  code: "telemetry.filter_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Filter of access logs is no CEL expression",
  effect: refused,
  remedy: "Correct the expression where the message points",
  source: `${source}#AccessLogging-Filter`,
})

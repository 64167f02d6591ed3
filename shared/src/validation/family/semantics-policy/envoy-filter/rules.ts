import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/envoy-filter/"
const patch = `${source}#EnvoyFilter-Patch-Operation`

export const patchIncomplete = rule({
  code: "envoyfilter.patch_incomplete",
  aliases: ["IST0106"],
  level: "error",
  title: "Patch does not say what to do",
  effect: refused,
  remedy: "Set applyTo, patch.operation and, but for REMOVE, patch.value",
  source,
})

export const matchInvalid = rule({
  code: "envoyfilter.match_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Match does not fit what the patch applies to",
  effect: refused,
  remedy: "Match listeners, routeConfiguration or cluster as applyTo asks, and name the filters to match",
  source: `${source}#EnvoyFilter-EnvoyConfigObjectMatch`,
})

export const matchIneffective = rule({
  code: "envoyfilter.match_ineffective",
  aliases: ["IST0133"],
  level: "warning",
  title: "Part of a match has no effect, or uses an old name",
  effect: "istiod leaves that part out, or will stop to know the name",
  remedy: "Remove that part of the match, or use the name that took its place",
  source: `${source}#EnvoyFilter-EnvoyConfigObjectMatch`,
})

export const versionInvalid = rule({
  code: "envoyfilter.proxy_version_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "proxyVersion is no regular expression",
  effect: refused,
  remedy: "Write a regular expression of RE2, such as ^1\\.27.*",
  source: `${source}#EnvoyFilter-ProxyMatch`,
})

export const valueInvalid = rule({
  code: "envoyfilter.value_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Value of a patch is no configuration of Envoy",
  effect: refused,
  remedy: "Write the value as Envoy's API v3 defines it",
  source: "https://www.envoyproxy.io/docs/envoy/latest/api-v3/api",
})

export const valueIneffective = rule({
  code: "envoyfilter.value_ineffective",
  aliases: ["IST0133"],
  level: "warning",
  title: "Value of a patch lacks typed_config, or has fields that Envoy does not",
  effect: "Envoy rejects the filter, or leaves the field out",
  remedy: "Configure the filter in typed_config, with the @type of Envoy's API v3",
  source: "https://www.envoyproxy.io/docs/envoy/latest/api-v3/api",
})

export const relativeOperation = rule({
  code: "envoyfilter.relative_operation",
  aliases: ["IST0151"],
  level: "warning",
  title: "Patch relative to others, without a priority",
  effect:
    "Where the filter that it refers to comes from another EnvoyFilter, the order of the two decides whether it applies",
  remedy: "Set spec.priority, or use ADD or INSERT_FIRST",
  source: patch,
})

export const relativeWithVersion = rule({
  code: "envoyfilter.relative_operation_with_version",
  aliases: ["IST0155"],
  level: "warning",
  title: "Patch relative to one for some proxy versions, without a priority",
  effect:
    "During an upgrade, proxies of the other version lack what the patch refers to, and it does not apply",
  remedy: "Set spec.priority, or use ADD or INSERT_FIRST",
  source: patch,
})

export const replaceIgnored = rule({
  code: "envoyfilter.replace_ignored",
  aliases: ["IST0152"],
  level: "error",
  title: "REPLACE where istiod does not do it",
  effect: "The patch changes nothing",
  remedy: "REMOVE and ADD, or MERGE",
  source: patch,
})

export const addIgnored = rule({
  code: "envoyfilter.add_ignored",
  aliases: ["IST0153"],
  level: "error",
  title: "ADD where Istio's API says that it is ignored",
  effect:
    "On ROUTE_CONFIGURATION the patch changes nothing; on HTTP_ROUTE istiod adds the route, though its API promises not to",
  remedy: "MERGE, or add a VIRTUAL_HOST",
  source: patch,
})

export const removeIgnored = rule({
  code: "envoyfilter.remove_ignored",
  aliases: ["IST0154"],
  level: "error",
  title: "REMOVE where Istio's API says that it is ignored",
  effect:
    "On ROUTE_CONFIGURATION the patch changes nothing; on HTTP_ROUTE istiod removes the route, though its API promises not to",
  remedy: "Remove the VIRTUAL_HOST, or MERGE",
  source: patch,
})

export const operationIgnored = rule({
  code: "envoyfilter.operation_ignored",
  aliases: [],
  level: "error",
  title: "Operation that istiod does not do on such objects",
  effect: "The patch changes nothing",
  remedy: "Use an operation that the message names",
  source: patch,
})

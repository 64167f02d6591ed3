import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/security/authorization-policy/"
const conditions = "https://istio.io/latest/docs/reference/config/security/conditions/"

export const providerInvalid = rule({
  code: "authorizationpolicy.provider_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Provider does not go with the action",
  effect: refused,
  remedy: "Name a provider of MeshConfig for CUSTOM, and none for other actions",
  source: `${source}#AuthorizationPolicy-ExtensionProvider`,
})

export const rulesMissing = rule({
  code: "authorizationpolicy.rules_missing",
  aliases: ["IST0106"],
  level: "error",
  title: "DENY or CUSTOM without rules",
  effect: "The policy never applies to any request; Istio's webhook refuses it",
  remedy: "Write rules; an empty one ({}) is for every request",
  source,
})

export const customUnsupported = rule({
  code: "authorizationpolicy.custom_unsupported",
  aliases: ["IST0106"],
  level: "error",
  title: "CUSTOM cannot decide by who the client is",
  effect: refused,
  remedy: "Leave identities to the provider; choose requests by what they are to and by addresses",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-custom/",
})

export const ruleEmpty = rule({
  code: "authorizationpolicy.rule_empty",
  aliases: ["IST0106"],
  level: "error",
  title: "Part of a rule is empty",
  effect: refused,
  remedy: "Fill the part, or leave it out: what is left out matches everything",
  source: `${source}#Rule`,
})

export const sourceInvalid = rule({
  code: "authorizationpolicy.source_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Source of a rule has values that cannot be",
  effect: refused,
  remedy: "Correct the value that the message names",
  source: `${source}#Source`,
})

export const operationInvalid = rule({
  code: "authorizationpolicy.operation_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Operation of a rule has values that cannot be",
  effect: refused,
  remedy: "Use ports up to 65535, and in paths {*} for one segment and at last {**} for any number",
  source: `${source}#Operation`,
})

export const conditionInvalid = rule({
  code: "authorizationpolicy.condition_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Condition has no key, no values, or values that cannot be",
  effect: refused,
  remedy: "Give the key and at least one value of its form",
  source: conditions,
})

export const conditionUnknown = rule({
  code: "authorizationpolicy.condition_unknown",
  aliases: ["IST0106"],
  level: "error",
  title: "Condition on an attribute that Istio does not have",
  effect: refused,
  remedy: "Use an attribute of Istio's list",
  source: conditions,
})

export const deniesTcp = rule({
  code: "authorizationpolicy.denies_tcp",
  aliases: ["IST0133"],
  level: "warning",
  title: "DENY by HTTP attributes alone",
  effect:
    "On ports that are not HTTP the attributes are left out of the rule, so it denies more than it says, up to everything",
  remedy: "Name the ports that the rule is for",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-tcp/",
})

export const dryRunInvalid = rule({
  code: "authorizationpolicy.dry_run_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Dry run that cannot be",
  effect: refused,
  remedy: "Use istio.io/dry-run with true or false, on ALLOW and DENY policies only",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/",
})

import { rule } from "../../rule.ts"

const source = "https://istio.io/latest/docs/reference/config/security/authorization-policy/#Rule"

export const excludesItself = rule({
  code: "authorizationpolicy.excludes_itself",
  aliases: [],
  level: "error",
  title: "Rule excludes everything that it asks for",
  effect: "It never matches",
  remedy: "Take the exclusion away, or narrow it",
  source,
})

export const excludeEachOther = rule({
  code: "authorizationpolicy.conditions_exclude_each_other",
  aliases: [],
  level: "error",
  title: "Rule asks for two things that are never true together",
  effect: "All fields of a source, and all conditions of a rule, must hold at once, so it never matches",
  remedy: "Write them as two sources or two rules",
  source,
})

export const portUnused = rule({
  code: "authorizationpolicy.port_unused",
  aliases: [],
  level: "warning",
  title: "Rule is for a port that no workload listens on",
  effect: "Ports are those of the container, not of the service, so this value never matches",
  remedy: "Write the container's port number",
  source,
})

export const httpOnTcp = rule({
  code: "authorizationpolicy.http_on_tcp",
  aliases: [],
  level: "warning",
  title: "Rule asks for HTTP on ports that are TCP",
  effect:
    "There ALLOW rules with HTTP fields never match, and DENY rules are read without those fields and deny more than they say",
  remedy: "Name the port as HTTP if it is, or leave the HTTP fields out",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-tcp/",
})

export const hostElsewhere = rule({
  code: "authorizationpolicy.host_never_reaches",
  aliases: [],
  level: "warning",
  title: "Rule is for hosts of other services",
  effect:
    "No service or route of that host leads to the workloads, so no request that reaches them bears it and the rule never matches",
  remedy: "Name the workloads' own service, or select the workloads of that host",
  source: "https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation",
})

export const neverRules = [hostElsewhere, excludesItself, excludeEachOther, portUnused, httpOnTcp] as const

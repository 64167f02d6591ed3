import { re2Problem } from "../../validation/semantic/re2.ts"
import type { Destination, HttpRule, Match, RoutingForm } from "../form.ts"
import type { Issue } from "../invalid.ts"
import { isSame } from "../same.ts"
import { placeOf } from "./http-route-backend.ts"
import type { Holder } from "./routes.ts"
import type { Scope } from "./scope.ts"
import { versionNames } from "./versions.ts"

const remedy = "write the routes as a VirtualService to use it"

const noMatch = [
  "name",
  "ignoreUriCase",
  "scheme",
  "authority",
  "withoutHeaders",
  "port",
  "sourceLabels",
  "sourceNamespace",
  "gateways",
] as const satisfies readonly (keyof Match)[]

function textIssues(match: Match, path: string): Issue[] {
  const named = (["headers", "queryParams"] as const).flatMap((field) =>
    Object.entries(match[field] ?? {}).map(([name, value]) => ({ path: `${path}.${field}.${name}`, value })),
  )
  const uri = match.uri === undefined ? [] : [{ path: `${path}.uri`, value: match.uri }]
  const patterns = [...named, ...uri].flatMap(({ path: at, value }): Issue[] => {
    const problem = "regex" in value ? re2Problem(value.regex) : undefined
    return problem === undefined ? [] : [{ path: at, message: problem }]
  })
  const kinds = named
    .filter(({ value }) => !("exact" in value || "regex" in value))
    .map(({ path: at, value }) => ({
      path: at,
      message: `the Gateway API matches exact texts and patterns only, not ${Object.keys(value)[0] ?? ""}; write it as regex`,
    }))
  return [...patterns, ...kinds]
}

function matchIssues(match: Match, path: string): Issue[] {
  const fields = noMatch
    .filter((field) => match[field] !== undefined)
    .map((field) => ({
      path: `${path}.${field}`,
      message: `an HTTPRoute cannot match on ${field}; ${remedy}`,
    }))
  const method =
    match.method === undefined || "exact" in match.method
      ? []
      : [{ path: `${path}.method`, message: "an HTTPRoute matches a method exactly; write it as exact" }]
  return [...fields, ...method, ...textIssues(match, path)]
}

function destinationIssues(destination: Destination, path: string, scope: Scope): Issue[] {
  const { host, subset } = destination
  if (subset === undefined || placeOf(destination, scope) !== undefined) return []
  const { name, namespace } = scope.service
  if (host !== undefined)
    return [
      {
        path: `${path}.subset`,
        message: `an HTTPRoute has no subsets; name the Service that stands for ${subset} of ${host} as host`,
      },
    ]
  const versions = [...scope.versionServices.keys()].map((version) => ({
    subset: version,
    ...{ labels: {}, pods: 0, exists: true },
  }))
  return [
    {
      path: `${path}.subset`,
      message: `no Service of ${namespace} stands for version ${subset} of ${name}; create one that selects its pods (as ${name}-${subset}). There are: ${versionNames(versions)}`,
    },
  ]
}

/** Durations of the Gateway API have no fractions. Source: GEP-2257. */
const isGatewayDuration = (value: string): boolean => /^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(value)

function durationIssues(rule: HttpRule, path: string): Issue[] {
  const written = [
    { at: "timeout", value: rule.timeout },
    { at: "retries.perTryTimeout", value: rule.retries?.perTryTimeout },
  ]
  return written.flatMap(({ at, value }) =>
    value === undefined || isGatewayDuration(value)
      ? []
      : [
          {
            path: `${path}.${at}`,
            message: `the Gateway API has no duration ${value}; write whole numbers, such as 1500ms`,
          },
        ],
  )
}

function corsIssues({ cors }: HttpRule, path: string): Issue[] {
  const origins = (cors?.allowOrigins ?? []).flatMap((origin, at): Issue[] =>
    "exact" in origin
      ? []
      : [{ path: `${path}.cors.allowOrigins[${at}]`, message: "an HTTPRoute allows exact origins only" }],
  )
  return cors?.maxAge === undefined || /^\d+s$/.test(cors.maxAge)
    ? origins
    : [
        ...origins,
        {
          path: `${path}.cors.maxAge`,
          message: `an HTTPRoute counts whole seconds: ${cors.maxAge} is none, write 60s`,
        },
      ]
}

/** What a rule may ask for that the Gateway API has no word for: where, whether it does, and what it is. */
const limits: readonly [at: string, asks: (rule: HttpRule) => boolean, what: string][] = [
  ["fault", ({ fault }) => fault !== undefined, "inject faults"],
  ["action", ({ action }) => action.type === "direct", "answer requests itself"],
  ["action", ({ action }) => action.type === "delegate", "delegate"],
  ["rewrite.uriRegex", ({ rewrite }) => rewrite?.uriRegex !== undefined, "rewrite by a pattern"],
  ["retries.retryOn", ({ retries }) => retries?.retryOn !== undefined, "say what to retry on"],
  [
    "rewrite",
    ({ action, rewrite }) => action.type === "redirect" && rewrite !== undefined,
    "redirect and rewrite in one rule",
  ],
]

function ruleIssues(rule: HttpRule, path: string, scope: Scope): Issue[] {
  const { action, mirrors = [] } = rule
  const routed = action.type === "route" ? action.destinations : []
  const places = [
    ...routed.map(({ destination }, at) => ({ destination, at: `action.destinations[${at}]` })),
    ...mirrors.map(({ destination }, at) => ({ destination, at: `mirrors[${at}]` })),
  ]
  return [
    ...rule.matches.flatMap((match, at) => matchIssues(match, `${path}.matches[${at}]`)),
    ...limits
      .filter(([, asks]) => asks(rule))
      .map(([at, , what]) => ({ path: `${path}.${at}`, message: `an HTTPRoute cannot ${what}; ${remedy}` })),
    ...places.flatMap(({ destination, at }) =>
      destinationIssues(destination, `${path}.${at}.destination`, scope),
    ),
    ...durationIssues(rule, path),
    ...corsIssues(rule, path),
  ]
}

/** What a form asks of an HTTPRoute that it has no word for, in rules that are not as they were. */
export function unsupported({ form, scope }: Holder, wanted: RoutingForm): Issue[] {
  const sections = (["hosts", "gateways", "tcp", "tls"] as const)
    .filter((section) => wanted[section] !== undefined)
    .map((section) => ({ path: section, message: `an HTTPRoute of a service has no ${section}; ${remedy}` }))
  const rules = wanted.http.flatMap((rule, at) => {
    const known = typeof rule.origin === "number" ? form.http[rule.origin] : undefined
    return isSame(known, rule) ? [] : ruleIssues(rule, `http[${at}]`, scope)
  })
  return [...sections, ...rules]
}

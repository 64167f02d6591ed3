import { type Json, list, record, strings, text } from "../topology/fact/read.ts"
import type { Instance } from "./instance.ts"
import { type Config, type Mesh, hasTargets, isSubset, selectorOf } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"

/** A call as the server's proxy sees it. Empty `principal` and `namespace`: it came without mutual TLS. */
export type AuthorizationInput = {
  principal: string
  namespace: string
  /** Container port. */
  port: number
  /** Null for TCP. */
  http: { host: string; method: string; path: string; headers: Readonly<Record<string, string>> } | null
}

export type AuthorizationDecision = {
  allowed: boolean
  /** An external authorizer is asked first; what it answers is not known here. */
  custom: boolean
  reasons: readonly Reason[]
}

/** Exact, `prefix*`, `*suffix`, or `*` for anything that is there. Source: istio.io, AuthorizationPolicy, Rule. */
function matchesValue(pattern: string, value: string): boolean {
  if (pattern === "*") return value !== ""
  if (pattern.startsWith("*")) return value.endsWith(pattern.slice(1))
  if (pattern.endsWith("*")) return value.startsWith(pattern.slice(0, -1))
  return pattern === value
}

const template = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split(/(\{\*\*\}|\{\*\})/)
      .map((part) =>
        part === "{**}"
          ? ".*"
          : part === "{*}"
            ? "[^/]+"
            : part.replaceAll(/[.*+?^$()|[\]\\{}]/g, String.raw`\$&`),
      )
      .join("")}$`,
  )

const matchesPath = (pattern: string, value: string): boolean =>
  pattern.includes("{*") ? template(pattern).test(value) : matchesValue(pattern, value)

type Match = (pattern: string, value: string) => boolean

/** A field and its `not...` twin; what is not known (`undefined`) is matched by neither a value nor its presence. */
function holds(entry: Json, field: string, value: string | undefined, match: Match = matchesValue): boolean {
  const wanted = strings(entry[field])
  const refused = strings(entry[`not${field.charAt(0).toUpperCase()}${field.slice(1)}`])
  return (
    (wanted.length === 0 || (value !== undefined && wanted.some((pattern) => match(pattern, value)))) &&
    (value === undefined || !refused.some((pattern) => match(pattern, value)))
  )
}

const httpSource = ["requestPrincipals", "notRequestPrincipals"]
const httpOperation = ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"]
const asks = (entry: Json, fields: readonly string[]): boolean =>
  fields.some((field) => entry[field] !== undefined)

function matchesAccount(entry: Json, { principal, namespace }: AuthorizationInput, policy: Config): boolean {
  const [, own, account] = /\/ns\/([^/]+)\/sa\/(.+)$/.exec(principal) ?? []
  const full = (name: string): string => (name.includes("/") ? name : `${policy.namespace}/${name}`)
  return holds(entry, "serviceAccounts", account && `${own ?? namespace}/${account}`, (pattern, value) =>
    matchesValue(full(pattern), value),
  )
}

/** `cluster.local` stands for the mesh's own trust domain, whatever that is called. */
const inTrustDomain = (pattern: string, trustDomain: string): string =>
  pattern.startsWith("cluster.local/") ? trustDomain + pattern.slice("cluster.local".length) : pattern

type Rules = { policy: Config; trustDomain: string; deny: boolean }

const matchesSource = (entry: Json, input: AuthorizationInput, { policy, trustDomain }: Rules): boolean =>
  holds(entry, "principals", input.principal, (pattern, value) =>
    matchesValue(inTrustDomain(pattern, trustDomain), value),
  ) &&
  holds(entry, "namespaces", input.namespace) &&
  matchesAccount(entry, input, policy) &&
  (input.http === null || holds(entry, "requestPrincipals", undefined)) &&
  holds(entry, "ipBlocks", undefined) &&
  holds(entry, "remoteIpBlocks", undefined)

const matchesOperation = (entry: Json, { http, port }: AuthorizationInput): boolean => {
  if (!holds(entry, "ports", String(port))) return false
  if (http === null) return true
  return (
    holds(entry, "hosts", http.host.toLowerCase()) &&
    holds(entry, "methods", http.method) &&
    holds(entry, "paths", http.path.split("?")[0] ?? "", matchesPath)
  )
}

function conditionValue(
  name: string,
  { principal, namespace, port, http }: AuthorizationInput,
): string | undefined {
  if (name === "source.principal") return principal
  if (name === "source.namespace") return namespace
  if (name === "destination.port") return String(port)
  const header = /^request\.headers\[(.+)\]$/.exec(name)?.[1]
  return header === undefined ? undefined : http?.headers[header.toLowerCase()]
}

/** Over TCP an ALLOW rule that asks for HTTP never matches, a DENY rule is read without what it asks of HTTP. */
function matchesRule(rule: Json, input: AuthorizationInput, rules: Rules): boolean {
  const from = list(rule["from"]).map((item) => record(record(item)["source"]))
  const to = list(rule["to"]).map((item) => record(record(item)["operation"]))
  const when = list(rule["when"]).map(record)
  const overTcp = input.http === null
  const needsHttp =
    (fields: readonly string[]) =>
    (entry: Json): boolean =>
      asks(entry, fields)
  const httpWhen = when.filter((condition) => text(condition["key"]).startsWith("request."))
  if (
    overTcp &&
    !rules.deny &&
    (from.some(needsHttp(httpSource)) || to.some(needsHttp(httpOperation)) || httpWhen.length > 0)
  )
    return false
  const conditions = overTcp ? when.filter((condition) => !httpWhen.includes(condition)) : when
  return (
    (from.length === 0 || from.some((entry) => matchesSource(entry, input, rules))) &&
    (to.length === 0 || to.some((entry) => matchesOperation(entry, input))) &&
    conditions.every((condition) => holds(condition, "values", conditionValue(text(condition["key"]), input)))
  )
}

/** Policies of the workload's namespace and of the root namespace that select it, oldest first. */
export const policiesFor = (mesh: Mesh, server: Pick<Instance, "namespace" | "labels">): Config[] =>
  [...new Set([mesh.settings.rootNamespace, server.namespace])]
    .flatMap((namespace) => mesh.authorizationPolicies.get(namespace) ?? [])
    .filter((config) => !hasTargets(config) && isSubset(selectorOf(config) ?? {}, server.labels))

const actionOf = (config: Config): string => text(config.spec["action"]) || "ALLOW"
const isDryRun = ({ annotations }: Config): boolean => annotations["istio.io/dry-run"] === "true"

/**
 * Whether a server's proxy lets a call in: CUSTOM, then DENY, then ALLOW; with no ALLOW policy everything that is left passes.
 * Source: istio.io, "Authorization Policy", implicit enablement and precedence.
 */
export function authorize(
  mesh: Mesh,
  server: Pick<Instance, "namespace" | "labels" | "sidecar">,
  input: AuthorizationInput,
): AuthorizationDecision {
  if (!server.sidecar)
    return {
      allowed: true,
      custom: false,
      reasons: [reason("server.no_proxy", "No proxy enforces policies there")],
    }
  const policies = policiesFor(mesh, server).filter((config) => !isDryRun(config))
  const matching = (action: string): { config: Config; index: number } | undefined => {
    for (const config of policies.filter((candidate) => actionOf(candidate) === action)) {
      const index = list(config.spec["rules"]).findIndex((rule) =>
        matchesRule(record(rule), input, {
          policy: config,
          trustDomain: mesh.settings.trustDomain,
          deny: action === "DENY",
        }),
      )
      if (index >= 0) return { config, index }
    }
    return undefined
  }
  const decided = (
    code: string,
    verb: string,
    { config, index }: { config: Config; index: number },
  ): Reason =>
    reason(code, `${named(config.object)} rule ${index} ${verb}`, config.object, `spec.rules[${index}]`)
  const asked = matching("CUSTOM")
  const custom = asked !== undefined
  const before = asked ? [decided("authorization.custom", "asks an external authorizer", asked)] : []
  const denied = matching("DENY")
  if (denied)
    return {
      allowed: false,
      custom,
      reasons: [...before, decided("authorization.denied", "denies it", denied)],
    }
  const allow = policies.filter((config) => actionOf(config) === "ALLOW")
  if (allow.length === 0)
    return {
      allowed: true,
      custom,
      reasons: [
        ...before,
        reason("authorization.open", "No ALLOW policy applies: what is not denied is let in"),
      ],
    }
  const allowed = matching("ALLOW")
  if (allowed)
    return {
      allowed: true,
      custom,
      reasons: [...before, decided("authorization.allowed", "allows it", allowed)],
    }
  return {
    allowed: false,
    custom,
    reasons: [
      ...before,
      ...allow.map(({ object }) =>
        reason("authorization.not_allowed", `${named(object)} has no rule for it`, object),
      ),
    ],
  }
}

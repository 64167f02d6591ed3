import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { delegateOf, delegatedRules, matchesOf } from "./delegate.ts"
import { type Seen, type Takes, compileMatch, takesEverything } from "./match.ts"
import { type Mesh, type VirtualService, isSubset } from "./mesh.ts"

/** A route of a VirtualService (or one match of an HTTPRoute rule), with the namespace its names are relative to. */
export type Rule = {
  object: ObjectRef
  path: string
  namespace: string
  /** Empty: every request. */
  matches: readonly Json[]
  route: Json
  /** It is for connections (`tcp`, `tls`), not for requests. */
  connection?: true
  /** The route that delegates to this one. */
  via?: Rule
}

/** What routes hosts: a VirtualService, or routes of the Gateway API that were joined to one. */
export type Routed = Pick<VirtualService, "object" | "namespace" | "created" | "hosts" | "exportTo"> & {
  spec?: Json
  /** As they were joined; for a VirtualService they are read out of it. */
  rules?: readonly Rule[]
  gatewayApi?: true
}

/** Where routes are asked for: the proxy, its listener's port, and the gateway it acts as (`mesh` for a sidecar). */
export type RouteContext = { client: Client; port: number; gateway: string }

/** Whether a match is for this proxy at all; such matches are left out before Envoy sees them. Source: pilot `sourceMatchHTTP`. */
export function isForProxy(match: Json, { client, port, gateway }: RouteContext): boolean {
  const written = number(match["port"])
  if (written !== 0 && written !== port) return false
  const named = strings(match["gateways"])
  if (named.length > 0) return named.includes(gateway)
  if (!isSubset(stringMap(match["sourceLabels"]), client.labels)) return false
  const from = text(match["sourceNamespace"])
  return from === "" || from === client.namespace
}

/** A rule that takes every request; at a gateway, where virtual services of one host are joined, such rules go last. Source: pilot `IsCatchAllRoute`. */
export const isCatchAll = ({ matches }: Rule): boolean =>
  matches.length === 0 || matches.some(takesEverything)

/**
 * The rules as this proxy gets them: without the matches that are for others, one rule a match, and nothing after one that takes every
 * request. Source: pilot `BuildHTTPRoutesForVirtualService`.
 */
export function forProxy(rules: readonly Rule[], context: RouteContext): Rule[] {
  const own: Rule[] = []
  for (const rule of rules) {
    if (rule.matches.length === 0) {
      own.push(rule)
      return own
    }
    for (const match of rule.matches) {
      if (!isForProxy(match, context)) continue
      own.push(rule.matches.length === 1 ? rule : { ...rule, matches: [match] })
      if (takesEverything(match)) return own
    }
  }
  return own
}

/** The http routes of a VirtualService in order, delegates written out. */
export const rulesOf = (mesh: Mesh, config: Routed): readonly Rule[] =>
  config.rules ??
  list(config.spec?.["http"]).flatMap((entry, index): Rule[] => {
    const route = record(entry)
    const rule: Rule = {
      object: config.object,
      path: `spec.http[${index}]`,
      namespace: config.namespace,
      matches: matchesOf(route, config.namespace),
      route,
    }
    if (route["delegate"] === undefined || route["delegate"] === null) return [rule]
    const delegate = delegateOf(mesh, config, route)
    return "target" in delegate ? delegatedRules(rule, delegate.target) : []
  })

/** Rules are never changed, so what was read out of one stays true of it. */
const compiled = new WeakMap<Rule, Takes>()

const takesOf = (rule: Rule): Takes => {
  const known = compiled.get(rule)
  if (known !== undefined) return known
  const tests = rule.matches.map(compileMatch)
  const [first] = tests
  const fresh: Takes =
    first === undefined
      ? () => true
      : tests.length === 1
        ? first
        : (request) => tests.some((test) => test(request))
  compiled.set(rule, fresh)
  return fresh
}

/** The first rule that takes the request. */
export const firstMatching = (rules: readonly Rule[], request: Seen): Rule | undefined =>
  rules.find((rule) => takesOf(rule)(request))

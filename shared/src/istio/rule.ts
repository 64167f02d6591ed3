import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client, HttpRequest } from "./client.ts"
import { type Mesh, type VirtualService, gatewayName, isSubset, key } from "./mesh.ts"
import { matchesOptional, matchesString, stringMatchesConflict } from "./string-match.ts"
import { isExportedTo } from "./visibility.ts"

/** A route of a VirtualService (or one match of an HTTPRoute rule), with the namespace its names are relative to. */
export type Rule = {
  object: ObjectRef
  path: string
  namespace: string
  /** Empty: every request. */
  matches: readonly Json[]
  route: Json
}

/** Where routes are asked for: the proxy, its listener's port, and the gateways it acts as (`mesh` for a sidecar). */
export type RouteContext = { client: Client; port: number; gateways: ReadonlySet<string> }

/** Whether a match is for this proxy at all; such matches are left out before Envoy sees them. Source: pilot `sourceMatchHTTP`. */
function isForProxy(match: Json, { client, port, gateways }: RouteContext): boolean {
  if (number(match["port"]) !== 0 && number(match["port"]) !== port) return false
  const named = strings(match["gateways"])
  if (named.length > 0) return named.some((name) => gateways.has(name))
  if (!isSubset(stringMap(match["sourceLabels"]), client.labels)) return false
  const from = text(match["sourceNamespace"])
  return from === "" || from === client.namespace
}

/**
 * The rules as this proxy gets them: without the matches that are for others, one rule a match, and nothing after one that takes every
 * request. Source: pilot `BuildHTTPRoutesForVirtualService`.
 */
export function forProxy(rules: readonly Rule[], context: RouteContext): Rule[] {
  const own: Rule[] = []
  for (const rule of rules) {
    const matches = rule.matches.filter((match) => isForProxy(match, context))
    const single =
      rule.matches.length === 0 ? [rule] : matches.map((match) => ({ ...rule, matches: [match] }))
    for (const candidate of single) {
      own.push(candidate)
      if (isCatchAll(candidate)) return own
    }
  }
  return own
}

/** Gateways by their full names, so that a match means the same wherever it is merged into. */
const matchesOf = (route: Json, namespace: string): Json[] =>
  list(route["match"])
    .map(record)
    .map((match) => {
      const gateways = strings(match["gateways"]).map((name) => gatewayName(name, namespace))
      return gateways.length === 0 ? match : { ...match, gateways }
    })

const differ = (root: unknown, leaf: unknown): boolean =>
  Object.entries(stringMap(leaf)).some(([label, value]) => (stringMap(root)[label] ?? value) !== value)

/** Source: pilot `hasConflict`. */
function conflicts(root: Json, leaf: Json): boolean {
  const maps = ["headers", "withoutHeaders", "queryParams"].some((field) =>
    Object.entries(record(leaf[field])).some(([name, match]) =>
      stringMatchesConflict(record(root[field])[name], match),
    ),
  )
  const [rootPort, leafPort] = [number(root["port"]), number(leaf["port"])]
  const [rootGateways, leafGateways] = [strings(root["gateways"]), strings(leaf["gateways"])]
  const from = text(root["sourceNamespace"])
  return (
    maps ||
    ["uri", "scheme", "method", "authority"].some((field) =>
      stringMatchesConflict(root[field], leaf[field]),
    ) ||
    (root["ignoreUriCase"] === true) !== (leaf["ignoreUriCase"] === true) ||
    (rootPort > 0 && leafPort > 0 && rootPort !== leafPort) ||
    (from !== "" && text(leaf["sourceNamespace"]) !== from) ||
    differ(root["sourceLabels"], leaf["sourceLabels"]) ||
    (rootGateways.length > 0 && leafGateways.some((name) => !rootGateways.includes(name)))
  )
}

const mergedMatch = (root: Json, leaf: Json): Json => ({
  ...root,
  ...leaf,
  ...Object.fromEntries(
    ["headers", "withoutHeaders", "queryParams", "sourceLabels"].map((field) => [
      field,
      { ...record(root[field]), ...record(leaf[field]) },
    ]),
  ),
})

/** Matches of a delegate's route under its root's; undefined when one of them is within none of the root's, which drops the route. */
function mergedMatches(roots: readonly Json[], leaves: readonly Json[]): readonly Json[] | undefined {
  if (roots.length === 0) return leaves
  if (leaves.length === 0) return roots
  const merged = leaves.map((leaf) =>
    roots.filter((root) => !conflicts(root, leaf)).map((root) => mergedMatch(root, leaf)),
  )
  return merged.some((group) => group.length === 0) ? undefined : merged.flat()
}

/** What a delegate's route takes from its root where it says nothing itself. Source: pilot `mergeHTTPRoute`. */
const inherited = [
  ...["rewrite", "directResponse", "timeout", "retries", "fault"],
  ...["mirror", "mirrors", "mirrorPercentage", "corsPolicy", "headers"],
]

const delegated = (root: Rule, target: VirtualService): Rule[] =>
  list(target.spec["http"])
    .map(record)
    .flatMap((route, index): Rule[] => {
      const matches = mergedMatches(root.matches, matchesOf(route, target.namespace))
      if (matches === undefined) return []
      const defaults = Object.fromEntries(
        inherited
          .filter((field) => root.route[field] !== undefined)
          .map((field) => [field, root.route[field]]),
      )
      return [
        {
          object: target.object,
          path: `spec.http[${index}]`,
          namespace: target.namespace,
          matches,
          route: { ...defaults, ...route },
        },
      ]
    })

/** The http routes of a VirtualService in order, delegates written out. */
export const rulesOf = (mesh: Mesh, config: VirtualService): Rule[] =>
  list(config.spec["http"])
    .map(record)
    .flatMap((route, index): Rule[] => {
      const rule: Rule = {
        object: config.object,
        path: `spec.http[${index}]`,
        namespace: config.namespace,
        matches: matchesOf(route, config.namespace),
        route,
      }
      if (route["delegate"] === undefined) return [rule]
      const { name, namespace } = record(route["delegate"])
      const target = mesh.virtualServices.get(key(text(namespace) || config.namespace, text(name)))
      const visible = target && isExportedTo(target.exportTo, target.namespace, config.namespace)
      return visible && target.hosts.length === 0 ? delegated(rule, target) : []
    })

const queryOf = (path: string): ReadonlyMap<string, string> =>
  new Map(new URLSearchParams(path.includes("?") ? path.slice(path.indexOf("?") + 1) : ""))

const all = (matches: unknown, matches1: (match: unknown, name: string) => boolean): boolean =>
  Object.entries(record(matches)).every(([name, match]) => matches1(match, name))

/** Whether a request satisfies one match: everything it names must hold. Source: istio.io, HTTPMatchRequest. */
export function matchesRequest(match: Json, request: HttpRequest): boolean {
  const path = request.path.split("?")[0] ?? ""
  const query = queryOf(request.path)
  const empty = (candidate: unknown): boolean => Object.keys(record(candidate)).length === 0
  return (
    matchesString(match["uri"], path, match["ignoreUriCase"] === true) &&
    matchesString(match["method"], request.method) &&
    matchesString(match["authority"], request.host) &&
    matchesString(match["scheme"], "http") &&
    all(match["headers"], (header, name) => matchesOptional(header, request.headers[name.toLowerCase()])) &&
    all(match["withoutHeaders"], (header, name) => {
      const value = request.headers[name.toLowerCase()]
      return empty(header) ? value === undefined : !matchesString(header, value ?? "")
    }) &&
    all(match["queryParams"], (parameter, name) => matchesOptional(parameter, query.get(name)))
  )
}

/** The first rule that takes the request. */
export const firstMatching = (rules: readonly Rule[], request: HttpRequest): Rule | undefined =>
  rules.find(({ matches }) => matches.length === 0 || matches.some((match) => matchesRequest(match, request)))

const withoutMatch = (match: Json, field: string): boolean => Object.keys(record(match[field])).length === 0

/** A rule that takes every request; at a gateway, where virtual services of one host are joined, such rules go last. Source: pilot `IsCatchAllRoute`. */
export const isCatchAll = ({ matches }: Rule): boolean =>
  matches.length === 0 ||
  matches.some((match) => {
    const [[kind, value] = ["prefix", "/"]] = Object.entries(record(match["uri"]))
    const everything =
      value === "/" ? kind === "prefix" || kind === "pathPrefix" : kind === "regex" && value === ".*"
    const fields = ["headers", "withoutHeaders", "queryParams", "method", "authority", "scheme"]
    return everything && fields.every((field) => withoutMatch(match, field))
  })

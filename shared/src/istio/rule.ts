import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import type { Client, HttpRequest } from "./client.ts"
import { type Mesh, type VirtualService, isSubset, key } from "./mesh.ts"
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
function isForProxy(match: Json, namespace: string, { client, port, gateways }: RouteContext): boolean {
  if (number(match["port"]) !== 0 && number(match["port"]) !== port) return false
  const named = strings(match["gateways"])
  if (named.length > 0)
    return named.some((name) =>
      gateways.has(name === "mesh" || name.includes("/") ? name : key(namespace, name)),
    )
  if (!isSubset(stringMap(match["sourceLabels"]), client.labels)) return false
  const from = text(match["sourceNamespace"])
  return from === "" || from === client.namespace
}

/** The rules whose matches concern this proxy, without the matches that do not. */
export const forProxy = (rules: readonly Rule[], context: RouteContext): Rule[] =>
  rules.flatMap((rule) => {
    if (rule.matches.length === 0) return [rule]
    const matches = rule.matches.filter((match) => isForProxy(match, rule.namespace, context))
    return matches.length === 0 ? [] : [{ ...rule, matches }]
  })

const conflicts = (root: Json, leaf: Json): boolean => {
  const maps = ["headers", "withoutHeaders", "queryParams"].some((field) =>
    Object.entries(record(leaf[field])).some(([name, match]) =>
      stringMatchesConflict(record(root[field])[name], match),
    ),
  )
  const [rootPort, leafPort] = [number(root["port"]), number(leaf["port"])]
  return (
    maps ||
    ["uri", "scheme", "method", "authority"].some((field) =>
      stringMatchesConflict(root[field], leaf[field]),
    ) ||
    (root["ignoreUriCase"] === true) !== (leaf["ignoreUriCase"] === true) ||
    (rootPort > 0 && leafPort > 0 && rootPort !== leafPort)
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

/** A delegate's routes under its root's: matches are joined, what contradicts is dropped, and the root's settings are the default. */
function delegated(root: Rule, target: VirtualService): Rule[] {
  const { delegate: _, match: __, ...defaults } = root.route
  return list(target.spec["http"])
    .map(record)
    .flatMap((route, index): Rule[] => {
      const leaves = list(route["match"]).map(record)
      const roots = root.matches.length === 0 ? [{}] : root.matches
      const matches = roots.flatMap((outer) =>
        (leaves.length === 0 ? [{}] : leaves)
          .filter((inner) => leaves.length === 0 || !conflicts(outer, inner))
          .map((inner) => mergedMatch(outer, inner)),
      )
      if (matches.length === 0) return []
      return [
        {
          object: target.object,
          path: `spec.http[${index}]`,
          namespace: target.namespace,
          matches: root.matches.length === 0 && leaves.length === 0 ? [] : matches,
          route: { ...defaults, ...route },
        },
      ]
    })
}

/** The http routes of a VirtualService in order, delegates written out. */
export const rulesOf = (mesh: Mesh, config: VirtualService): Rule[] =>
  list(config.spec["http"])
    .map(record)
    .flatMap((route, index): Rule[] => {
      const rule: Rule = {
        object: config.object,
        path: `spec.http[${index}]`,
        namespace: config.namespace,
        matches: list(route["match"]).map(record),
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

/** A rule that takes every request; at a gateway, where virtual services of one host are joined, such rules go last. */
export const isCatchAll = ({ matches }: Rule): boolean =>
  matches.length === 0 ||
  matches.some((match) => {
    const fields = Object.keys(match).filter((field) => !["name", "gateways", "port", "uri"].includes(field))
    const uri = record(match["uri"])
    const everything =
      match["uri"] === undefined || uri["prefix"] === "/" || uri["regex"] === ".*" || uri["regex"] === "*"
    return everything && fields.every((field) => Object.keys(record(match[field])).length === 0)
  })

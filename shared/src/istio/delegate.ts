import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import { type Mesh, type VirtualService, gatewayName, key } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { Rule } from "./rule.ts"
import { stringMatchesConflict } from "./string-match.ts"
import { isExportedTo } from "./visibility.ts"

/** Gateways by their full names, so that a match means the same wherever it is merged into. */
export const matchesOf = (route: Json, namespace: string): Json[] =>
  list(route["match"]).map((entry) => {
    const match = record(entry)
    const gateways = strings(match["gateways"])
    return gateways.length === 0
      ? match
      : { ...match, gateways: gateways.map((name) => gatewayName(name, namespace)) }
  })

const differ = (root: unknown, leaf: unknown): boolean =>
  Object.entries(stringMap(leaf)).some(([label, value]) => (stringMap(root)[label] ?? value) !== value)

const gatewaysDiffer = (root: readonly string[], leaf: readonly string[]): boolean =>
  root.length > 0 &&
  leaf.length > 0 &&
  (root.length < leaf.length || leaf.some((name) => !root.includes(name)))

/** Source: pilot `hasConflict`. */
function conflicts(root: Json, leaf: Json): boolean {
  const maps = ["headers", "withoutHeaders", "queryParams"].some((field) =>
    Object.entries(record(leaf[field])).some(([name, match]) =>
      stringMatchesConflict(record(root[field])[name], match),
    ),
  )
  const [rootPort, leafPort] = [number(root["port"]), number(leaf["port"])]
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
    gatewaysDiffer(strings(root["gateways"]), strings(leaf["gateways"]))
  )
}

const maps = ["headers", "withoutHeaders", "queryParams", "sourceLabels"] as const
const scalars = ["uri", "scheme", "method", "authority", "port", "sourceNamespace", "gateways"] as const

/** What the leaf says, and what the root says where it says nothing. Source: pilot `mergeHTTPMatchRequest`. */
function mergedMatch(root: Json, leaf: Json): Json {
  const merged: Record<string, unknown> = { ...leaf }
  for (const field of scalars) if (leaf[field] === undefined) merged[field] = root[field]
  for (const field of maps) merged[field] = { ...record(root[field]), ...record(leaf[field]) }
  return merged
}

/** Matches of a delegate's route under its root's; undefined when one of them is within none of the root's, which drops the route. */
function mergedMatches(roots: readonly Json[], leaves: readonly Json[]): readonly Json[] | undefined {
  if (roots.length === 0) return leaves
  if (leaves.length === 0) return roots
  const merged: Json[] = []
  for (const leaf of leaves) {
    const within = roots.filter((root) => !conflicts(root, leaf))
    if (within.length === 0) return undefined
    for (const root of within) merged.push(mergedMatch(root, leaf))
  }
  return merged
}

/** What a delegate's route takes from its root where it says nothing itself. Source: pilot `mergeHTTPRoute`. */
const inherited = [
  ...["rewrite", "directResponse", "timeout", "retries", "fault"],
  ...["mirror", "mirrors", "mirrorPercent", "mirrorPercentage", "corsPolicy", "headers"],
]

/** The routes of a delegate as its root's route lets them through; those that it does not let through are left out. */
export const delegatedRules = (root: Rule, target: VirtualService): Rule[] =>
  list(target.spec["http"]).flatMap((entry, index): Rule[] => {
    const route = record(entry)
    const matches = mergedMatches(root.matches, matchesOf(route, target.namespace))
    if (matches === undefined) return []
    const merged: Record<string, unknown> = { ...route }
    for (const field of inherited) merged[field] ??= root.route[field]
    return [
      {
        object: target.object,
        path: `spec.http[${index}]`,
        namespace: target.namespace,
        matches,
        route: merged,
        via: root,
      },
    ]
  })

/** The VirtualService a route delegates to, or why there is none that it may use. Source: istio.io, Delegate. */
export function delegateOf(
  mesh: Mesh,
  config: Pick<VirtualService, "object" | "namespace">,
  route: Json,
): { target: VirtualService } | { reason: Reason } {
  const delegate = record(route["delegate"])
  const [name, namespace] = [text(delegate["name"]), text(delegate["namespace"]) || config.namespace]
  const target = mesh.virtualServices.get(key(namespace, name))
  const refuse = (code: string, why: string) => ({
    reason: reason(code, `${named(config.object)} delegates to ${namespace}/${name}, ${why}`, config.object),
  })
  if (target === undefined) return refuse("delegate.unknown", "which is not there")
  if (target.hosts.length > 0) return refuse("delegate.has_hosts", "which has hosts and so is no delegate")
  return isExportedTo(target.exportTo, target.namespace, config.namespace)
    ? { target }
    : refuse("delegate.not_exported", `which is not exported to ${config.namespace}`)
}

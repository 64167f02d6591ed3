import { comparePrecedence } from "./http-route.ts"
import type { GatewayRule } from "./mesh.ts"
import type { Routed, Rule } from "./rule.ts"
import { byCodeUnit } from "../order.ts"

/** Oldest first, then by namespace and name; the rules of one route stay in their order. Source: pilot `sortRoutesByCreationTime`. */
const byAge = (a: GatewayRule, b: GatewayRule): number =>
  byCodeUnit(a.created, b.created) ||
  byCodeUnit(a.namespace, b.namespace) ||
  byCodeUnit(a.object.name, b.object.name)

const ruleOf = (rule: GatewayRule): Rule => ({
  object: rule.object,
  path: rule.path,
  namespace: rule.namespace,
  matches: rule.match === undefined ? [] : [rule.match],
  route: rule.route,
})

/**
 * Rules of the Gateway API by host, all routes of a host joined to one by precedence; it counts as one of the oldest of them.
 * Source: Gateway API, HTTPRouteRule.matches; pilot `mergeHTTPRoutes`.
 */
export function joinedRoutes(
  rules: readonly GatewayRule[],
  hostsOf: (rule: GatewayRule) => readonly string[],
): Routed[] {
  const byHost = new Map<string, GatewayRule[]>()
  for (const rule of rules.toSorted(byAge))
    for (const host of new Set(hostsOf(rule).map((written) => written.toLowerCase()))) {
      const known = byHost.get(host)
      if (known === undefined) byHost.set(host, [rule])
      else known.push(rule)
    }
  return [...byHost].flatMap(([host, own]): Routed[] => {
    const [oldest] = own
    if (oldest === undefined) return []
    const { object, namespace, created } = oldest
    return [
      {
        ...{ object, namespace, created, hosts: [host], exportTo: [], gatewayApi: true },
        rules: own.toSorted(comparePrecedence).map(ruleOf),
      },
    ]
  })
}

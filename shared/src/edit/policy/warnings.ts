import { type TrafficPolicy, policyFor } from "../../istio/destination-rule.ts"
import { type Json, isRecord, list, number, record, text } from "../../topology/fact/read.ts"
import { at } from "../../validation/path.ts"
import type { Warning } from "../plan.ts"
import { isSame } from "../same.ts"
import { ruleOf } from "../route/versions.ts"
import type { World } from "../world.ts"
import { type Place, serviceOf, wordsOf } from "./place.ts"

/** Leaves of a value by their path. */
function leavesOf(value: unknown, path = ""): Map<string, unknown> {
  if (!isRecord(value)) return new Map([[path, value]])
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leavesOf(inner, at(path, key))]))
}

/** The policy that a client beside the service applies at the scope. */
export function effectiveAt(world: World, { target, scope, version }: Place): TrafficPolicy {
  const rule = ruleOf(world, target.service)
  const port = scope.port ?? -1
  return policyFor(rule, version?.subset ?? "", port)
}

const valueOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/**
 * What counted at the scope from further out and does not any more: settings of a port take the place of all others, a subset's of what they name.
 * Source: istio.io, TrafficPolicy.PortTrafficPolicy.
 */
export function lost(
  place: Place,
  own: Json,
  effective: { before: TrafficPolicy; after: TrafficPolicy },
): Warning[] {
  if (place.scope.port === undefined && place.version === undefined) return []
  const [before, after, written] = [effective.before, effective.after, own].map((value) => leavesOf(value))
  const gone = [...(before ?? [])].filter(
    ([path]) => after?.has(path) !== true && written?.has(path) !== true,
  )
  if (gone.length === 0) return []
  const settings = gone.map(([path, value]) => `${path} ${valueOf(value)}`).join(", ")
  const how =
    place.scope.port === undefined
      ? "Settings of a subset take the place of the host's section by section"
      : "Settings of a port take the place of all that is said for the host and the subset"
  return [
    {
      code: "destination_rule.replaced",
      message: `${how}: for ${wordsOf(place)} these do not count any more: ${settings}`,
    },
  ]
}

/** Ports and subsets with settings of their own, for which what is said at the scope does not count. */
export function overridden(place: Place, spec: Json, sections: readonly string[]): Warning[] {
  if (place.scope.port !== undefined) return []
  const subsets = list(spec["subsets"]).map(record)
  const holder =
    place.version === undefined ? spec : (subsets.find(({ name }) => name === place.version?.subset) ?? {})
  const ports = list(record(holder["trafficPolicy"])["portLevelSettings"]).map(
    (entry) => `port ${number(record(record(entry)["port"])["number"])}`,
  )
  const own =
    place.version === undefined
      ? subsets
          .filter((subset) => sections.some((name) => record(subset["trafficPolicy"])[name] !== undefined))
          .map((subset) => `subset ${text(subset["name"])}`)
      : []
  const all = [...ports, ...own]
  return all.length === 0
    ? []
    : [
        {
          code: "destination_rule.overridden",
          message: `What is set here does not count for ${all.join(", ")}: ${all.length === 1 ? "it has" : "they have"} settings of ${all.length === 1 ? "its" : "their"} own`,
        },
      ]
}

/** Clients that use another rule for the host: those of their own namespace come first. */
export function elsewhere(world: World, { target, object }: Place): Warning[] {
  const { service } = target
  const namespaces = new Set<string>()
  for (const rules of world.mesh.destinationRules.values())
    for (const rule of rules) if (rule.host === service.host) namespaces.add(rule.namespace)
  for (const own of [object.metadata.namespace ?? "", service.namespace, world.mesh.settings.rootNamespace])
    namespaces.delete(own)
  const others = [...namespaces].toSorted().join(", ")
  return others === ""
    ? []
    : [
        {
          code: "destination_rule.overruled",
          message: `Clients in ${others} have a DestinationRule of their own for ${service.host}, which this does not touch`,
        },
      ]
}

/** Locality failover begins when endpoints are ejected. Source: istio.io, "Locality Load Balancing", failover. */
export function failoverWithoutOutlier(place: Place, before: TrafficPolicy, after: TrafficPolicy): Warning[] {
  const failsOver = ({ loadBalancer }: TrafficPolicy): boolean => {
    const { failover, failoverPriority, enabled, distribute } = record(loadBalancer?.["localityLbSetting"])
    return (
      list(failover).length > 0 ||
      list(failoverPriority).length > 0 ||
      (enabled === true && list(distribute).length === 0)
    )
  }
  if (!failsOver(after) || after.outlierDetection !== undefined) return []
  if (failsOver(before) && isSame(before, after)) return []
  return [
    {
      code: "load_balancing.failover_without_outlier_detection",
      message: `Failover begins when outlier detection ejects endpoints, and ${serviceOf(place)} has none: set it with the circuit breaker as well`,
    },
  ]
}

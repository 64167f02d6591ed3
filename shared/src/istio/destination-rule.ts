import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { type Joined, closest, poolsIn } from "./destination-rule-pool.ts"
import { type Labels, type Mesh, isSubset } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { RegistryService } from "./registry.ts"

/** The parts of a traffic policy as written; absent ones keep Istio's defaults. Source: istio.io, TrafficPolicy. */
export type TrafficPolicy = {
  tls?: Json
  connectionPool?: Json
  outlierDetection?: Json
  loadBalancer?: Json
}
const parts = ["tls", "connectionPool", "outlierDetection", "loadBalancer"] as const

/** What destination rules say to one client about one service. */
export type EffectiveRule = {
  /** Objects it was merged from, the first that counts first; empty when none applies. */
  objects: readonly ObjectRef[]
  subsets: readonly { name: string; labels: Labels; policy: Json }[]
  policy: Json
  reasons: readonly Reason[]
}

const noRule: EffectiveRule = { objects: [], subsets: [], policy: {}, reasons: [] }

/**
 * The destination rule a client uses for a service: from its own namespace, else the service's, else the root namespace.
 * A client in the root namespace only looks at private rules there first, as pilot does.
 * Source: istio.io, "Traffic Management Best Practices", cross-namespace configuration; pilot `destinationRule`.
 */
export function destinationRuleFor(
  mesh: Mesh,
  client: Client,
  service: Pick<RegistryService, "host" | "namespace">,
): EffectiveRule {
  const root = mesh.settings.rootNamespace
  const poolsOf = (namespace: string) => poolsIn(mesh.destinationRules.get(namespace))
  const own = poolsOf(client.namespace)
  const lookups: [string, () => readonly Joined[]][] = [
    [
      "the client's namespace",
      () => closest(client.namespace === root ? own?.rootLocal : own?.local, service.host),
    ],
    ...[["the service's namespace", service.namespace] as const, ["the root namespace", root] as const].map(
      ([where, namespace]): [string, () => readonly Joined[]] => [
        where,
        () =>
          closest(poolsOf(namespace)?.exported, service.host).filter(
            ({ exportTo }) => exportTo.size === 0 || exportTo.has("*") || exportTo.has(client.namespace),
          ),
      ],
    ),
  ]
  for (const [where, find] of lookups) {
    const found = find()
    if (found.length > 0) return chosen(found, client, where)
  }
  return noRule
}

/** Of the rules for one host the one that selects the client, else the last for everybody; none when all select others. Source: pilot `SidecarScope.DestinationRule`. */
function chosen(rules: readonly Joined[], client: Client, where: string): EffectiveRule {
  const rule =
    rules.find(
      ({ selector, namespace }) =>
        selector !== undefined && namespace === client.namespace && isSubset(selector, client.labels),
    ) ?? rules.findLast(({ selector }) => selector === undefined)
  const [first] = rule?.objects ?? []
  if (rule === undefined || first === undefined) return noRule
  return {
    objects: rule.objects,
    subsets: rule.subsets,
    policy: rule.policy ?? {},
    reasons: [reason("destination_rule.found", `${named(first)} applies: it is in ${where}`, first)],
  }
}

function portLevel(policy: Json, port: number): Json | undefined {
  return list(policy["portLevelSettings"])
    .map(record)
    .find((setting) => number(record(setting["port"])["number"]) === port)
}

const partsOf = (policy: Json): TrafficPolicy =>
  Object.fromEntries(
    parts.filter((part) => policy[part] !== undefined).map((part) => [part, record(policy[part])]),
  )

/** A setting for a port replaces the policy whole; a subset's replaces what it names. Source: istio.io, TrafficPolicy.PortTrafficPolicy. */
export function policyFor(rule: EffectiveRule, subset: string, port: number): TrafficPolicy {
  const ofPort = portLevel(rule.policy, port)
  const base = partsOf(ofPort ?? rule.policy)
  const own = rule.subsets.find(({ name }) => name === subset)?.policy
  if (!own) return base
  const ownPort = portLevel(own, port)
  return ownPort ? partsOf(ownPort) : { ...base, ...partsOf(own) }
}

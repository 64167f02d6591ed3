import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, number, record, stringMap, text } from "../topology/fact/read.ts"
import type { Client } from "./client.ts"
import { compareSpecificity, hostMatches } from "./host.ts"
import { type DestinationRule, type Labels, type Mesh, isSubset } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"
import type { RegistryService } from "./registry.ts"
import { isExportedTo } from "./visibility.ts"

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

const clientLabels = (rule: DestinationRule): Labels =>
  stringMap(record(rule.spec["workloadSelector"])["matchLabels"])

/** Rules of one namespace for the host that this client may use: those with the most specific host; one that selects the client before the others. */
function rulesIn(
  mesh: Mesh,
  namespace: string,
  host: string,
  client: Client,
  usable: (rule: DestinationRule) => boolean,
) {
  const all = (mesh.destinationRules.get(namespace) ?? []).filter(
    (rule) => hostMatches(rule.host, host) && usable(rule) && isSubset(clientLabels(rule), client.labels),
  )
  const closest = all.map((rule) => rule.host).sort(compareSpecificity)[0]
  const same = all.filter((rule) => rule.host === closest)
  const selecting = same.filter((rule) => Object.keys(clientLabels(rule)).length > 0)
  return selecting.length > 0 ? selecting.slice(0, 1) : same
}

/** Rules of one host in one namespace are joined: subsets of all, the first of a name counts, and the first traffic policy. */
function merged(rules: readonly DestinationRule[], found: Reason): EffectiveRule {
  const subsets = new Map<string, EffectiveRule["subsets"][number]>()
  for (const rule of rules)
    for (const subset of list(rule.spec["subsets"]).map(record)) {
      const name = text(subset["name"])
      if (!subsets.has(name))
        subsets.set(name, {
          name,
          labels: stringMap(subset["labels"]),
          policy: record(subset["trafficPolicy"]),
        })
    }
  return {
    objects: rules.map(({ object }) => object),
    subsets: [...subsets.values()],
    policy: record(rules.find((rule) => rule.spec["trafficPolicy"] !== undefined)?.spec["trafficPolicy"]),
    reasons: [found],
  }
}

const isPrivate = ({ exportTo }: DestinationRule): boolean => exportTo.length === 1 && exportTo[0] === "."

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
  const exported = (rule: DestinationRule): boolean =>
    isExportedTo(rule.exportTo, rule.namespace, client.namespace)
  const lookups = [
    {
      namespace: client.namespace,
      where: "the client's namespace",
      usable: client.namespace === root ? isPrivate : () => true,
    },
    { namespace: service.namespace, where: "the service's namespace", usable: exported },
    { namespace: root, where: "the root namespace", usable: exported },
  ]
  for (const { namespace, where, usable } of lookups) {
    const rules = rulesIn(mesh, namespace, service.host, client, usable)
    const first = rules[0]
    if (first)
      return merged(
        rules,
        reason("destination_rule.found", `${named(first.object)} applies: it is in ${where}`, first.object),
      )
  }
  return noRule
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

import { configHost, hostMatches, isWildcard } from "../../../istio/host.ts"
import { type DestinationRule, byAge } from "../../../istio/mesh.ts"
import { list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, derived, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { audienceOf, hears, shared } from "./audience.ts"
import { serviceOfHost, servicesOf } from "./host.ts"
import { hidingSidecar } from "./imports.ts"
import { destinationRuleKind, instanceKinds, registryKinds, sidecarKind } from "./kinds.ts"
import { listed } from "./words.ts"

export const duplicateRule = rule({
  code: "destinationrule.duplicate",
  aliases: ["KIA0201"],
  level: "warning",
  title: "Several DestinationRules say different things of one host",
  effect:
    "Istio joins the rules of one host in a namespace: the first of each subset counts, and the first traffic policy; the rest is passed over",
  remedy: "Join the rules into one",
  source: "https://istio.io/latest/docs/ops/best-practices/traffic-management/#split-virtual-services",
})
export const shadowingRule = rule({
  code: "destinationrule.shadowing",
  aliases: [],
  level: "warning",
  title: "DestinationRule hides one of the service's owner",
  effect:
    "A client takes the rule of its own namespace whole and nothing of the service's, which loses its subsets and TLS settings there",
  remedy: "Repeat in this rule what the other one sets, or remove it",
  source: "https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration",
})

const selectorOf = (found: DestinationRule): string => {
  const selector = found.spec["workloadSelector"]
  if (selector === undefined) return ""
  return Object.entries(stringMap(record(selector)["matchLabels"]))
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join()
}

const subsetsOf = ({ spec }: DestinationRule): string[] =>
  list(spec["subsets"]).map((subset) => text(record(subset)["name"]))

const exportsOf = ({ exportTo }: DestinationRule): string => [...exportTo].sort().join()

/** What both set, of which only one is taken. Undefined when they go together. */
function collision(a: DestinationRule, b: DestinationRule, isMerged: boolean): string | undefined {
  if (!isMerged)
    return "are exported differently and so are not joined: a client of both takes one of them whole"
  const names = new Set(subsetsOf(a))
  const both = subsetsOf(b).filter((name) => names.has(name))
  if (both.length > 0) return `both define subset ${listed(both)}`
  if (a.spec["trafficPolicy"] !== undefined && b.spec["trafficPolicy"] !== undefined)
    return "both set a trafficPolicy"
  return names.size === 0 && subsetsOf(b).length === 0 ? "both are for the whole host" : undefined
}

/** What a rule sets that only one may: another that sets one of these collides with it. */
function* claimsOf(rule_: DestinationRule): Iterable<string> {
  const subsets = subsetsOf(rule_)
  for (const name of subsets) yield `subset ${name}`
  if (rule_.spec["trafficPolicy"] !== undefined) yield "policy"
  if (subsets.length === 0) yield "host"
}

/** Rules of one host, namespace and selector that are exported alike, and where they stand among all. */
type Alike = {
  first: DestinationRule
  places: readonly number[]
  /** The first two by each of their claims. */
  claims: ReadonlyMap<string, readonly number[]>
}

type Gathered = { first: DestinationRule; places: number[]; claims: Map<string, number[]> }

/** Rules of a namespace for one host, by whom they select and are exported to; so that of a thousand not each is held against each. */
type Crowd = { all: readonly DestinationRule[]; alike: ReadonlyMap<string, ReadonlyMap<string, Alike>> }

const crowdOf = derived<Crowd>({
  name: "destination-rules-of-a-host",
  compute: ({ mesh }, at) => {
    const slash = at.indexOf("/")
    const host = at.slice(slash + 1)
    const all = (mesh.destinationRules.get(at.slice(0, slash)) ?? []).filter((rule_) => rule_.host === host)
    const alike = new Map<string, Map<string, Gathered>>()
    for (const [place, rule_] of all.entries()) {
      const selector = selectorOf(rule_)
      const byExports = alike.get(selector) ?? new Map<string, Gathered>()
      alike.set(selector, byExports)
      const exports = exportsOf(rule_)
      const group: Gathered = byExports.get(exports) ?? { first: rule_, places: [], claims: new Map() }
      byExports.set(exports, group)
      group.places.push(place)
      for (const claim of new Set(claimsOf(rule_))) {
        const places = group.claims.get(claim)
        if (places === undefined) group.claims.set(claim, [place])
        else if (places.length < 2) places.push(place)
      }
    }
    return { all, alike }
  },
})

/** The place of the first other that has one of its claims; infinite: none has. */
function claimedBefore(own: DestinationRule, all: readonly DestinationRule[], { claims }: Alike): number {
  let found = Infinity
  for (const claim of claimsOf(own))
    for (const place of claims.get(claim) ?? []) if (all[place] !== own) found = Math.min(found, place)
  return found
}

/** The first other rule of the host, in the order istiod takes them, that does not go together with one. */
function colliding(
  own: DestinationRule,
  { all, alike }: Crowd,
  byDefault: readonly string[],
): DestinationRule | undefined {
  const audience = audienceOf(own.exportTo, own.namespace, byDefault)
  const exports = exportsOf(own)
  let found = all.length
  for (const [theirs, group] of alike.get(selectorOf(own)) ?? []) {
    if (!shared(audience, audienceOf(group.first.exportTo, group.first.namespace, byDefault))) continue
    if (theirs !== exports) found = Math.min(found, group.places[0] ?? found)
    else found = Math.min(found, claimedBefore(own, all, group))
  }
  return all[found]
}

function isUnseen(view: View, namespace: string, host: string): boolean {
  if (
    view.mesh.sidecars.get(namespace) === undefined &&
    view.mesh.sidecars.get(view.settings.rootNamespace) === undefined
  )
    return false
  const services = isWildcard(host) ? [] : servicesOf(view, host)
  const homes =
    services.length > 0
      ? services.map((service) => service.namespace)
      : [serviceOfHost(host, view.settings.domain)?.namespace ?? namespace]
  return homes.every((home) => home !== namespace && hidingSidecar(view, namespace, host, home) !== undefined)
}

function reportDuplicate(own: DestinationRule, view: View, report: Report): void {
  const crowd = view.derive(crowdOf, `${own.namespace}/${own.host}`)
  const other = colliding(own, crowd, view.settings.exportTo.destinationRule)
  if (other === undefined || isUnseen(view, own.namespace, own.host)) return
  const how = collision(own, other, exportsOf(own) === exportsOf(other))
  if (how === undefined) return
  const first = byAge(own, other) < 0 ? own : other
  report(duplicateRule, {
    path: "spec.host",
    message: `${other.object.name} is for ${own.host} too: ${how}; ${first === own ? "this one is older and wins" : `${first.object.name} is older and wins`}`,
    references: [{ object: other.object, path: "spec.host" }],
  })
}

/** What of the service's own rule a client loses. */
function lost(own: DestinationRule, other: DestinationRule): string | undefined {
  const names = new Set(subsetsOf(own))
  const subsets = subsetsOf(other).filter((name) => !names.has(name))
  if (subsets.length > 0) return `subset${subsets.length > 1 ? "s" : ""} ${listed(subsets)}`
  const tls = record(record(other.spec["trafficPolicy"])["tls"])["mode"]
  const ownTls = record(record(own.spec["trafficPolicy"])["tls"])["mode"]
  return typeof tls === "string" && ownTls === undefined ? `TLS mode ${tls}` : undefined
}

/** DestinationRules by each suffix of their exact hosts. Asked only for rules with a wildcard outside of the root namespace. */
const rulesBySuffix = index({
  name: "destination-rules-by-suffix",
  kind: destinationRuleKind,
  keysOf: (object, { domain }) => {
    const host = configHost(text(record(object["spec"])["host"]), object.metadata.namespace ?? "", domain)
    const suffixes: string[] = []
    if (!isWildcard(host))
      for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1))
        suffixes.push(host.slice(dot))
    return suffixes
  },
})

/** The rules that services' own namespaces have for the hosts of this one. */
function owned(own: DestinationRule, view: View): DestinationRule[] {
  if (isWildcard(own.host))
    return view.find(rulesBySuffix, own.host.slice(1)).flatMap(({ metadata }) => {
      const { name, namespace = "" } = metadata
      const found = view.mesh.destinationRules.get(namespace)?.find((rule_) => rule_.object.name === name)
      return found && servicesOf(view, found.host).some((service) => service.namespace === namespace)
        ? [found]
        : []
    })
  const found: DestinationRule[] = []
  for (const { namespace } of servicesOf(view, own.host)) {
    if (namespace === own.namespace) return []
    for (const other of view.mesh.destinationRules.get(namespace) ?? [])
      if (hostMatches(other.host, own.host)) found.push(other)
  }
  return found
}

/** A rule outside of the service's namespace takes the place of the one there, for clients of its namespace. */
function reportShadowing(own: DestinationRule, view: View, report: Report): void {
  const byDefault = view.settings.exportTo.destinationRule
  let first: { other: DestinationRule; what: string } | undefined
  let more = 0
  const mine = isWildcard(own.host) ? (view.mesh.destinationRules.get(own.namespace) ?? []) : []
  for (const other of owned(own, view)) {
    if (other.namespace === own.namespace || other.namespace === view.settings.rootNamespace) continue
    if (!hears(audienceOf(other.exportTo, other.namespace, byDefault), own.namespace)) continue
    // A rule of its own for the very host goes before the wildcard.
    const what = mine.some(({ host }) => host === other.host) ? undefined : lost(own, other)
    if (what === undefined) continue
    if (first === undefined) first = { other, what }
    else more++
  }
  if (first === undefined) return
  const { other, what } = first
  report(shadowingRule, {
    path: "spec.host",
    message: `clients in ${own.namespace} take this rule alone for ${isWildcard(own.host) ? other.host : own.host} and lose ${what} of ${other.namespace}/${other.object.name}${more > 0 ? `, and what ${more} more set` : ""}`,
    references: [{ object: other.object, path: "" }],
  })
}

export const destinationRuleMerge = check({
  name: "destinationrule/merge",
  subject: destinationRuleKind,
  reads: [destinationRuleKind, ...registryKinds, ...instanceKinds, sidecarKind],
  rules: [duplicateRule, shadowingRule],
  run: (object, view, report) => {
    const namespace = object.metadata.namespace ?? ""
    const rules = view.mesh.destinationRules.get(namespace)
    if (rules === undefined) return
    const host = configHost(text(record(object["spec"])["host"]), namespace, view.settings.domain)
    if (host === "") return
    let own: DestinationRule | undefined
    let same = 0
    for (const candidate of rules) {
      if (candidate.host !== host) continue
      same++
      if (candidate.object.name === object.metadata.name) own = candidate
    }
    if (own === undefined) return
    if (same > 1) reportDuplicate(own, view, report)
    if (namespace !== view.settings.rootNamespace) reportShadowing(own, view, report)
  },
})

import { type Config, hasTargets, isSubset, selectorOf } from "../../../istio/mesh.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, strings, text } from "../../../topology/fact/read.ts"
import { type View, check, meshConfigKind } from "../../check.ts"
import { rule } from "../../rule.ts"
import { authorizationPolicy } from "./kinds.ts"
import {
  actionOf,
  fromsOf,
  isTargeted,
  namespaceOf,
  operationOf,
  rulePath,
  rulesOf,
  selectorLabels,
  sourceOf,
  specOf,
  tosOf,
  whensOf,
} from "./policy.ts"
import { some } from "./sentence.ts"
import { isTemplate, patternCovers } from "./value-pattern.ts"

const source = "https://istio.io/latest/docs/concepts/security/#implicit-enablement"

export const overruledByDeny = rule({
  code: "authorizationpolicy.overruled_by_deny",
  aliases: [],
  level: "warning",
  title: "ALLOW rule is overruled by a DENY rule",
  effect: "DENY is asked before ALLOW: everything this rule would let in is refused",
  remedy: "Narrow the DENY rule, or remove this one",
  source,
})

export const uselessBesideAllowAll = rule({
  code: "authorizationpolicy.useless_beside_allow_all",
  aliases: [],
  level: "warning",
  title: "ALLOW policy is useless beside one that allows everything",
  effect:
    "One ALLOW rule that matches is enough, and the other policy matches every request to the same workloads",
  remedy: "Narrow the policy that allows everything, or remove this one",
  source,
})

export const deniesEverything = rule({
  code: "authorizationpolicy.denies_everything",
  aliases: [],
  level: "info",
  title: "Nothing is let in",
  effect:
    "An ALLOW policy without rules matches nothing, and no other ALLOW policy is for the same workloads: every request is refused",
  remedy: "Add an ALLOW policy with rules, if anybody is to be let in",
  source,
})

export const providerUnknown = rule({
  code: "authorizationpolicy.provider_unknown",
  aliases: [],
  level: "error",
  title: "External authorizer is not defined",
  effect: "Istio refuses every request that the policy matches",
  remedy: "Define it under extensionProviders in MeshConfig, as envoyExtAuthzHttp or envoyExtAuthzGrpc",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-custom/",
})

export const severalProviders = rule({
  code: "authorizationpolicy.several_providers",
  aliases: [],
  level: "warning",
  title: "Two external authorizers are for one workload",
  effect:
    "Unless istiod runs with PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS, every request that either policy matches is refused",
  remedy: "Use one authorizer for a workload",
  source: "https://istio.io/latest/docs/tasks/security/authorization/authz-custom/",
})

const isDryRun = (annotations: Readonly<Record<string, string>> | undefined): boolean =>
  annotations?.["istio.io/dry-run"] === "true"

/** Policies that are for everything this one is for (its own namespace or the root's, a selector that asks for less), itself left out. */
function* policiesOver(view: View, policy: KubeObject, action: string): Generator<Config> {
  const namespace = namespaceOf(policy)
  const own = selectorLabels(specOf(policy)) ?? {}
  const root = view.settings.rootNamespace
  for (const place of namespace === root ? [root] : [namespace, root])
    for (const config of view.mesh.authorizationPolicies.get(place) ?? []) {
      if (place === namespace && config.object.name === policy.metadata.name) continue
      if (actionOf(config.spec) !== action || hasTargets(config) || isDryRun(config.annotations)) continue
      if (isSubset(selectorOf(config) ?? {}, own)) yield config
    }
}

const isEmpty = (entry: Json): boolean => {
  for (const field in entry) if (list(entry[field]).length > 0) return false
  return true
}
/** A rule that matches every request. */
const isEverything = (item: Json): boolean =>
  list(item["from"]).length === 0 && list(item["to"]).length === 0 && list(item["when"]).length === 0

const valueCovers = (wide: string, narrow: string): boolean =>
  wide === narrow ||
  (!isTemplate(wide) && !isTemplate(narrow) && !wide.includes("/32") && patternCovers(wide, narrow))
const covers = (wide: readonly string[], narrow: readonly string[]): boolean =>
  narrow.length > 0 && narrow.every((value) => wide.some((other) => valueCovers(other, value)))

/** Whether every request that meets `narrow` meets `wide`. */
function entryCovers(wide: Json, narrow: Json): boolean {
  for (const field in wide) {
    const wanted = strings(wide[field])
    if (wanted.length === 0) continue
    const own = strings(narrow[field])
    // What is refused there must be refused here too; what is asked there must be all that is asked here.
    if (field.startsWith("not") ? !covers(own, wanted) : !covers(wanted, own)) return false
  }
  return true
}

const entriesCover = (wide: readonly Json[], narrow: readonly Json[]): boolean =>
  wide.length === 0 ||
  wide.some(isEmpty) ||
  (narrow.length > 0 && narrow.every((one) => wide.some((other) => entryCovers(other, one))))

const conditionCovers = (wide: Json, narrow: Json): boolean =>
  wide["key"] === narrow["key"] &&
  entryCovers({ values: wide["values"], notValues: wide["notValues"] }, narrow)

export const ruleCovers = (wide: Json, narrow: Json): boolean =>
  entriesCover(fromsOf(wide).map(sourceOf), fromsOf(narrow).map(sourceOf)) &&
  entriesCover(tosOf(wide).map(operationOf), tosOf(narrow).map(operationOf)) &&
  whensOf(wide).every((condition) =>
    whensOf(narrow).some((own) => conditionCovers(record(condition), record(own))),
  )

export const overruled = check({
  name: "authorizationpolicy/overruled",
  subject: authorizationPolicy,
  reads: [authorizationPolicy],
  rules: [overruledByDeny, uselessBesideAllowAll, deniesEverything],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    if (actionOf(spec) !== "ALLOW" || isTargeted(spec) || isDryRun(policy.metadata.annotations)) return
    const rules = rulesOf(spec)
    if (rules.length === 0) {
      // Alone in the root namespace it is the base that namespaces build their own on.
      if (namespaceOf(policy) === view.settings.rootNamespace) return
      const isAlone = !(view.mesh.authorizationPolicies.get(namespaceOf(policy)) ?? [])
        .concat(view.mesh.authorizationPolicies.get(view.settings.rootNamespace) ?? [])
        .some((config) => actionOf(config.spec) === "ALLOW" && list(config.spec["rules"]).length > 0)
      if (isAlone)
        report(deniesEverything, {
          path: "spec",
          message: `it has no rules and no other ALLOW policy is for ${namespaceOf(policy)}: every request is refused`,
        })
      return
    }
    rules.forEach((item, at) => {
      for (const deny of policiesOver(view, policy, "DENY")) {
        const index = list(deny.spec["rules"]).findIndex((other) => ruleCovers(record(other), record(item)))
        if (index < 0) continue
        report(overruledByDeny, {
          path: rulePath(at),
          message: `rule ${index} of AuthorizationPolicy ${deny.namespace}/${deny.object.name} denies everything that this rule allows`,
          references: [{ object: deny.object, path: rulePath(index) }],
        })
        return
      }
    })
    if (rules.some((item) => isEverything(record(item)))) return
    for (const allow of policiesOver(view, policy, "ALLOW")) {
      const index = list(allow.spec["rules"]).findIndex((other) => isEverything(record(other)))
      if (index < 0) continue
      report(uselessBesideAllowAll, {
        path: "spec.rules",
        message: `rule ${index} of AuthorizationPolicy ${allow.namespace}/${allow.object.name} allows everything already`,
        references: [{ object: allow.object, path: rulePath(index) }],
      })
      return
    }
  },
})

type Provider = { name: string; authorizes: boolean }

function providersOf(view: View): Provider[] {
  return view
    .all(meshConfigKind)
    .flatMap((config) => list(record(config["spec"])["extensionProviders"]))
    .map((item) => {
      const provider = record(item)
      return {
        name: text(provider["name"]),
        authorizes:
          provider["envoyExtAuthzHttp"] !== undefined || provider["envoyExtAuthzGrpc"] !== undefined,
      }
    })
}

const providerOf = (spec: Json): string => text(record(spec["provider"])["name"])

export const providers = check({
  name: "authorizationpolicy/provider",
  subject: authorizationPolicy,
  reads: [meshConfigKind],
  needs: [meshConfigKind],
  rules: [providerUnknown],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    const name = providerOf(spec)
    if (actionOf(spec) !== "CUSTOM" || name === "") return
    const all = providersOf(view)
    const own = all.filter((provider) => provider.name === name)
    if (own.some(({ authorizes }) => authorizes)) return
    const able = all.filter(({ authorizes }) => authorizes).map((provider) => provider.name)
    report(providerUnknown, {
      path: "spec.provider.name",
      message:
        own.length > 0
          ? `extension provider ${name} of MeshConfig is no external authorizer`
          : `MeshConfig has no extension provider ${name}${able.length > 0 ? `; there is ${some(able)}` : ""}`,
    })
  },
})

/** Two of the same workloads are one conflict: it is laid at the younger. */
function isTwin(policy: KubeObject, other: Config): boolean {
  const [own, their] = [selectorLabels(specOf(policy)) ?? {}, selectorOf(other) ?? {}]
  return namespaceOf(policy) === other.namespace && isSubset(own, their) && isSubset(their, own)
}
function isFirst(view: View, policy: KubeObject, other: Config): boolean {
  const names = (view.mesh.authorizationPolicies.get(other.namespace) ?? []).map(({ object }) => object.name)
  return names.indexOf(policy.metadata.name) < names.indexOf(other.object.name)
}

export const providerConflicts = check({
  name: "authorizationpolicy/several_providers",
  subject: authorizationPolicy,
  reads: [authorizationPolicy],
  rules: [severalProviders],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    if (actionOf(spec) !== "CUSTOM" || isTargeted(spec)) return
    const name = providerOf(spec)
    for (const other of policiesOver(view, policy, "CUSTOM")) {
      if (providerOf(other.spec) === name || providerOf(other.spec) === "") continue
      if (isTwin(policy, other) && isFirst(view, policy, other)) continue
      report(severalProviders, {
        path: "spec.provider.name",
        message: `${name} here and ${providerOf(other.spec)} in AuthorizationPolicy ${other.namespace}/${other.object.name} are for the same workloads`,
        references: [{ object: other.object, path: "spec.provider.name" }],
      })
      return
    }
  },
})

export const overruledRules = [
  overruledByDeny,
  uselessBesideAllowAll,
  deniesEverything,
  providerUnknown,
  severalProviders,
] as const

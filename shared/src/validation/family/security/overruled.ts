import { byAge, isSubset } from "../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Json, list, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, meshConfigKind } from "../../check.ts"
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
import { isDryRun, isEverything, letsIn, policiesOver } from "./policies-over.ts"
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

const isEmpty = (entry: Json): boolean => {
  for (const field in entry) if (list(entry[field]).length > 0) return false
  return true
}
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

const nameOf = (policy: KubeObject): string =>
  `AuthorizationPolicy ${namespaceOf(policy)}/${policy.metadata.name}`

/** Without rules, and alone: in the root namespace such a policy is the base that namespaces build their own on. */
function checkEmpty(policy: KubeObject, view: View, report: Report): void {
  const namespace = namespaceOf(policy)
  const root = view.settings.rootNamespace
  if (namespace === root || letsIn(view, namespace) || letsIn(view, root)) return
  report(deniesEverything, {
    path: "spec",
    message: `it has no rules and no other ALLOW policy is for ${namespace}: every request is refused`,
  })
}

function checkRule(item: Json, at: number, denies: readonly KubeObject[], report: Report): void {
  for (const deny of denies) {
    const index = rulesOf(specOf(deny)).findIndex((other) => ruleCovers(record(other), item))
    if (index < 0) continue
    report(overruledByDeny, {
      path: rulePath(at),
      message: `rule ${index} of ${nameOf(deny)} denies everything that this rule allows`,
      references: [{ object: refOf(deny), path: rulePath(index) }],
    })
    return
  }
}

export const overruled = check({
  name: "authorizationpolicy/overruled",
  subject: authorizationPolicy,
  reads: [authorizationPolicy],
  rules: [overruledByDeny, uselessBesideAllowAll, deniesEverything],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    if (actionOf(spec) !== "ALLOW" || isTargeted(spec) || isDryRun(policy)) return
    const rules = rulesOf(spec)
    if (rules.length === 0) {
      checkEmpty(policy, view, report)
      return
    }
    const denies = [...policiesOver(view, policy, "DENY")]
    if (denies.length > 0)
      rules.forEach((item, at) => {
        checkRule(record(item), at, denies, report)
      })
    if (rules.some((item) => isEverything(record(item)))) return
    const [all] = policiesOver(view, policy, "ALL")
    if (all === undefined) return
    const index = rulesOf(specOf(all)).findIndex((other) => isEverything(record(other)))
    report(uselessBesideAllowAll, {
      path: "spec.rules",
      message: `rule ${index} of ${nameOf(all)} allows everything already`,
      references: [{ object: refOf(all), path: rulePath(index) }],
    })
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
function isTwin(policy: KubeObject, other: KubeObject): boolean {
  const [own, their] = [selectorLabels(specOf(policy)) ?? {}, selectorLabels(specOf(other)) ?? {}]
  return namespaceOf(policy) === namespaceOf(other) && isSubset(own, their) && isSubset(their, own)
}

const aged = (policy: KubeObject) => ({
  created: policy.metadata.creationTimestamp ?? "",
  object: refOf(policy),
})

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
      const their = providerOf(specOf(other))
      if (their === name || their === "") continue
      if (isTwin(policy, other) && byAge(aged(policy), aged(other)) < 0) continue
      report(severalProviders, {
        path: "spec.provider.name",
        message: `${name} here and ${their} in ${nameOf(other)} are for the same workloads`,
        references: [{ object: refOf(other), path: "spec.provider.name" }],
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

import { isSubset } from "../../../istio/mesh.ts"
import { type KubeObject } from "../../../kube/object.ts"
import { type Json, list, record } from "../../../topology/fact/read.ts"
import { type View, index } from "../../check.ts"
import { authorizationPolicy } from "./kinds.ts"
import { actionOf, isTargeted, namespaceOf, rulesOf, selectorLabels, specOf } from "./policy.ts"

type Labels = Readonly<Record<string, string>>

/** A rule that matches every request. */
export const isEverything = (rule: Json): boolean =>
  list(rule["from"]).length === 0 && list(rule["to"]).length === 0 && list(rule["when"]).length === 0

export const isDryRun = (policy: KubeObject): boolean =>
  policy.metadata.annotations?.["istio.io/dry-run"] === "true"

/** What a policy is looked up as; `ALL` for an ALLOW policy with a rule that matches everything. */
type Role = "any" | "ALLOW" | "DENY" | "CUSTOM" | "ALL" | "target" | "rules"

const keyOf = (role: Role, namespace: string, pair: string): string => `${role} ${namespace} ${pair}`

/** By what they do and one label they ask for: a policy that is over another shares that label with it, or asks for none. */
const bySelector = index({
  name: "security/policies-by-selector",
  kind: authorizationPolicy,
  keysOf: (object) => {
    const spec = specOf(object)
    const namespace = namespaceOf(object)
    if (isTargeted(spec)) return [keyOf("target", namespace, "")]
    let pair = "*"
    const labels = selectorLabels(spec)
    if (labels !== undefined)
      for (const name in labels) {
        pair = `${name}=${labels[name] ?? ""}`
        break
      }
    const keys = [keyOf("any", namespace, pair)]
    if (isDryRun(object)) return keys
    const action = actionOf(spec)
    if (action === "ALLOW" || action === "DENY" || action === "CUSTOM")
      keys.push(keyOf(action, namespace, pair))
    const rules = action === "ALLOW" ? rulesOf(spec) : []
    if (rules.length > 0) keys.push(keyOf("rules", namespace, ""))
    if (rules.some((rule) => isEverything(record(rule)))) keys.push(keyOf("ALL", namespace, pair))
    return keys
  },
})

/** Policies of a namespace that are for everything that carries the labels. */
export function* policiesFor(
  view: View,
  role: Role,
  namespace: string,
  labels: Labels,
): Generator<KubeObject> {
  yield* view.find(bySelector, keyOf(role, namespace, "*"))
  for (const name in labels)
    for (const policy of view.find(bySelector, keyOf(role, namespace, `${name}=${labels[name] ?? ""}`)))
      if (isSubset(selectorLabels(specOf(policy)) ?? {}, labels)) yield policy
}

/** Policies of a namespace that name what they are for. */
export const targetedIn = (view: View, namespace: string): readonly KubeObject[] =>
  view.find(bySelector, keyOf("target", namespace, ""))

/** Whether some ALLOW policy of a namespace lets anybody in. */
export const letsIn = (view: View, namespace: string): boolean =>
  view.find(bySelector, keyOf("rules", namespace, "")).length > 0

/** Policies that are for everything this one is for (its own namespace or the root's, a selector that asks for less), itself left out. */
export function* policiesOver(view: View, policy: KubeObject, role: Role): Generator<KubeObject> {
  const namespace = namespaceOf(policy)
  const own = selectorLabels(specOf(policy)) ?? {}
  const root = view.settings.rootNamespace
  for (const place of namespace === root ? [root] : [namespace, root])
    for (const other of policiesFor(view, role, place, own))
      if (place !== namespace || other.metadata.name !== policy.metadata.name) yield other
}

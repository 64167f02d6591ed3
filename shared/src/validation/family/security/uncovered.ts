import { hasTargets, isSubset, selectorOf } from "../../../istio/mesh.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type Check, type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { isCaptured, isInjected } from "../ambient/dataplane.ts"
import { authorizationPolicy } from "./kinds.ts"
import { namespaceOf } from "./policy.ts"

/** Kiali says it of every workload of a mesh without policies; we only where a namespace has some and left a workload out. */
export const uncovered = rule({
  code: "workload.no_authorization_policy",
  aliases: ["KIA1301"],
  level: "info",
  title: "Workload is left out of its namespace's authorization policies",
  effect: "Every caller that reaches it is let in",
  remedy: "Add a policy that selects it, or one for the whole namespace",
  source: "https://istio.io/latest/docs/ops/best-practices/security/#use-default-deny-patterns",
})

type Labels = Readonly<Record<string, string>>

/** Whether a policy that names services or gateways is for pods of these labels. */
function isTarget(view: View, namespace: string, labels: Labels, reference: unknown): boolean {
  const { kind, name } = record(reference)
  if (kind === "Gateway") return labels["gateway.networking.k8s.io/gateway-name"] === name
  if (kind !== "Service") return true
  const selector = stringMap(record(view.get("Service", namespace, text(name))?.["spec"])["selector"])
  return Object.keys(selector).length > 0 && isSubset(selector, labels)
}

function isCovered(view: View, namespace: string, labels: Labels): boolean {
  for (const place of new Set([namespace, view.settings.rootNamespace]))
    for (const config of view.mesh.authorizationPolicies.get(place) ?? []) {
      if (!hasTargets(config)) {
        if (isSubset(selectorOf(config) ?? {}, labels)) return true
      } else if (
        [config.spec["targetRef"], ...list(config.spec["targetRefs"])].some(
          (reference) => reference !== undefined && isTarget(view, place, labels, reference),
        )
      )
        return true
    }
  return false
}

function run(object: KubeObject, view: View): boolean {
  const namespace = namespaceOf(object)
  if ((view.mesh.authorizationPolicies.get(namespace) ?? []).length === 0) return false
  if (namespace === view.istioNamespace || namespace === view.settings.rootNamespace) return false
  const template = record(record(record(object["spec"])["template"])["metadata"])
  const labels = record(template["labels"]) as Labels
  const own = view.get("Namespace", "", namespace)
  const isMeshed =
    isInjected(labels, record(template["annotations"]) as Labels, own) || isCaptured(labels, own)
  return isMeshed && !isCovered(view, namespace, labels)
}

const uncoveredCheck = (kind: string): Check =>
  check({
    name: `authorizationpolicy/uncovered/${kind}`,
    subject: kind,
    reads: [authorizationPolicy, "Namespace", "Service"],
    needs: [authorizationPolicy, "Namespace"],
    rules: [uncovered],
    run: (object, view, report) => {
      if (run(object, view))
        report(uncovered, {
          path: "",
          message: `no AuthorizationPolicy of ${namespaceOf(object)} is for ${object.metadata.name}`,
        })
    },
  })

export const uncoveredChecks: readonly Check[] = [
  "Deployment.apps",
  "StatefulSet.apps",
  "DaemonSet.apps",
].map(uncoveredCheck)

import { isSubset } from "../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { isCaptured, isInjected } from "../ambient/dataplane.ts"
import { authorizationPolicy } from "./kinds.ts"
import { policiesFor, targetedIn } from "./policies-over.ts"
import { specOf } from "./policy.ts"
import { count, some } from "./sentence.ts"

/** Kiali says it of every workload of a mesh without policies; we only where a namespace has some and left a workload out. */
export const uncovered = rule({
  code: "namespace.workloads_without_authorization_policy",
  aliases: ["KIA1301"],
  level: "info",
  title: "Workloads are left out of their namespace's authorization policies",
  effect: "Every caller that reaches them is let in",
  remedy: "Add policies that select them, or one for the whole namespace",
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
  const root = view.settings.rootNamespace
  for (const place of namespace === root ? [root] : [namespace, root]) {
    for (const _ of policiesFor(view, "any", place, labels)) return true
    for (const policy of targetedIn(view, place)) {
      const spec = specOf(policy)
      for (const reference of [spec["targetRef"], ...list(spec["targetRefs"])])
        if (reference !== undefined && isTarget(view, place, labels, reference)) return true
    }
  }
  return false
}

const kinds = ["Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"] as const

/** One finding for a namespace: the cause is one, that it has no policy for the rest of it. */
export const uncoveredWorkloads = check({
  name: "authorizationpolicy/uncovered",
  subject: "Namespace",
  reads: [authorizationPolicy, "Service", ...kinds],
  needs: [authorizationPolicy],
  rules: [uncovered],
  run: (namespace, view, report) => {
    const { name } = namespace.metadata
    if (name === view.istioNamespace || name === view.settings.rootNamespace) return
    if (view.mesh.authorizationPolicies.get(name) === undefined) return
    const open: KubeObject[] = []
    let meshed = 0
    for (const kind of kinds)
      for (const object of view.inNamespace(kind, name)) {
        const template = record(record(record(object["spec"])["template"])["metadata"])
        const labels = record(template["labels"]) as Labels
        const annotations = record(template["annotations"]) as Labels
        if (!isInjected(labels, annotations, namespace) && !isCaptured(labels, namespace)) continue
        meshed++
        if (!isCovered(view, name, labels)) open.push(object)
      }
    if (open.length === 0) return
    report(uncovered, {
      path: "",
      message: `no AuthorizationPolicy is for ${open.length} of the ${count(meshed, "workload")}: ${some(open.map(({ metadata }) => metadata.name))}`,
      references: open.slice(0, 8).map((object) => ({ object: refOf(object), path: "" })),
    })
  },
})

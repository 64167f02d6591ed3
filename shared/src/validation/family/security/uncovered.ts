import { isSubset } from "../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { isCaptured, isInjected } from "../ambient/dataplane.ts"
import { authorizationPolicy } from "./kinds.ts"
import { isTargeted, selectorLabels, specOf } from "./policy.ts"
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

/** What the policies of a namespace and of the root select: gathered once for all workloads of the namespace. */
type Cover = {
  /** One of them is for everything. */
  whole: boolean
  /** Selectors by the first of their labels. */
  selectors: ReadonlyMap<string, readonly Labels[]>
  targets: readonly { namespace: string; reference: unknown }[]
}

function coverOf(view: View, namespace: string): Cover {
  const root = view.settings.rootNamespace
  const selectors = new Map<string, Labels[]>()
  const targets: { namespace: string; reference: unknown }[] = []
  let whole = false
  for (const place of namespace === root ? [root] : [namespace, root])
    for (const policy of view.inNamespace(authorizationPolicy, place)) {
      const spec = specOf(policy)
      if (isTargeted(spec)) {
        const references = [spec["targetRef"], ...list(spec["targetRefs"])]
        targets.push(...references.map((reference) => ({ namespace: place, reference })))
        continue
      }
      const labels = selectorLabels(spec)
      const pair = labels && firstPair(labels)
      if (labels === undefined || pair === undefined) whole = true
      else selectors.set(pair, [...(selectors.get(pair) ?? []), labels])
    }
  return { whole, selectors, targets }
}

function firstPair(labels: Labels): string | undefined {
  for (const name in labels) return `${name}=${labels[name] ?? ""}`
  return undefined
}

function isCovered(view: View, { whole, selectors, targets }: Cover, labels: Labels): boolean {
  if (whole) return true
  if (selectors.size > 0)
    for (const name in labels)
      for (const selector of selectors.get(`${name}=${labels[name]}`) ?? [])
        if (isSubset(selector, labels)) return true
  for (const { namespace, reference } of targets)
    if (reference !== undefined && isTarget(view, namespace, labels, reference)) return true
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
    const cover = coverOf(view, name)
    const open: KubeObject[] = []
    let meshed = 0
    for (const kind of kinds)
      for (const object of view.inNamespace(kind, name)) {
        const template = record(record(record(object["spec"])["template"])["metadata"])
        const labels = record(template["labels"]) as Labels
        const annotations = record(template["annotations"]) as Labels
        if (!isInjected(labels, annotations, namespace) && !isCaptured(labels, namespace)) continue
        meshed++
        if (!isCovered(view, cover, labels)) open.push(object)
      }
    if (open.length === 0) return
    report(uncovered, {
      path: "",
      message: `no AuthorizationPolicy is for ${open.length} of the ${count(meshed, "workload")}: ${some(open.map(({ metadata }) => metadata.name))}`,
      references: open.slice(0, 8).map((object) => ({ object: refOf(object), path: "" })),
    })
  },
})

import type { Instance } from "../../../istio/instance.ts"
import { type Labels, isSubset } from "../../../istio/mesh.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { record, stringMap } from "../../../topology/fact/read.ts"
import { type View, index } from "../../check.ts"
import { podsWith } from "../../pods.ts"
import { templateKinds, workloadGroupKind } from "./kinds.ts"

const templateOf = (object: KubeObject, kind: string): Labels => {
  const spec = record(object["spec"])
  return kind === workloadGroupKind
    ? {
        ...stringMap(record(spec["metadata"])["labels"]),
        ...stringMap(record(spec["template"])["labels"]),
      }
    : stringMap(record(record(spec["template"])["metadata"])["labels"])
}

export const isScaledToZero = (object: KubeObject): boolean => record(object["spec"])["replicas"] === 0

/** What has pods to come, by one of the labels they will have. Asked only where nothing has them yet. */
const templatesByLabel = templateKinds.map((kind) =>
  index({
    name: `templates-by-label-of-${kind}`,
    kind,
    keysOf: (object) => {
      const labels = templateOf(object, kind)
      const keys: string[] = []
      for (const label in labels)
        keys.push(`${object.metadata.namespace ?? ""}/${label}=${labels[label] ?? ""}`)
      return keys
    },
  }),
)

/** A Deployment or the like whose pods, once there are some, carry the labels; those that should have some now first. */
export function templateWith(view: View, namespace: string, labels: Labels): KubeObject | undefined {
  const [first] = Object.entries(labels)
  if (first === undefined) return undefined
  let idle: KubeObject | undefined
  for (const one of templatesByLabel)
    for (const object of view.find(one, `${namespace}/${first[0]}=${first[1]}`))
      if (isSubset(labels, templateOf(object, one.kind))) {
        if (!isScaledToZero(object)) return object
        idle ??= object
      }
  return idle
}

const none: readonly Instance[] = []

/** A list this short is gone through rather than a shorter one looked for. */
const short = 8

const carries = (labels: Labels, own: Labels): boolean => {
  for (const label in labels) if (own[label] !== labels[label]) return false
  return true
}

/** The pods and workload entries with the labels; none for no labels. As the model's `selectInstances`, for the thousands of subsets of a mesh. */
export function selected(view: View, namespace: string, labels: Labels): readonly Instance[] {
  let candidates: readonly Instance[] | undefined
  for (const label in labels) {
    const bucket = view.mesh.byLabel.get(`${namespace}/${label}=${labels[label] ?? ""}`)
    if (bucket === undefined) return none
    if (candidates === undefined || bucket.length < candidates.length) candidates = bucket
    if (candidates.length <= short) break
  }
  return candidates?.filter((instance) => carries(labels, instance.labels)) ?? none
}

/** Whether a pod of any namespace has the labels. */
export const isAnywhere = (view: View, labels: Labels): boolean => podsWith(view, labels).length > 0

/** Whether anything in the namespace has the labels, or is about to: also the templates of pods that are not there yet. */
export const isSelecting = (view: View, namespace: string, labels: Labels): boolean =>
  selected(view, namespace, labels).length > 0 || templateWith(view, namespace, labels) !== undefined

/** Labels that Istio adds to endpoints by where they run. */
const placement = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
  "kubernetes.io/hostname",
  "topology.istio.io/cluster",
  "topology.istio.io/network",
] as const

/** The labels that objects carry themselves, and those that Istio adds. */
export function splitPlacement(labels: Labels): { own: Labels; placed: Labels } {
  if (!placement.some((label) => labels[label] !== undefined)) return { own: labels, placed: {} }
  const own: Record<string, string> = {}
  const placed: Record<string, string> = {}
  for (const [label, value] of Object.entries(labels))
    ((placement as readonly string[]).includes(label) ? placed : own)[label] = value
  return { own, placed }
}

function placeOf(view: View, instance: Instance, label: string): string | undefined {
  const { kind, namespace, name } = instance.object
  const spec = record(view.get(kind, namespace, name)?.["spec"])
  if (kind !== "Pod") {
    const locality = typeof spec["locality"] === "string" ? spec["locality"].split("/") : undefined
    return locality?.[placement.indexOf(label as (typeof placement)[number])]
  }
  const node = typeof spec["nodeName"] === "string" ? spec["nodeName"] : ""
  if (node === "" || label === "kubernetes.io/hostname") return node === "" ? undefined : node
  const labels = view.get("Node", "", node)?.metadata.labels
  return labels === undefined ? undefined : (labels[label] ?? "")
}

/** Whether an instance runs where the labels say; what is not known (a pod that is not scheduled, a node that may not be read) may be so. */
export function isPlaced(view: View, instance: Instance, placed: Labels): boolean {
  for (const [label, value] of Object.entries(placed)) {
    const own = instance.labels[label]
    if (own === value) continue
    if (label === "topology.istio.io/cluster" || label === "topology.istio.io/network") continue
    const actual = placeOf(view, instance, label) ?? own
    if (actual !== undefined && actual !== value) return false
  }
  return true
}

/** Whether some endpoint written into a ServiceEntry carries the labels. */
export const hasEndpoint = (
  endpoints: readonly { labels: Labels }[],
  { own, placed }: { own: Labels; placed: Labels },
): boolean =>
  endpoints.some(
    ({ labels }) =>
      isSubset(own, labels) &&
      Object.keys(placed).every((label) => labels[label] === undefined || labels[label] === placed[label]),
  )

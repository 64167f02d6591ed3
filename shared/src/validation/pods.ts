import { isSubset } from "../istio/mesh.ts"
import type { KubeObject } from "../kube/object.ts"
import { type View, index } from "./check.ts"

/** Pods by each of their labels, whatever their namespace: Gateways, and policies of the root namespace, select in all of them. */
const podsByLabel = index({
  name: "pods by label",
  kind: "Pod",
  keysOf: ({ metadata }) => {
    const { labels } = metadata
    const keys: string[] = []
    for (const label in labels) keys.push(`${label}=${labels[label] ?? ""}`)
    return keys
  },
})

const none: readonly KubeObject[] = []

/** The pods of a cluster that carry all of the labels; none for no labels. */
export function podsWith(view: View, labels: Readonly<Record<string, string>>): readonly KubeObject[] {
  let fewest: readonly KubeObject[] | undefined
  for (const label in labels) {
    const pods = view.find(podsByLabel, `${label}=${labels[label] ?? ""}`)
    if (fewest === undefined || pods.length < fewest.length) fewest = pods
    if (fewest.length === 0) return fewest
  }
  return (fewest ?? none).filter(({ metadata }) => isSubset(labels, metadata.labels ?? {}))
}

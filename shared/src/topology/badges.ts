import type { TopologyNode } from "./document.ts"
import { type ConfigFact, type WorkloadFact, at } from "./mesh-index.ts"
import type { NodeIdentity } from "./resolve.ts"

type Badge = TopologyNode["badges"][number]

/** The order in which badges stand on a card; findings are outermost. */
const order: readonly Badge[] = [
  "route",
  "fault",
  "mirror",
  "circuit-breaker",
  "policy",
  "plaintext",
  "locality",
]

/** An object that applies to a node, and why. */
export type Applied = { config: ConfigFact; why: string }

const workloadsOf = (node: NodeIdentity): WorkloadFact[] => {
  if (node.service === null) return node.workload ? [node.workload] : []
  return node.cluster?.index.behind.get(at(node.namespace, node.service)) ?? []
}

const hostOf = (node: NodeIdentity): string | null => {
  if (node.kind === "external") return node.name
  return node.service === null ? null : `${node.service}.${node.namespace}.svc.cluster.local`
}

/** The Istio and Gateway API objects that apply to a node: by its host, and by the labels of the workloads behind it. */
export function appliedTo(node: NodeIdentity, rootNamespace = "istio-system"): Applied[] {
  const index = node.cluster?.index
  if (!index) return []
  const hosts =
    node.service === null
      ? (index.front.get(at(node.namespace, node.name)) ?? []).map(
          (service) => `${service.name}.${service.namespace}.svc.cluster.local`,
        )
      : []
  const own = hostOf(node)
  const found = new Map<string, Applied>()
  for (const host of own === null ? hosts : [own])
    for (const config of index.shaping(host)) found.set(config.id, { config, why: `names the host ${host}` })
  for (const workload of workloadsOf(node)) {
    for (const namespace of new Set([node.namespace, rootNamespace])) {
      for (const config of index.selecting(namespace, workload.labels)) {
        const labels = Object.entries(config.selector ?? {}).map(([key, value]) => `${key}=${value}`)
        const scope = namespace === node.namespace ? `namespace ${namespace}` : `the mesh (${namespace})`
        found.set(config.id, {
          config,
          why: labels.length > 0 ? `selects ${labels.join(", ")}` : `applies to all of ${scope}`,
        })
      }
    }
  }
  return [...found.values()]
}

/** Whether the node's pods take part in the mesh; null when nothing about its pods is known. */
export function inMeshOf(node: NodeIdentity): boolean | null {
  const workloads = workloadsOf(node)
  if (workloads.length === 0) return null
  const answers = workloads.map((workload) => {
    const injection = node.cluster?.index.namespaces.get(workload.namespace)?.injection ?? "none"
    if (
      workload.ambient === true ||
      (workload.ambient === null && injection === "ambient" && workload.sidecar === null)
    )
      return true
    return workload.sidecar ?? (injection === "enabled" || injection === "revision")
  })
  return answers.every(Boolean)
}

export function badgesOf(
  applied: readonly Applied[],
  inMesh: boolean | null,
  mtlsRatio: number | null,
): Badge[] {
  const badges = new Set<Badge>(applied.flatMap(({ config }) => config.badges))
  if (inMesh === false || (mtlsRatio !== null && mtlsRatio < 0.995)) badges.add("plaintext")
  return order.filter((badge) => badges.has(badge))
}

export const podsOf = (node: NodeIdentity): { ready: number; total: number } | null => {
  const workloads = workloadsOf(node)
  if (workloads.length === 0) return null
  return workloads.reduce(
    (sum, { pods }) => ({ ready: sum.ready + pods.ready, total: sum.total + pods.total }),
    { ready: 0, total: 0 },
  )
}

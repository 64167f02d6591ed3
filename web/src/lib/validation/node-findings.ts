import type { TopologySources } from "#shared/api/mesh.ts"
import type { TopologyNode } from "#shared/topology/document.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"
import { type Counted, worse } from "./finding-place.ts"

type ConfigFact = Extract<TopologyFact, { type: "config" }>
type WorkloadFact = Extract<TopologyFact, { type: "workload" }>

const serviceHost = /^([^.]+)\.([^.]+)\.svc\./

/** Names that a pod's workload may have: `web-6d4-x2x`, `web-0` and `web` are of web. */
const ownersOf = (pod: string): string[] => {
  const parts = pod.split("-")
  return [2, 1, 0].map((cut) => parts.slice(0, parts.length - cut).join("-")).filter((name) => name !== "")
}

/** Which nodes of the graph an object of configuration is about: the services that it names, and the workloads that it selects with the services in front of them. */
function nodesOfConfig(
  cluster: string,
  fact: ConfigFact,
  rootNamespace: string,
  workloads: readonly WorkloadFact[],
): string[] {
  const nodes = fact.hosts.map((host) => {
    const [, name, namespace] = serviceHost.exec(host) ?? []
    return name === undefined ? `ext/${host}` : `svc/${cluster}/${namespace}/${name}`
  })
  const { selector } = fact
  if (selector === null) return nodes
  const wanted = Object.entries(selector)
  for (const { namespace, name, labels } of workloads)
    if (
      (namespace === fact.namespace || fact.namespace === rootNamespace) &&
      wanted.every(([key, value]) => labels[key] === value)
    )
      nodes.push(`wl/${cluster}/${namespace}/${name}`)
  return nodes
}

type Facts = { configs: ReadonlyMap<string, ConfigFact>; workloads: readonly WorkloadFact[] }

const factsOf = (facts: readonly TopologyFact[]): Facts => ({
  configs: new Map(facts.filter((fact) => fact.type === "config").map((fact) => [fact.id, fact])),
  workloads: facts.filter((fact) => fact.type === "workload"),
})

function nodesOf(cluster: string, { items }: Counted, facts: Facts, rootNamespace: string): string[] {
  const [first] = items
  if (!first) return []
  const { kind, namespace, name } = first.object
  if (kind === "Service") return [`svc/${cluster}/${namespace}/${name}`]
  const config = facts.configs.get(`${kind}/${namespace}/${name}`)
  if (config) return nodesOfConfig(cluster, config, rootNamespace, facts.workloads)
  const names = kind === "Pod" ? ownersOf(name) : [name]
  const workload = facts.workloads.find(
    (one) =>
      one.namespace === namespace &&
      names.includes(one.name) &&
      (kind === "Pod" || kind.startsWith(`${one.kind}.`) || kind === one.kind),
  )
  return workload ? [`wl/${cluster}/${workload.namespace}/${workload.name}`] : []
}

/**
 * Findings by node of the graph: of the Service or workload itself, and of the objects that apply there.
 * @param workloads nodes of the workload view, with the services in front of them
 */
export function findingsByNode(
  byObject: ReadonlyMap<string, Counted>,
  sources: TopologySources,
  workloads: readonly Pick<TopologyNode, "id" | "related">[],
  rootNamespace = "istio-system",
): Map<string, Counted> {
  const nodes = new Map<string, Counted>()
  if (byObject.size === 0) return nodes
  const fronts = new Map(workloads.map(({ id, related }) => [id, related]))
  const add = (node: string, { worst, items }: Counted): void => {
    const known = nodes.get(node)
    if (known === undefined) {
      nodes.set(node, { worst, items: [...items] })
      return
    }
    known.items.push(...items.filter((item) => !known.items.includes(item)))
    if (worse(worst, known.worst) < 0) known.worst = worst
  }
  const counted = Map.groupBy(byObject.values(), ({ items }) => items[0]?.cluster ?? "")
  for (const { cluster, facts } of sources.clusters) {
    const own = factsOf(facts)
    for (const one of counted.get(cluster) ?? [])
      for (const node of nodesOf(cluster, one, own, rootNamespace)) {
        add(node, one)
        for (const service of fronts.get(node) ?? []) add(service, one)
      }
  }
  for (const { items } of nodes.values()) items.sort((a, b) => worse(a.level, b.level))
  return nodes
}

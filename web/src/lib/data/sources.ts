import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"

/** Ticks kept of each cluster: the graph needs the newest, a vanished edge the two before it. */
const keptTicks = 3

export type SourceCluster = TopologySources["clusters"][number]
export type FactsPatch = { cluster: string; reset: boolean; put: TopologyFact[]; remove: string[] }

function changeCluster(
  sources: TopologySources,
  cluster: string,
  change: (source: SourceCluster) => SourceCluster,
): TopologySources {
  let found = false
  const clusters = sources.clusters.map((source) => {
    if (source.cluster !== cluster) return source
    const changed = change(source)
    found ||= changed !== source
    return changed
  })
  return found ? { clusters } : sources
}

/** With this tick, in order of time; a late one does not become the newest. The same sources when it is known or too old. */
export function withTick(sources: TopologySources, cluster: string, tick: PackedTick): TopologySources {
  return changeCluster(sources, cluster, (source) => {
    if (source.ticks.some((known) => known.at === tick.at)) return source
    const ticks = [...source.ticks, tick].sort((a, b) => a.at - b.at).slice(-keptTicks)
    return ticks.includes(tick) ? { ...source, ticks } : source
  })
}

/** With these facts put and those removed. Another list, so that its index is built anew; the same sources when nothing changes. */
export function withFacts(
  sources: TopologySources,
  { cluster, reset, put, remove }: FactsPatch,
): TopologySources {
  return changeCluster(sources, cluster, (source) => {
    if (!reset && put.length === 0 && remove.length === 0) return source
    const facts = new Map(reset ? [] : source.facts.map((fact) => [fact.id, fact]))
    for (const id of remove) facts.delete(id)
    for (const fact of put) facts.set(fact.id, fact)
    return { ...source, facts: [...facts.values()] }
  })
}

/** The link states and names as the clusters' list has them; clusters that are gone leave. */
export function withLinks(sources: TopologySources, infos: readonly ClusterInfo[]): TopologySources {
  const known = new Map(infos.map((info) => [info.clusterId, info]))
  let changed = false
  const clusters = sources.clusters.flatMap((source) => {
    const info = known.get(source.cluster)
    if (!info) {
      changed = true
      return []
    }
    const same =
      info.link === source.link && info.linkSince === source.linkSince && info.name === source.clusterName
    if (same) return [source]
    changed = true
    return [{ ...source, clusterName: info.name, link: info.link, linkSince: info.linkSince }]
  })
  return changed ? { clusters } : sources
}

/** The list of clusters with a patch of the socket applied. */
export function withClusters(
  items: readonly ClusterInfo[],
  patch: { reset: boolean; put: readonly ClusterInfo[]; remove: readonly string[] },
): ClusterInfo[] {
  const known = new Map(patch.reset ? [] : items.map((item) => [item.clusterId, item]))
  for (const id of patch.remove) known.delete(id)
  for (const item of patch.put) known.set(item.clusterId, item)
  return [...known.values()]
}

/** Names of the namespaces with services or workloads in these clusters (none named: in all), in order. */
export function namespacesOf(sources: TopologySources, clusterNames: readonly string[]): string[] {
  const names = new Set<string>()
  for (const source of sources.clusters) {
    if (clusterNames.length > 0 && !clusterNames.includes(source.clusterName)) continue
    for (const fact of source.facts)
      if (fact.type === "service" || fact.type === "workload") names.add(fact.namespace)
  }
  return [...names].sort()
}

import type { TopologySources } from "#shared/api/mesh.ts"
import { type Live, liveCalls } from "#shared/edit/traffic-effect.ts"
import { isOld } from "#shared/topology/build.ts"
import type { Cloud } from "../cloud.ts"
import type { Table } from "../store/table.ts"

type Made = { inputs: readonly unknown[]; live: Live }

/** Clusters whose calls this process remembers; one of a large mesh is some megabytes. */
const mostKept = 50
const known = new WeakMap<Table, Map<string, Made>>()

const nothing: Live = { measuredAt: null, calls: new Map() }

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((input, i) => input === b[i])

/** What is measured of calls to a cluster's services; nothing where the newest numbers say nothing of now any more. */
export function liveOf(cloud: Cloud, sources: TopologySources, cluster: string): Live {
  const own = sources.clusters.find((source) => source.cluster === cluster)
  if (!own || own.ticks.length === 0 || isOld(own, cloud.now())) return nothing
  const made = known.get(cloud.table) ?? new Map<string, Made>()
  known.set(cloud.table, made)
  // Facts and ticks are the same lists for as long as their content is the same (memory.ts).
  const inputs = sources.clusters.flatMap(({ facts, ticks }) => [facts, ...ticks])
  const held = made.get(cluster)
  if (held && same(held.inputs, inputs)) return held.live
  const live = liveCalls(sources, cluster)
  made.delete(cluster)
  made.set(cluster, { inputs, live })
  for (const oldest of made.keys()) {
    if (made.size <= mostKept) break
    made.delete(oldest)
  }
  return live
}

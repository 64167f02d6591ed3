import type { TopologySources } from "#shared/api/mesh.ts"
import { type TopologyOptions, buildTopology, isOld } from "#shared/topology/build.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import type { Cloud } from "../cloud.ts"
import type { Table } from "../store/table.ts"

type Options = Pick<TopologyOptions, "view" | "idle" | "namespaces">
type Built = { inputs: readonly unknown[]; document: TopologyDocument }

/** Nodes and edges that are kept, about 1 KB each. */
const mostKept = 40_000
const built = new WeakMap<Table, Map<string, Built>>()

const sizeOf = ({ document }: Built): number => document.nodes.length + document.edges.length

/** Facts and ticks are the same lists for as long as their content is the same (memory.ts): identity is enough. */
const inputsOf = ({ clusters }: TopologySources): unknown[] =>
  clusters.flatMap(({ facts, ticks }) => [facts, ...ticks])

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((input, i) => input === b[i])

/** The graph of these sources; the one that was built for them before when nothing in them has changed. Not to be changed by readers. */
export function topologyOf(cloud: Cloud, sources: TopologySources, options: Options): TopologyDocument {
  const known = built.get(cloud.table) ?? new Map<string, Built>()
  built.set(cloud.table, known)
  const small = sources.clusters.map(({ facts: _facts, ticks: _ticks, ...rest }) => rest)
  const now = cloud.now()
  // Of time only this counts: what was built from the same numbers is another graph once they are old.
  const old = sources.clusters.map((source) => isOld(source, now))
  const key = JSON.stringify([options.view, options.idle, options.namespaces ?? [], small, old])
  const inputs = inputsOf(sources)
  const held = known.get(key)
  if (held && same(held.inputs, inputs)) return held.document
  const made: Built = { inputs, document: buildTopology(sources, { ...options, now }) }
  known.delete(key)
  known.set(key, made)
  let kept = [...known.values()].reduce((sum, entry) => sum + sizeOf(entry), 0)
  for (const [oldest, entry] of known) {
    if (kept <= mostKept && known.size <= 100) break
    kept -= sizeOf(entry)
    known.delete(oldest)
  }
  return made.document
}

import type { TopologySources } from "#shared/api/mesh.ts"
import type { Destination, EdgeSample, Endpoint } from "#shared/telemetry/edge.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import { unpackTick } from "#shared/telemetry/unpack.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"
import { type Sight, seesNamespace, seesObject } from "../auth/sight.ts"

/**
 * What the graph is made from, as far as a caller sees it: facts of the namespaces seen, and the edges with an end in one of them. The other end is
 * traffic from or to somewhere, without a name.
 */

/** The same input gives the same output, the very object: what is built from it is remembered by identity (topology.ts). */
function remembering<I extends object, O>(
  make: (input: I, sight: readonly string[]) => O,
): (input: I, sight: readonly string[]) => O {
  const made = new WeakMap<I, Map<string, O>>()
  return (input, sight) => {
    const bySight = made.get(input) ?? new Map<string, O>()
    made.set(input, bySight)
    const at = sight.join(" ")
    const known = bySight.get(at)
    if (known !== undefined) return known
    const output = make(input, sight)
    bySight.set(at, output)
    return output
  }
}

export const seesFact = (sight: Sight, fact: TopologyFact): boolean =>
  seesNamespace(sight, fact.type === "namespace" ? fact.name : fact.namespace)

/** By its id, `kind/namespace/name`, when the fact is gone. */
export function seesFactId(sight: Sight, id: string): boolean {
  const [kind = "", namespace = "", name = ""] = id.split("/")
  return seesObject(sight, { kind, namespace, name })
}

const nobody = ({ cluster }: Endpoint): Endpoint => ({
  cluster,
  namespace: "",
  workload: "",
  app: "",
  version: "",
})

const placeOf = ({ serviceNamespace, namespace }: Destination): string => serviceNamespace || namespace

const isSeen = (sight: readonly string[], namespace: string): boolean =>
  namespace !== "" && seesNamespace(sight, namespace)

function restrictedEdge(edge: EdgeSample, sight: readonly string[]): EdgeSample | undefined {
  const from = edge.source.namespace
  const to = placeOf(edge.destination)
  if (!isSeen(sight, from) && !isSeen(sight, to)) return undefined
  return {
    ...edge,
    source: seesNamespace(sight, from) ? edge.source : nobody(edge.source),
    destination:
      seesNamespace(sight, to) && seesNamespace(sight, edge.destination.namespace)
        ? edge.destination
        : { ...nobody(edge.destination), service: "", serviceNamespace: "" },
  }
}

const factsSeen = remembering((facts: readonly TopologyFact[], sight) =>
  facts.filter((fact) => seesFact(sight, fact)),
)

const tickSeen = remembering((packed: PackedTick, sight): PackedTick => {
  const tick = unpackTick(packed)
  const edges = tick.edges.flatMap((edge) => restrictedEdge(edge, sight) ?? [])
  return packTick({ ...tick, edges })
})

export const restrictedTick = (sight: Sight, tick: PackedTick): PackedTick =>
  sight === null ? tick : tickSeen(tick, sight)

export const restricted = (sight: Sight, sources: TopologySources): TopologySources =>
  sight === null
    ? sources
    : {
        clusters: sources.clusters.map((source) => ({
          ...source,
          facts: factsSeen(source.facts, sight),
          ticks: source.ticks.map((tick) => tickSeen(tick, sight)),
        })),
      }

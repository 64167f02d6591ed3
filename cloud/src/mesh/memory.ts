import type { TopologyFact } from "#shared/topology/fact.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { Cloud } from "../cloud.ts"
import { Inventory } from "../store/inventory.ts"
import type { Table } from "../store/table.ts"
import { Ticks } from "../store/tick.ts"
import { type Istiod, istiods } from "./istiod.ts"

export type Facts = { version: number; facts: TopologyFact[]; istiods: Istiod[] }

/** Facts are about 0.5 KB each in memory: 100 MB at most. */
const mostFacts = 200_000
const mostTicks = 500

type Memory = { facts: Map<string, Facts>; ticks: Map<string, PackedTick> }

/** What this process remembers of each table. Nothing in it is believed without asking the table for the version. */
const memories = new WeakMap<Table, Memory>()

const memoryOf = ({ table }: Cloud): Memory => {
  const known = memories.get(table)
  if (known) return known
  const made: Memory = { facts: new Map(), ticks: new Map() }
  memories.set(table, made)
  return made
}

/** Puts the entry last; the first ones go as long as there is too much. */
function remember<V>(map: Map<string, V>, at: string, value: V, isTooMuch: () => boolean): void {
  map.delete(at)
  map.set(at, value)
  for (const oldest of map.keys()) {
    if (oldest === at || !isTooMuch()) return
    map.delete(oldest)
  }
}

const keyOf = ({ organizationId, clusterId }: Inventory.Owner): string => `${organizationId}#${clusterId}`

/**
 * The facts of a cluster, from memory when nothing has changed since: one small read instead of one for each fact. The list is the
 * same one as long as its content is, so that what was derived from it can be kept with it.
 */
export async function factsOfCluster(cloud: Cloud, owner: Inventory.Owner): Promise<Facts> {
  const { facts: known } = memoryOf(cloud)
  const version = await Inventory.factsVersion(cloud, owner)
  const held = known.get(keyOf(owner))
  if (held?.version === version) return held
  const [facts, planes] = await Promise.all([Inventory.facts(cloud, owner), istiods(cloud, owner)])
  const read: Facts = { version, facts, istiods: planes }
  const total = () => [...known.values()].reduce((sum, entry) => sum + entry.facts.length, 0)
  remember(known, keyOf(owner), read, () => total() > mostFacts)
  return read
}

/** The newest tick of a cluster: its packed bytes are read, and unpacked only when they are new to this process. */
export async function newestTick(cloud: Cloud, owner: Inventory.Owner): Promise<PackedTick | undefined> {
  const { ticks } = memoryOf(cloud)
  const newest = await Ticks.newestItem(cloud, owner)
  if (!newest) return undefined
  const held = ticks.get(keyOf(owner))
  if (held?.at === Ticks.timeOf(newest)) return held
  const { tick } = Ticks.toTick(newest)
  remember(ticks, keyOf(owner), tick, () => ticks.size > mostTicks)
  return tick
}

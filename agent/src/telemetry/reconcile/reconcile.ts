import { type EdgeSample, edgeKey } from "#shared/telemetry/edge.ts"
import { type Slot, destinationOf, protocolOf, slotOf, sourceOf } from "./label.ts"
import { defaultBounds } from "./quantile.ts"
import { type Relation, addSeries, chosenSlot, edgeOf, emptyRelation, forgetFamily } from "./relation.ts"
import { type Family, type RateSeries, families } from "./series.ts"

/** Collects series of both ends of every relation and tells each relation once. */
export type Reconciler = {
  add(series: RateSeries): void
  /** Takes a family back, for one whose answer broke off in the middle. */
  forget(family: Family): void
  /** Which reporters are believed so far, and for which sources the destination is: what bytes and durations are needed of. */
  chosen(): { slots: Set<Slot>; sourcesByDestination: Set<string>; clusters: Set<string> }
  /** Ordered by `edgeKey`. */
  edges(): EdgeSample[]
  /** What was dropped and why, in words. */
  gaps(): string[]
}

export type ReconcileOptions = {
  /** Upper bounds of the latency histogram in ms, ascending: needed where buckets that did not grow are left out. */
  bounds?: readonly number[]
}

/** The families that make a relation; bytes and durations only add to one. */
const makesRelation = (family: Family): boolean => family === "requests" || family.startsWith("tcp")

/** Workloads keep their app and version as properties: durations are fetched without them. */
type Keys = { full: string; loose: string }

function keysOf(identity: Pick<Relation, "source" | "destination" | "protocol">): Keys {
  const { source, destination, protocol } = identity
  const loose = [
    source.namespace,
    source.workload,
    destination.namespace,
    destination.workload,
    destination.serviceNamespace,
    destination.service,
    protocol,
  ].join("|")
  return { loose, full: `${source.cluster}|${destination.cluster}|${loose}` }
}

export function createReconciler(options: ReconcileOptions = {}): Reconciler {
  const relations = new Map<string, Relation>()
  const byLoose = new Map<string, Relation>()
  const dropped = new Map<Family, number>()

  const identityOf = (series: RateSeries) => ({
    source: sourceOf(series.labels),
    destination: destinationOf(series.labels),
    protocol: protocolOf(series),
  })

  const relationOf = (series: RateSeries): Relation | undefined => {
    const identity = identityOf(series)
    const { full, loose } = keysOf(identity)
    if (!makesRelation(series.family))
      return series.labels["source_cluster"] === undefined ? byLoose.get(loose) : relations.get(full)
    const relation = relations.get(full) ?? emptyRelation(identity)
    relations.set(full, relation)
    if (!byLoose.has(loose)) byLoose.set(loose, relation)
    if (series.perSecond > relation.loudest) {
      relation.loudest = series.perSecond
      relation.source = identity.source
      relation.destination = identity.destination
    }
    return relation
  }

  return {
    add: (series) => {
      if (!Number.isFinite(series.perSecond) || series.perSecond < 0) {
        dropped.set(series.family, (dropped.get(series.family) ?? 0) + 1)
        return
      }
      if (series.perSecond === 0 && series.family !== "duration") return
      const slot = slotOf(series.labels)
      const relation = slot && relationOf(series)
      if (relation) addSeries(relation, slot, series)
    },
    forget: (family) => {
      for (const relation of relations.values()) forgetFamily(relation, family)
    },
    chosen: () => {
      const slots = new Set<Slot>()
      const sourcesByDestination = new Set<string>()
      const clusters = new Set<string>()
      for (const relation of relations.values()) {
        for (const { cluster } of [relation.source, relation.destination])
          if (cluster !== "") clusters.add(cluster)
        const slot = relation.protocol === "tcp" ? undefined : chosenSlot(relation)
        if (slot) slots.add(slot)
        if (slot === "destination") sourcesByDestination.add(relation.source.workload || "unknown")
      }
      return { slots, sourcesByDestination, clusters }
    },
    edges: () =>
      [...relations.values()]
        .map((relation) => edgeOf(relation, options.bounds ?? defaultBounds))
        .filter((edge) => edge !== undefined)
        .map((edge) => ({ edge, key: edgeKey(edge) }))
        .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
        .map(({ edge }) => edge),
    gaps: () => [...dropped].map(([family, count]) => `${families[family]}: ${count} not a number, left out`),
  }
}

/** Both reporters' series as edges: each relation once, told by the reporter that is believed. */
export function reconcile(series: Iterable<RateSeries>, options: ReconcileOptions = {}): EdgeSample[] {
  const reconciler = createReconciler(options)
  // bytes and durations only add to a relation that requests have made
  const later: RateSeries[] = []
  for (const one of series) {
    if (makesRelation(one.family)) reconciler.add(one)
    else later.push(one)
  }
  for (const one of later) reconciler.add(one)
  return reconciler.edges()
}

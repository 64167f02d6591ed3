import { type EdgeSample, edgeKey } from "#shared/telemetry/edge.ts"
import { type Slot, destinationOf, known, protocolOf, slotOf, sourceOf } from "./label.ts"
import { defaultBounds } from "./quantile.ts"
import { type Relation, addSeries, chosenSlot, edgeOf, emptyRelation, forgetFamily } from "./relation.ts"
import { type Family, type RateSeries, families } from "./series.ts"

/** Collects series of both ends of every relation and tells each relation once. */
export type Reconciler = {
  /** `ends` is given by a caller that has worked it out before. */
  add(series: RateSeries, ends?: Ends): void
  /** Takes a family back, for one whose answer broke off in the middle. */
  forget(family: Family): void
  /** Which reporters are believed so far, and for which sources the destination is: what bytes and durations are needed of. */
  chosen(): { slots: Set<Slot>; sourcesByDestination: Set<string>; clusters: Set<string>; hosts: boolean }
  /** Ordered by `edgeKey`. */
  edges(): EdgeSample[]
  /** What was dropped and why, in words. */
  gaps(): string[]
}

export type ReconcileOptions = {
  /** Upper bounds of the latency histogram in ms, ascending: needed where buckets that did not grow are left out. */
  bounds?: readonly number[]
}

/** The families that make a relation; bytes and durations only add to one, and are added after them. */
export const makesRelation = (family: Family): boolean => family === "requests" || family.startsWith("tcp")

/** Who counted, and between whom: the part of a series that it shares with those of other outcomes and buckets. */
export type Ends = Pick<Relation, "source" | "destination" | "protocol"> & {
  slot: Slot
  full: string
  /** Workloads keep their app and version as properties: durations are fetched without them. */
  loose: string
  hasCluster: boolean
  /** The service's namespace is from its host: without that label it is another relation. */
  isByHost: boolean
}

/** Undefined for a series that nobody of the mesh counted. */
export function endsOf(series: Pick<RateSeries, "family" | "labels">): Ends | undefined {
  const { labels } = series
  const slot = slotOf(labels)
  if (!slot) return undefined
  const [source, destination, protocol] = [sourceOf(labels), destinationOf(labels), protocolOf(series)]
  const loose = [
    source.namespace,
    source.workload,
    destination.namespace,
    destination.workload,
    destination.serviceNamespace,
    destination.service,
    protocol,
  ].join("|")
  return {
    ...{ slot, source, destination, protocol, loose },
    full: `${source.cluster}|${destination.cluster}|${loose}`,
    hasCluster: labels["source_cluster"] !== undefined,
    isByHost: destination.serviceNamespace !== "" && known(labels["destination_service_namespace"]) === "",
  }
}

export function createReconciler(options: ReconcileOptions = {}): Reconciler {
  const relations = new Map<string, Relation>()
  const byLoose = new Map<string, Relation>()
  const dropped = new Map<Family, number>()
  let hosts = false

  const relationOf = ({ family, perSecond }: RateSeries, ends: Ends): Relation | undefined => {
    const { full, loose, source, destination, protocol } = ends
    hosts ||= ends.isByHost
    if (!makesRelation(family)) return ends.hasCluster ? relations.get(full) : byLoose.get(loose)
    const relation = relations.get(full) ?? emptyRelation({ source, destination, protocol })
    relations.set(full, relation)
    if (!byLoose.has(loose)) byLoose.set(loose, relation)
    if (perSecond > relation.loudest) {
      relation.loudest = perSecond
      relation.source = source
      relation.destination = destination
    }
    return relation
  }

  return {
    add: (series, given) => {
      if (!Number.isFinite(series.perSecond) || series.perSecond < 0) {
        dropped.set(series.family, (dropped.get(series.family) ?? 0) + 1)
        return
      }
      if (series.perSecond === 0 && series.family !== "duration") return
      const ends = given ?? endsOf(series)
      const relation = ends && relationOf(series, ends)
      if (relation) addSeries(relation, ends.slot, series)
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
      return { slots, sourcesByDestination, clusters, hosts }
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

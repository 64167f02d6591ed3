import type { SignalSeries } from "../api/mesh.ts"
import type { EdgeSample } from "../telemetry/edge.ts"
import { unpackTick } from "../telemetry/unpack.ts"
import type { PackedTick } from "../telemetry/tick.ts"
import { type Aggregate, addSample, emptyAggregate, responsesOf, signalsOf } from "./aggregate.ts"
import { type IndexedCluster, type Resolver, createResolver } from "./resolve.ts"

export type StoredTick = { tick: PackedTick; late: boolean }
export type SeriesRange = { from: number; to: number; stepMs: number }

type Point = { sum: Aggregate; ticks: number; late: boolean }

const classOf = (code: string): string => (/^[2-5]\d\d$/.test(code) ? `${code.charAt(0)}xx` : "other")

/** Which samples count for `id`: all for `overall`, what a node receives (a gateway: sends), what an edge carries. */
function matcher(
  id: string,
  cluster: IndexedCluster,
  resolvers: { service: Resolver; workload: Resolver },
): (sample: EdgeSample) => boolean {
  if (id === "overall") return () => true
  const resolver = id.includes("wl/") ? resolvers.workload : resolvers.service
  const [source, target, protocol] = id.split(">")
  if (target !== undefined)
    return (sample) =>
      sample.protocol === protocol &&
      resolver.source(sample.source, cluster).id === source &&
      resolver.target(sample.destination, cluster).id === target
  const sends = (["gateway", "waypoint"] as const).some((kind) => kind === gatewayKind(id, cluster, resolver))
  return (sample) =>
    (sends ? resolver.source(sample.source, cluster).id === id : false) ||
    resolver.target(sample.destination, cluster).id === id
}

function gatewayKind(id: string, cluster: IndexedCluster, resolver: Resolver): string {
  const [prefix, clusterId, namespace, name] = id.split("/")
  if (clusterId !== cluster.cluster || namespace === undefined || name === undefined) return ""
  return (
    prefix === "svc"
      ? resolver.service(cluster, namespace, name)
      : resolver.workload(cluster, namespace, name)
  ).kind
}

/**
 * History of `overall`, a node or an edge, from the packed ticks of each cluster. A step without a tick is null: a hole stays a hole.
 * Several ticks in a step are averaged.
 */
export function seriesOf(
  id: string,
  clusters: readonly { indexed: IndexedCluster; ticks: readonly StoredTick[] }[],
  range: SeriesRange,
): SignalSeries {
  const first = Math.floor(range.from / range.stepMs) * range.stepMs
  const steps = Math.max(0, Math.floor((range.to - first) / range.stepMs) + 1)
  const points = Array.from({ length: steps }, (): Point | undefined => undefined)
  const all = clusters.map(({ indexed }) => indexed)
  const resolvers = { service: createResolver(all, "service"), workload: createResolver(all, "workload") }
  for (const { indexed, ticks } of clusters) {
    const counts = matcher(id, indexed, resolvers)
    const own = new Map<number, number>()
    for (const { tick, late } of ticks) {
      const step = Math.floor((tick.at - first) / range.stepMs)
      if (step < 0 || step >= steps) continue
      const seen = (own.get(step) ?? 0) + 1
      own.set(step, seen)
      const point = points[step] ?? { sum: emptyAggregate(), ticks: 0, late: false }
      points[step] = point
      point.ticks = Math.max(point.ticks, seen)
      point.late ||= late
      for (const sample of unpackTick(tick).edges) if (counts(sample)) addSample(point.sum, sample)
    }
  }
  return columns(id, first, range.stepMs, points)
}

function columns(id: string, first: number, stepMs: number, points: (Point | undefined)[]): SignalSeries {
  const signals = points.map((point) => (point ? signalsOf(point.sum) : undefined))
  const classes: Record<string, (number | null)[]> = {}
  points.forEach((point, step) => {
    if (!point) return
    for (const { code, requestsPerSecond } of responsesOf(point.sum)) {
      const name = classOf(code)
      const column = (classes[name] ??= points.map((other) => (other ? 0 : null)))
      column[step] = (column[step] ?? 0) + requestsPerSecond / point.ticks
    }
  })
  return {
    id,
    stepMs,
    times: points.map((_, step) => first + step * stepMs),
    requestsPerSecond: points.map((point) => (point ? point.sum.requestsPerSecond / point.ticks : null)),
    errorRatio: signals.map((signal) => signal?.errorRatio ?? null),
    classes,
    p50: signals.map((signal) => signal?.latencyMs?.p50 ?? null),
    p95: signals.map((signal) => signal?.latencyMs?.p95 ?? null),
    p99: signals.map((signal) => signal?.latencyMs?.p99 ?? null),
    bytesPerSecond: points.map((point) =>
      point ? (point.sum.sent + point.sum.received) / point.ticks : null,
    ),
    late: points.flatMap((point, step) => (point?.late ? [step] : [])),
  }
}

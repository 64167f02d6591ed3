import { z } from "zod"
import { Instant } from "../id.ts"
import { PackedTick } from "../telemetry/tick.ts"
import { Health, Notice, Signals } from "../topology/document.ts"
import { TopologyFact } from "../topology/fact.ts"

/** What a graph is made from: `buildTopology(sources)` gives the same document in the cloud, the CLI and the browser. */
export const TopologySources = z
  .object({
    clusters: z.array(
      z.object({
        cluster: z.string(),
        clusterName: z.string(),
        link: z.enum(["waiting", "live", "late", "stale", "revoked"]),
        linkSince: Instant,
        /** Istio's name for this cluster in the proxies' labels (`source_cluster`), when known: maps ends of edges to clusters. */
        istioClusterId: z.string().nullable(),
        facts: z.array(TopologyFact),
        /** Newest last; at most the ticks of the asked window. */
        ticks: z.array(PackedTick),
        notices: z.array(Notice),
      }),
    ),
  })
  .meta({ id: "TopologySources" })
export type TopologySources = z.infer<typeof TopologySources>

/** A row of Services or Workloads. */
export const MeshRow = z
  .object({
    id: z.string(),
    cluster: z.string(),
    clusterName: z.string(),
    namespace: z.string(),
    name: z.string(),
    /** Service, or the workload's kind (Deployment, ...). */
    kind: z.string(),
    protocols: z.array(z.string()),
    signals: Signals,
    health: Health,
    pods: z.object({ ready: z.int(), total: z.int() }).nullable(),
    inMesh: z.boolean().nullable(),
    versions: z.array(z.string()),
    stale: z.boolean(),
  })
  .meta({ id: "MeshRow" })
export type MeshRow = z.infer<typeof MeshRow>

const Neighbour = z.object({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  cluster: z.string(),
  kind: z.string(),
  protocol: z.string(),
  signals: Signals,
})

/** A service or workload with its neighbours and the objects that apply to it. */
export const MeshDetail = z
  .object({
    row: MeshRow,
    callers: z.array(Neighbour),
    callees: z.array(Neighbour),
    /** Workloads behind a service, or services in front of a workload. */
    related: z.array(MeshRow),
    pods: z.array(
      z.object({
        name: z.string(),
        namespace: z.string(),
        node: z.string(),
        phase: z.string(),
        ready: z.boolean(),
        proxy: z.string().nullable(),
        restarts: z.int(),
        startedAt: z.string().nullable(),
      }),
    ),
    /** Istio and Gateway API objects that apply, in the order in which Istio considers them, with why. */
    appliesHere: z.array(
      z.object({ kind: z.string(), namespace: z.string(), name: z.string(), why: z.string() }),
    ),
    notices: z.array(Notice),
  })
  .meta({ id: "MeshDetail" })
export type MeshDetail = z.infer<typeof MeshDetail>

/** A time series: one value a step, null where nothing was measured (a hole stays a hole). */
export const SignalSeries = z
  .object({
    /** `overall`, a topology node id, or an edge id. */
    id: z.string(),
    stepMs: z.int(),
    times: z.array(Instant),
    requestsPerSecond: z.array(z.number().nullable()),
    errorRatio: z.array(z.number().nullable()),
    /** Requests per second by class: 2xx 3xx 4xx 5xx other. */
    classes: z.record(z.string(), z.array(z.number().nullable())),
    p50: z.array(z.number().nullable()),
    p95: z.array(z.number().nullable()),
    p99: z.array(z.number().nullable()),
    bytesPerSecond: z.array(z.number().nullable()),
    /** Points that were back-filled late, as indexes. */
    late: z.array(z.int()),
  })
  .meta({ id: "SignalSeries" })
export type SignalSeries = z.infer<typeof SignalSeries>

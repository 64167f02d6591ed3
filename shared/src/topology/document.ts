import { z } from "zod"
import { Instant } from "../id.ts"
import { Latency } from "../telemetry/edge.ts"

export const HealthState = z.enum(["ok", "watch", "degraded", "failing", "idle", "unknown"])
export type HealthState = z.infer<typeof HealthState>

/** Score 0..100 and the terms that cost points; null score when idle or unknown. */
export const Health = z
  .object({
    state: HealthState,
    score: z.number().nullable(),
    /** Fewer than 20 requests in the window. */
    lowConfidence: z.boolean(),
    reasons: z.array(z.object({ text: z.string(), cost: z.number() })),
  })
  .meta({ id: "Health" })
export type Health = z.infer<typeof Health>

/** Golden signals of a node or edge over `window`. Rates per second, shares 0..1, latency ms. null: nothing to measure. */
export const Signals = z
  .object({
    requestsPerSecond: z.number().nullable(),
    errorRatio: z.number().nullable(),
    latencyMs: Latency.nullable(),
    bytesPerSecond: z.object({ sent: z.number(), received: z.number() }),
    tcpOpenedPerSecond: z.number().nullable(),
    mtlsRatio: z.number().nullable(),
  })
  .meta({ id: "Signals" })
export type Signals = z.infer<typeof Signals>

export const NodeKind = z.enum(["service", "workload", "gateway", "waypoint", "external", "unknown", "vm"])
export type NodeKind = z.infer<typeof NodeKind>

export const TopologyNode = z
  .object({
    /** Stable: the same object has the same id in every document. */
    id: z.string(),
    kind: NodeKind,
    /** Our cluster's id and name; empty for nodes outside of every cluster. */
    cluster: z.string(),
    clusterName: z.string(),
    namespace: z.string(),
    name: z.string(),
    /** Deployment, StatefulSet, ...; only on workloads whose object is known. */
    workloadKind: z.string().optional(),
    /** Protocols of its inbound traffic. */
    protocols: z.array(z.enum(["http", "grpc", "tcp"])),
    /** Inbound signals. */
    signals: Signals,
    health: Health,
    /** Versions behind a service with their share of its inbound traffic. */
    versions: z.array(
      z.object({
        version: z.string(),
        workload: z.string(),
        share: z.number(),
        errorRatio: z.number().nullable(),
      }),
    ),
    pods: z.object({ ready: z.int(), total: z.int() }).nullable(),
    /** false: pods without a proxy and no ambient; null: not known. */
    inMesh: z.boolean().nullable(),
    /** Istio and Gateway API objects that shape its traffic, as badges. */
    badges: z.array(
      z.enum(["route", "fault", "mirror", "circuit-breaker", "policy", "plaintext", "locality"]),
    ),
    /** The service a workload stands behind, or the workloads behind a service. */
    related: z.array(z.string()),
    stale: z.boolean(),
  })
  .meta({ id: "TopologyNode" })
export type TopologyNode = z.infer<typeof TopologyNode>

export const TopologyEdge = z
  .object({
    id: z.string(),
    source: z.string(),
    target: z.string(),
    protocol: z.enum(["http", "grpc", "tcp"]),
    requestsPerSecond: z.number(),
    errorRatio: z.number().nullable(),
    latencyMs: Latency.nullable(),
    bytesPerSecond: z.object({ sent: z.number(), received: z.number() }),
    tcpOpenedPerSecond: z.number().nullable(),
    mtlsRatio: z.number().nullable(),
    responses: z.array(
      z.object({ code: z.string(), flags: z.string(), grpc: z.string(), requestsPerSecond: z.number() }),
    ),
    health: HealthState,
    reporter: z.enum(["source", "destination", "both", "waypoint", "ztunnel"]),
    stale: z.boolean(),
  })
  .meta({ id: "TopologyEdge" })
export type TopologyEdge = z.infer<typeof TopologyEdge>

/** Something the reader must know to trust the graph: a stale cluster, a denied kind, a cut list. */
export const Notice = z
  .object({
    level: z.enum(["info", "warning", "error"]),
    code: z.enum([
      "cluster.stale",
      "cluster.waiting",
      "cluster.late",
      "kind.denied",
      "kind.stale",
      "telemetry.down",
      "telemetry.gap",
      "truncated",
    ]),
    cluster: z.string(),
    message: z.string(),
  })
  .meta({ id: "Notice" })
export type Notice = z.infer<typeof Notice>

/** The graph that the API, the CLI and the console draw. */
export const TopologyDocument = z
  .object({
    /** End of the newest window in it; null when no cluster has sent a tick. */
    at: Instant.nullable(),
    /** Length of the window in seconds. */
    window: z.number(),
    view: z.enum(["service", "workload"]),
    nodes: z.array(TopologyNode),
    edges: z.array(TopologyEdge),
    notices: z.array(Notice),
  })
  .meta({ id: "Topology" })
export type TopologyDocument = z.infer<typeof TopologyDocument>

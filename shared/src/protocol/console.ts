import { z } from "zod"
import { Problem } from "../problem.ts"
import { KubeObject } from "../kube/object-schema.ts"
import { PackedTick } from "../telemetry/tick.ts"
import { Change } from "../api/change.ts"
import { ClusterInfo } from "../api/cluster.ts"
import { TopologyFact } from "../topology/fact.ts"

const Name = z.string().max(253)
/** Each is looked up at the subscription, and read with it at every change. */
const Clusters = z.array(z.string().max(64)).max(200)

/**
 * The console's socket. Plain JSON text frames (no gzip: API Gateway bills per 32 KB, and patches are small). A subscription names a
 * view; the cloud answers with patches keyed by id. `reset: true` means: forget what you had in this subscription, this is all of it.
 */
export const View = z.discriminatedUnion("type", [
  /** Link state of every cluster: items are ClusterInfo. */
  z.object({ type: z.literal("clusters") }),
  /** Ticks and topology facts of these clusters (empty: all). Filtering by namespace happens where it is drawn. The first content is `GET /topology/sources`; this brings what came after. */
  z.object({ type: z.literal("topology"), clusters: Clusters }),
  /** Objects of a kind. */
  z.object({
    type: z.literal("objects"),
    kind: Name,
    clusters: Clusters,
    namespace: Name.optional(),
  }),
  /** Changes of the organization, ours and those from outside, as they go on. */
  z.object({ type: z.literal("changes") }),
  /** One object. */
  z.object({
    type: z.literal("object"),
    cluster: z.string().max(64),
    kind: Name,
    namespace: Name,
    name: Name,
  }),
])
export type View = z.infer<typeof View>

export const ConsoleUp = z.discriminatedUnion("type", [
  z.object({ type: z.literal("subscribe"), id: z.string().min(1).max(64), view: View }),
  z.object({ type: z.literal("unsubscribe"), id: z.string().min(1).max(64) }),
  /** The patch `seq` of this subscription has been drawn. The cloud sends at most 8 unacknowledged patches, then conflates. */
  z.object({ type: z.literal("ack"), id: z.string().min(1).max(64), seq: z.int().positive() }),
  z.object({ type: z.literal("ping") }),
])
export type ConsoleUp = z.infer<typeof ConsoleUp>

const patch = { id: z.string(), seq: z.int().positive(), reset: z.boolean() }

export const ConsoleDown = z.discriminatedUnion("type", [
  z.object({ type: z.literal("subscribed"), id: z.string() }),
  z.object({ type: z.literal("clusters"), ...patch, put: z.array(ClusterInfo), remove: z.array(z.string()) }),
  z.object({ type: z.literal("tick"), ...patch, cluster: z.string(), late: z.boolean(), tick: PackedTick }),
  z.object({
    type: z.literal("facts"),
    ...patch,
    cluster: z.string(),
    put: z.array(TopologyFact),
    remove: z.array(z.string()),
  }),
  z.object({
    type: z.literal("objects"),
    ...patch,
    put: z.array(z.object({ cluster: z.string(), object: KubeObject })),
    remove: z.array(
      z.object({ cluster: z.string(), kind: z.string(), namespace: z.string(), name: z.string() }),
    ),
  }),
  z.object({ type: z.literal("changes"), ...patch, put: z.array(Change), remove: z.array(z.string()) }),
  /** A change was left out (too large, or patches were conflated): read the view again over HTTP. */
  z.object({ type: z.literal("reload"), ...patch }),
  z.object({ type: z.literal("pong") }),
  z.object({ type: z.literal("error"), id: z.string().optional(), problem: Problem }),
])
export type ConsoleDown = z.infer<typeof ConsoleDown>

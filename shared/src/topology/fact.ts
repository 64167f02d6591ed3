import { z } from "zod"

/** What the graph needs to know about one inventory object, and nothing more: small enough for 10,000 of them in a browser. `id` is `kind key/namespace/name`. */
export const TopologyFact = z
  .discriminatedUnion("type", [
    z.object({
      type: z.literal("service"),
      id: z.string(),
      namespace: z.string(),
      name: z.string(),
      /** Pod selector; empty for services without one. */
      selector: z.record(z.string(), z.string()),
      ports: z.array(z.object({ name: z.string(), port: z.int(), protocol: z.string() })),
      headless: z.boolean(),
    }),
    z.object({
      type: z.literal("workload"),
      id: z.string(),
      /** Deployment, StatefulSet, DaemonSet, Job, ReplicaSet (without owner), WorkloadEntry, Pod (without owner). */
      kind: z.string(),
      namespace: z.string(),
      name: z.string(),
      labels: z.record(z.string(), z.string()),
      pods: z.object({ ready: z.int(), total: z.int() }),
      /** Proxy injected by its template or its pods; null when only a pod could tell. */
      sidecar: z.boolean().nullable(),
      /** Ambient: labelled for the ztunnel on itself (true/false), null: as its namespace says. */
      ambient: z.boolean().nullable(),
      role: z.enum(["app", "gateway", "waypoint", "vm"]),
    }),
    z.object({
      type: z.literal("external"),
      id: z.string(),
      namespace: z.string(),
      name: z.string(),
      hosts: z.array(z.string()),
    }),
    z.object({
      type: z.literal("namespace"),
      id: z.string(),
      name: z.string(),
      injection: z.enum(["enabled", "disabled", "revision", "ambient", "none"]),
    }),
    z.object({
      type: z.literal("config"),
      id: z.string(),
      namespace: z.string(),
      name: z.string(),
      /** Hosts it shapes, as written, short names completed with its namespace (`reviews.bookinfo.svc.cluster.local`). */
      hosts: z.array(z.string()),
      /** Pod labels it selects (policies); empty object: all of its namespace; null: not by labels. */
      selector: z.record(z.string(), z.string()).nullable(),
      badges: z.array(z.enum(["route", "fault", "mirror", "circuit-breaker", "policy", "locality"])),
    }),
  ])
  .meta({ id: "TopologyFact" })
export type TopologyFact = z.infer<typeof TopologyFact>

import type { Endpoint } from "./edge.ts"

/**
 * How a packed tick is laid out: pack.ts writes and unpack.ts reads so. Edges are in order of key, so that ends repeat. Every number is an
 * integer: an id of the dictionary, a place in one of these lists, or a quantised value (0: zero, -1: null).
 */
export const protocols = ["http", "grpc", "tcp"] as const
export const reporters = ["source", "destination", "both", "waypoint", "ztunnel"] as const

/** `=` stands for what is nearly always so: a workload is named `app-version`, a service as the app behind it in the same namespace. */
export const same = "="
export const workloadName = (end: Endpoint): string =>
  end.version === "" ? end.app : `${end.app}-${end.version}`

/** Names of columns, in their order in `c`. */
export const columnNames = [
  "source",
  "destination",
  "service",
  "kind",
  "rate",
  "responses",
  "response",
  "responseRate",
  "p50",
  "p95",
  "p99",
  "sent",
  "received",
  "opened",
  "closed",
  "mtls",
] as const
export type ColumnName = (typeof columnNames)[number]

import type { Labels } from "./mesh.ts"

/** The proxy that decides where a request goes: a workload's sidecar, or a gateway. */
export type Client = { kind: "sidecar" | "gateway"; namespace: string; labels: Labels }

export type HttpRequest = {
  /** Full host, `reviews.bookinfo.svc.cluster.local` or `shop.example.com`. */
  host: string
  /** Port of the service called; at a gateway the port of the server. */
  port: number
  method: string
  /** With query, if any. */
  path: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
}

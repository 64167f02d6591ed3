import type { Labels } from "./mesh.ts"

/** The proxy that decides where a request goes: a workload's sidecar, or a gateway. */
export type Client = { kind: "sidecar" | "gateway"; namespace: string; labels: Labels }

export type HttpRequest = {
  /** Host as the client writes it: `reviews.bookinfo.svc.cluster.local`, `reviews`, or `shop.example.com`; a port after it changes nothing. */
  host: string
  /** Port of the service called; at a gateway the port of the server. */
  port: number
  method: string
  /** With query, if any. */
  path: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** `http` when not said. */
  scheme?: "http" | "https"
}

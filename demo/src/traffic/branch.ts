import type { Connection } from "#shared/istio/connection.ts"
import type { RegistryService } from "#shared/istio/registry.ts"
import type { Latency } from "./latency.ts"
import type { Workload } from "./workload.ts"

/** One way in which a part of the calls of a kind ends. */
export type Branch = {
  /** Part of the calls, 0..1; those of one call add up to 1. */
  share: number
  /** HTTP code that the caller sees; `0` for none. */
  code: string
  /** Envoy's response flags as the caller's proxy reports them, `-` for none. */
  flags: string
  /** gRPC status, empty for others. */
  grpc: string
  /** Service in the caller's metrics; null: none was found for the host. */
  service: RegistryService | null
  /** The catch-all cluster it left through, or empty. */
  cluster: string
  server: Served | null
  /** The workload whose endpoint the caller's proxy chose; null when it came to none. */
  upstream: Workload | null
  latency: Latency
}

/** The call as the server's side of it saw it; null when it never got there. */
export type Served = {
  workload: Workload
  /** Requests there per call: more than its share when the caller's proxy tried again. */
  share: number
  code: string
  flags: string
  security: Connection["security"]
  latency: Latency
  /** It did its work and made its own calls. */
  worked: boolean
}

const grpcOf: Readonly<Record<string, string>> = {
  "400": "13",
  "401": "16",
  "403": "7",
  "404": "12",
  "429": "14",
  "502": "14",
  "503": "14",
  "504": "14",
}

/** What a proxy answers by itself. To gRPC it answers 200 and a status. Source: Envoy, "Local reply"; gRPC, "HTTP to gRPC status mapping". */
export const localReply = (protocol: string, code: number): { code: string; grpc: string } =>
  protocol === "grpc" ? { code: "200", grpc: grpcOf[String(code)] ?? "2" } : { code: String(code), grpc: "" }

export const isFailure = ({ code, grpc }: Pick<Branch, "code" | "grpc">): boolean =>
  grpc !== "" ? grpc !== "0" : code === "0" || Number(code) >= 400

import type { Problem } from "./problem.ts"

/** Whether a number may be a port. */
export const isPort = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535

/** What is wrong with the number of a port that has to be there. Values of another type are for the structure to refuse. */
export const portProblem = (value: unknown): Problem =>
  value === undefined || value === null
    ? "the port has no number"
    : typeof value !== "number" || isPort(value)
      ? undefined
      : `port ${value} is not between 1 and 65535`

const http = new Set(["http", "http2", "http_proxy", "grpc", "grpc-web"])
const tls = new Set(["https", "tls"])
const tcp = new Set(["tcp", "mongo", "redis", "mysql"])

/** Protocols that Istio knows, by what it can do with them. Source: istio pkg/config/protocol. */
export type ProtocolClass = "http" | "tls" | "tcp" | "udp" | "unknown"

/** Case does not count. */
export function protocolClass(protocol: string): ProtocolClass {
  const name = protocol.toLowerCase()
  if (http.has(name)) return "http"
  if (tls.has(name)) return "tls"
  if (tcp.has(name)) return "tcp"
  return name === "udp" ? "udp" : "unknown"
}

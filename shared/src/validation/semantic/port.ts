/** Whether a number may be a port. */
export const isPort = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65535

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

import { text } from "../topology/fact/read.ts"
import type { TrafficPolicy } from "./destination-rule.ts"
import type { Instance } from "./instance.ts"
import type { Mesh } from "./mesh.ts"
import { peerAuthenticationFor } from "./peer-authentication.ts"
import { type Reason, reason } from "./reason.ts"
import type { RegistryService } from "./registry.ts"

/** How a connection goes: `mutual_tls` between two proxies, `tls` originated by the client's, `none` in plain text. `accepted` false: the server drops it. */
export type Connection = {
  security: "mutual_tls" | "tls" | "none"
  accepted: boolean
  reasons: readonly Reason[]
}

export type ConnectionInput = {
  /** The client has a proxy of the mesh. */
  fromProxy: boolean
  policy: TrafficPolicy
  service: RegistryService
  server: Instance
  /** Container port. */
  port: number
}

/**
 * Whether a client's connection and what the server accepts go together. Without a mode in the destination rule a proxy uses mutual TLS to
 * servers that have a proxy and do not disable it (auto mTLS). Source: istio.io, "Understanding TLS Configuration".
 */
export function connectionTo(mesh: Mesh, input: ConnectionInput): Connection {
  const { fromProxy, policy, service, server, port } = input
  const required = server.sidecar
    ? peerAuthenticationFor(mesh, server, port)
    : {
        mode: "DISABLE" as const,
        reasons: [reason("server.no_proxy", `${server.name} has no proxy and speaks plain text`)],
      }
  const security = securityOf(mesh, fromProxy, text(policy.tls?.["mode"]), service, required.mode)
  const accepted =
    security === "mutual_tls"
      ? required.mode !== "DISABLE"
      : security === "tls"
        ? service.external || !server.sidecar
        : required.mode !== "STRICT"
  return { security, accepted, reasons: required.reasons }
}

function securityOf(
  mesh: Mesh,
  fromProxy: boolean,
  mode: string,
  service: RegistryService,
  required: string,
): Connection["security"] {
  if (!fromProxy || mode === "DISABLE") return "none"
  if (mode === "ISTIO_MUTUAL") return "mutual_tls"
  if (mode === "SIMPLE" || mode === "MUTUAL") return "tls"
  return mesh.settings.autoMtls && !service.external && required !== "DISABLE" ? "mutual_tls" : "none"
}

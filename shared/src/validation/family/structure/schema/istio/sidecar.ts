import { object, list, string, choice, uint32 } from "../../schema.ts"
import { strings } from "../common.ts"
import { connectionPool, serverTls, destination, workloadSelector } from "./common.ts"

const captureMode = choice("DEFAULT", "IPTABLES", "NONE")

const sidecarPort = object({ name: string, number: uint32, protocol: string, targetPort: uint32 })

export const sidecar = object({
  egress: list(
    object({ bind: string, captureMode, hosts: strings, port: sidecarPort }, { required: ["hosts"] }),
  ),
  inboundConnectionPool: connectionPool,
  ingress: list(
    object(
      {
        bind: string,
        captureMode,
        connectionPool,
        defaultEndpoint: string,
        port: sidecarPort,
        tls: serverTls,
      },
      { required: ["port"] },
    ),
  ),
  outboundTrafficPolicy: object({ egressProxy: destination, mode: choice("REGISTRY_ONLY", "ALLOW_ANY") }),
  workloadSelector,
})

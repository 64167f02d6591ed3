import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, number, record, text } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { serviceKind } from "./kinds.ts"
import { isGatewayManaged } from "./pod.ts"

const source = "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/"

export const portUnnamed = rule({
  code: "service.port_protocol_unknown",
  aliases: ["IST0118", "KIA0601"],
  level: "info",
  title: "Port whose name does not tell its protocol",
  effect:
    "Istio looks at the first bytes to guess the protocol; where the server speaks first the connection waits for it",
  remedy: "Name the port after its protocol (http-web, grpc, tcp-db), or set appProtocol",
  source,
})
export const externalNamePort = rule({
  code: "service.external_name_port",
  aliases: ["IST0150"],
  level: "warning",
  title: "ExternalName service with a port of unknown or plain TCP protocol",
  effect: "Istio opens a listener for all addresses on that port, which takes other TCP traffic as well",
  remedy: "Name the port after its protocol, or leave it out",
  source,
})
export const appProtocolUnknown = rule({
  code: "service.app_protocol_unknown",
  aliases: ["KIA0602"],
  level: "info",
  title: "appProtocol that Istio does not know",
  effect: "Istio falls back to the name of the port, and then to guessing",
  remedy:
    "Write one of http, http2, grpc, grpc-web, https, tls, tcp, mongo, mysql, redis, kubernetes.io/h2c, kubernetes.io/ws, kubernetes.io/wss",
  source,
})

const known = new Set([
  ...[
    "grpc",
    "grpc-web",
    "http",
    "http2",
    "https",
    "tcp",
    "tls",
    "udp",
    "mongo",
    "redis",
    "mysql",
    "hbone",
    "double-hbone",
  ],
  ...["http_proxy", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss", "ws", "wss", "h2c"],
])

const isKnown = (protocol: string): boolean => known.has(protocol.toLowerCase())

/** The part of a port's name before its first dash; `grpc-web` has one itself. */
const prefixOf = (name: string): string => {
  if (name.toLowerCase().startsWith("grpc-web")) return "grpc-web"
  const dash = name.indexOf("-")
  return dash < 0 ? name : name.slice(0, dash)
}

const isOfControlPlane = (service: KubeObject): boolean =>
  service.metadata.labels?.["istio"] !== undefined || service.metadata.labels?.["release"] === "istio"

function judgeAppProtocol(app: string, path: string, report: Report): void {
  if (app !== "" && !isKnown(app) && !app.includes("/"))
    report(appProtocolUnknown, {
      path: `${path}.appProtocol`,
      message: `appProtocol ${app} is none that Istio knows`,
    })
}

function judgePort(port: Json, path: string, isExternalName: boolean, report: Report): void {
  const [name, protocol, app] = [text(port["name"]), text(port["protocol"]), text(port["appProtocol"])]
  if (protocol === "UDP" || protocol === "SCTP") return
  const isAppKnown = app !== "" && isKnown(app)
  judgeAppProtocol(app, path, report)
  const at = number(port["port"])
  const isTold = isAppKnown || isKnown(prefixOf(name)) || isWellKnown(at, name)
  const place = name === "" ? path : `${path}.name`
  if (isExternalName && (!isTold || name === "tcp"))
    report(externalNamePort, {
      path: place,
      message: `port ${at} of an ExternalName service is ${name === "" ? "without a name" : `named ${name}`}`,
    })
  else if (!isExternalName && !isTold)
    report(portUnnamed, {
      path: place,
      message: `port ${at} ${name === "" ? "has no name" : `is named ${name}`}, and has no appProtocol that tells its protocol`,
    })
}

export const servicePorts = check({
  name: "service/ports",
  subject: serviceKind,
  reads: [],
  rules: [portUnnamed, externalNamePort, appProtocolUnknown],
  run: (service, _, report) => {
    if (isOfControlPlane(service) || isGatewayManaged(service)) return
    const spec = record(service["spec"])
    const ports = list(spec["ports"])
    for (let i = 0; i < ports.length; i++)
      judgePort(record(ports[i]), `spec.ports[${i}]`, spec["type"] === "ExternalName", report)
  },
})

/** Ports on which servers speak first are taken for TCP without a name. Source: pilot `wellKnownPorts`. */
const wellKnown = new Set([25, 53, 3306, 27_017])
const isWellKnown = (port: number, name: string): boolean => name === "" && wellKnown.has(port)

import { type Json, list, number, record, text } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { serviceKind, systemNamespaces } from "./kinds.ts"
import { isGatewayManaged, isOfIstio } from "./pod.ts"

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
  aliases: ["IST0118", "KIA0602"],
  level: "info",
  title: "appProtocol that Istio does not know",
  effect: "Istio does not look at the name of the port then, and guesses the protocol by the first bytes",
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

/** Ports on which servers speak first are taken for TCP whatever their name. Source: pilot `wellKnownPorts`. */
const wellKnown = new Set([25, 53, 3306, 27_017])

/** An appProtocol counts instead of the name, even one that is not known. Source: pilot `ConvertProtocol`. */
const isTold = (port: number, name: string, app: string): boolean =>
  isKnown(app) || isKnown(prefixOf(app === "" ? name : app)) || wellKnown.has(port)

/** What tells the protocol of a port of a Service, or that nothing does. */
function judgePort(port: Json, path: string, report: Report): void {
  const [name, app] = [text(port["name"]), text(port["appProtocol"])]
  const at = number(port["port"])
  if (isTold(at, name, app)) return
  if (app !== "" && !app.includes("/"))
    report(appProtocolUnknown, {
      path: `${path}.appProtocol`,
      message: `appProtocol ${app} is none that Istio knows`,
    })
  else
    report(portUnnamed, {
      path: name === "" ? path : `${path}.name`,
      message: `port ${at} ${name === "" ? "has no name" : `is named ${name}`}, and has no appProtocol that tells its protocol`,
    })
}

/** Each such port makes a listener for all addresses; one finding tells them all, as one change mends them. */
function judgeExternalName(ports: readonly Json[], report: Report): void {
  const wide: string[] = []
  let path = ""
  for (const [index, port] of ports.entries()) {
    const name = text(port["name"])
    const at = number(port["port"])
    if (!isCaptured(port) || (name !== "tcp" && isTold(at, name, text(port["appProtocol"])))) continue
    if (wide.length === 0) path = `spec.ports[${index}]${name === "" ? "" : ".name"}`
    wide.push(`port ${at} ${name === "" ? "is without a name" : `is named ${name}`}`)
  }
  if (wide.length > 0)
    report(externalNamePort, { path, message: `of an ExternalName service ${wide.join(", ")}` })
}

const isCaptured = (port: Json): boolean => port["protocol"] !== "UDP" && port["protocol"] !== "SCTP"

export const servicePorts = check({
  name: "service/ports",
  subject: serviceKind,
  reads: [],
  rules: [portUnnamed, externalNamePort, appProtocolUnknown],
  run: (service, _, report) => {
    if (isOfIstio(service) || isGatewayManaged(service)) return
    if (systemNamespaces.has(service.metadata.namespace ?? "")) return
    const spec = record(service["spec"])
    const ports = list(spec["ports"])
    if (spec["type"] === "ExternalName") return judgeExternalName(ports.map(record), report)
    for (let i = 0; i < ports.length; i++) {
      const port = record(ports[i])
      if (isCaptured(port)) judgePort(port, `spec.ports[${i}]`, report)
    }
  },
})

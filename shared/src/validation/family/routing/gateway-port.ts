import { isSubset, key } from "../../../istio/mesh.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { list, number, record, stringMap, text } from "../../../topology/fact/read.ts"
import { check, derived } from "../../check.ts"
import { podsWith } from "../../pods.ts"
import { clientsOfGateway } from "./client.ts"
import { portNameMisleading, portUnserved } from "./gateway-object-rules.ts"
import { clientKey, clientOf } from "./gateway-servers.ts"
import { gatewayKind } from "./kinds.ts"

type Served = { services: readonly KubeObject[]; ports: ReadonlySet<number> }

/** A Service with this label is not asked for its own ports, only for its targets. Source: pilot `DisableGatewayPortTranslationLabel`. */
const untranslated = "experimental.istio.io/disable-gateway-port-translation"

function addPorts(service: KubeObject, named: ReadonlyMap<string, number>, ports: Set<number>): void {
  const translates = service.metadata.labels?.[untranslated] === undefined
  for (const entry of list(record(service["spec"])["ports"])) {
    const { port, targetPort, protocol } = record(entry)
    if (protocol === "UDP" || protocol === "SCTP") continue
    if (translates || targetPort === undefined) ports.add(number(port))
    if (typeof targetPort === "number") ports.add(targetPort)
    else if (typeof targetPort === "string")
      ports.add(named.get(targetPort) ?? (Number(targetPort) || number(port)))
  }
}

function containerPorts(pods: readonly KubeObject[]): ReadonlyMap<string, number> {
  const named = new Map<string, number>()
  for (const pod of pods)
    for (const container of list(record(pod["spec"])["containers"]))
      for (const entry of list(record(container)["ports"])) {
        const { name, containerPort } = record(entry)
        if (typeof name === "string") named.set(name, number(containerPort))
      }
  return named
}

/** The ports that the Services in front of a gateway's pods lead to: their own, which Istio translates, and their targets. */
const servedPorts = derived<Served>({
  name: "routing/ports of a gateway's services",
  compute: (view, at) => {
    const { namespace, labels } = clientOf(at)
    const services = view.inNamespace("Service", namespace).filter((service) => {
      const selector = stringMap(record(service["spec"])["selector"])
      return Object.keys(selector).length > 0 && isSubset(selector, labels)
    })
    const ports = new Set<number>()
    const named = containerPorts(podsWith(view, labels))
    for (const service of services) addPorts(service, named, ports)
    return { services, ports }
  },
})

export const gatewayPorts = check({
  name: "gateway/ports",
  subject: gatewayKind,
  reads: [gatewayKind, "Pod", "Service"],
  needs: ["Pod", "Service"],
  rules: [portUnserved],
  run: (object, view, report) => {
    const name = key(object.metadata.namespace ?? "", object.metadata.name)
    const clients = view.derive(clientsOfGateway, name).filter(({ known }) => known)
    if (clients.length === 0) return
    const served = clients.map((client) => view.derive(servedPorts, clientKey(client)))
    for (const [index, entry] of list(record(object["spec"])["servers"]).entries()) {
      const port = number(record(record(entry)["port"])["number"])
      if (port === 0 || served.some(({ ports }) => ports.has(port))) continue
      const services = served.flatMap((one) => one.services)
      const there = [...new Set(served.flatMap(({ ports }) => [...ports]))].sort((a, b) => a - b)
      report(portUnserved, {
        path: `spec.servers[${index}].port.number`,
        message:
          services.length === 0
            ? `No Service selects the pods of this Gateway, so none leads to port ${port}`
            : `No Service in front of the pods leads to port ${port}; they lead to ${there.join(", ")}`,
        references: services.map(({ metadata }) => ({
          object: { kind: "Service", namespace: metadata.namespace ?? "", name: metadata.name },
          path: "spec.ports",
        })),
      })
    }
  },
})

const families: Record<string, string> = {
  http: "http",
  http2: "http",
  grpc: "http",
  "grpc-web": "http",
  https: "tls",
  tls: "tls",
  tcp: "tcp",
  mongo: "tcp",
}

/** Only where the name says one protocol and the field another of a different kind: `http` on a TCP port. */
export const gatewayPortNames = check({
  name: "gateway/port-names",
  subject: gatewayKind,
  reads: [],
  rules: [portNameMisleading],
  run: (object, _, report) => {
    for (const [index, entry] of list(record(object["spec"])["servers"]).entries()) {
      const port = record(record(entry)["port"])
      const [name, protocol] = [text(port["name"]), text(port["protocol"]).toLowerCase()]
      const said = families[name.split("-")[0] ?? ""]
      const is = families[protocol]
      if (said === undefined || is === undefined || said === is) continue
      report(portNameMisleading, {
        path: `spec.servers[${index}].port.name`,
        message: `Port ${name} is of protocol ${protocol.toUpperCase()}`,
      })
    }
  },
})

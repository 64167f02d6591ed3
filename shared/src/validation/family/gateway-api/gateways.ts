import { type KubeObject, refOf } from "../../../kube/object.ts"
import { list, record, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, index } from "../../check.ts"
import { pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { similar } from "../services/words.ts"
import { gatewayClassKind, gatewayKind } from "./kinds.ts"
import { type Listener, listenersOf } from "./listener.ts"

const source = "https://gateway-api.sigs.k8s.io/reference/spec/#listener"

export const hostElsewhere = rule({
  code: "kubernetesgateway.host_elsewhere",
  aliases: ["KIA1501"],
  level: "warning",
  title: "Two Gateways listen for one host and port",
  effect: "Each has an address of its own; which one answers for the host is up to DNS",
  remedy: "Keep the host on one Gateway",
  source,
})
export const addressElsewhere = rule({
  code: "kubernetesgateway.address_elsewhere",
  aliases: ["KIA1502"],
  level: "warning",
  title: "Two Gateways ask for one address",
  effect: "The address can be given to one of them; the other is not programmed",
  remedy: "Give each Gateway its own address",
  source: "https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspecaddress",
})
export const listenerConflict = rule({
  code: "kubernetesgateway.listener_conflict",
  aliases: ["KIA1503"],
  level: "error",
  title: "Listeners of a Gateway are not told apart",
  effect: "The later of the two is not accepted",
  remedy: "Give the listeners different ports or hostnames",
  source,
})
export const classUnknown = rule({
  code: "kubernetesgateway.class_unknown",
  aliases: ["KIA1504"],
  level: "error",
  title: "GatewayClass is not there",
  effect: "No controller takes the Gateway: there is no proxy for it",
  remedy: "Use a class that the cluster has, such as istio",
  source: "https://gateway-api.sigs.k8s.io/api-types/gatewayclass/",
})
export const protocolUnsupported = rule({
  code: "kubernetesgateway.protocol_unsupported",
  aliases: [],
  level: "error",
  title: "Listener has a protocol that Istio does not know",
  effect: "The listener is not accepted",
  remedy: "Use HTTP, HTTPS, TLS or TCP, in upper case; HBONE only at waypoints",
  source: "https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/",
})

/** Gateways by `port/host` of their listeners; those for all hosts are left out: every team has one. */
const byHost = index({
  name: "kubernetes-gateways-by-host",
  kind: gatewayKind,
  keysOf: (gateway) => [...new Set(listenersOf(gateway).filter(isNamed).map(keyOf))],
})

const isNamed = ({ hostname }: Listener): boolean => hostname !== "*"
const keyOf = ({ port, hostname }: Listener): string => `${port}/${hostname}`

const addressesOf = (gateway: KubeObject): string[] =>
  list(record(gateway["spec"])["addresses"]).map((address) => {
    const { type, value } = record(address)
    return `${text(type) || "IPAddress"}/${text(value)}`
  })

const byAddress = index({
  name: "kubernetes-gateways-by-address",
  kind: gatewayKind,
  keysOf: (gateway) => addressesOf(gateway).filter(isGiven),
})

const isGiven = (address: string): boolean => !address.endsWith("/")

const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}/${metadata.name}`

/** Classes that istiod makes itself. */
const own: ReadonlySet<string> = new Set([
  "istio",
  "istio-remote",
  "istio-waypoint",
  "istio-east-west",
  "istio-agentgateway",
  "istio-agentgateway-waypoint",
])

function checkClass(gateway: KubeObject, view: View, report: Report): void {
  const name = text(record(gateway["spec"])["gatewayClassName"])
  if (name === "" || own.has(name) || view.get(gatewayClassKind, "", name)) return
  const classes = view.all(gatewayClassKind).map(({ metadata }) => metadata.name)
  // Without any class to go by, only a name that is meant to be one of Istio's is known to be wrong.
  if (classes.length === 0 && !name.startsWith("istio") && similar(name, [...own]).length === 0) return
  const names = classes.length > 0 ? classes : [...own]
  report(classUnknown, {
    path: "spec.gatewayClassName",
    message: `there is no GatewayClass ${name}; there is ${names.slice(0, 6).join(", ")}`,
  })
}

const isPlain = (protocol: string): boolean => protocol === "TCP" || protocol === "UDP"
const isHosted = (protocol: string): boolean =>
  protocol === "HTTP" || protocol === "HTTPS" || protocol === "TLS"

/** Source: pilot `listenersDistinct`. */
function isDistinct(a: Listener, b: Listener): boolean {
  if (a.port !== b.port) return true
  if (isPlain(a.protocol) || isPlain(b.protocol))
    return !(isPlain(a.protocol) || isHosted(a.protocol)) || !(isPlain(b.protocol) || isHosted(b.protocol))
  if (isHosted(a.protocol) && isHosted(b.protocol)) return a.hostname !== b.hostname
  return a.protocol !== b.protocol
}

function conflictText(listener: Listener, prior: Listener): string {
  const host = listener.hostname === "*" ? "" : ` for ${listener.hostname}`
  return prior.protocol === listener.protocol
    ? `listener ${prior.name} is on port ${prior.port}${host} already`
    : `listener ${prior.name} is on port ${prior.port} with ${prior.protocol} already, this one with ${listener.protocol}`
}

const waypointClasses: ReadonlySet<unknown> = new Set([
  "istio-waypoint",
  "istio-east-west",
  "istio-agentgateway-waypoint",
])

/** The protocol that is meant by one in the wrong letters. */
const spelled = (protocol: string): string | undefined => {
  const upper = protocol.toUpperCase()
  return isHosted(upper) || upper === "TCP" ? upper : undefined
}

function checkProtocol(gateway: KubeObject, { protocol }: Listener, path: string, report: Report): void {
  const value = spelled(protocol)
  report(protocolUnsupported, {
    path,
    message: `protocol ${protocol} is not known${value === undefined ? "" : `; it is written ${value}`}`,
    ...(value === undefined
      ? {}
      : {
          fix: {
            title: `Write ${value}`,
            edits: [{ object: refOf(gateway), patch: [{ op: "replace", path: pointerOf(path), value }] }],
          },
        }),
  })
}

function checkListeners(gateway: KubeObject, listeners: readonly Listener[], report: Report): void {
  const isWaypoint = waypointClasses.has(record(gateway["spec"])["gatewayClassName"])
  for (const [index, listener] of listeners.entries()) {
    const path = `spec.listeners[${index}]`
    const { protocol } = listener
    const isKnown = isHosted(protocol) || protocol === "TCP" || (protocol === "HBONE" && isWaypoint)
    if (!isKnown && protocol !== "") checkProtocol(gateway, listener, `${path}.protocol`, report)
    const prior = listeners
      .slice(0, index)
      .find((one) => one.name !== listener.name && !isDistinct(one, listener))
    if (prior) report(listenerConflict, { path, message: conflictText(listener, prior) })
  }
}

function checkOthers(gateway: KubeObject, listeners: readonly Listener[], view: View, report: Report): void {
  const told = new Set<string>()
  for (const [index, listener] of listeners.entries()) {
    if (!isNamed(listener) || told.has(keyOf(listener))) continue
    told.add(keyOf(listener))
    const other = view.find(byHost, keyOf(listener)).find((one) => one !== gateway)
    if (other)
      report(hostElsewhere, {
        path: `spec.listeners[${index}].hostname`,
        message: `Gateway ${nameOf(other)} listens for ${listener.hostname} on port ${listener.port} too`,
        references: [{ object: refOf(other), path: "spec.listeners" }],
      })
  }
  for (const [index, address] of addressesOf(gateway).entries()) {
    const other = isGiven(address) ? view.find(byAddress, address).find((one) => one !== gateway) : undefined
    if (other)
      report(addressElsewhere, {
        path: `spec.addresses[${index}]`,
        message: `Gateway ${nameOf(other)} asks for ${address.slice(address.indexOf("/") + 1)} too`,
        references: [{ object: refOf(other), path: "spec.addresses" }],
      })
  }
}

export const gatewayClass = check({
  name: "kubernetesgateway/class",
  subject: gatewayKind,
  reads: [gatewayClassKind],
  rules: [classUnknown],
  run: checkClass,
})

export const gatewayListeners = check({
  name: "kubernetesgateway/listeners",
  subject: gatewayKind,
  reads: [gatewayKind],
  rules: [hostElsewhere, addressElsewhere, listenerConflict, protocolUnsupported],
  run: (gateway, view, report) => {
    const listeners = listenersOf(gateway)
    checkListeners(gateway, listeners, report)
    checkOthers(gateway, listeners, view, report)
  },
})

import { refOf, type KubeObject } from "../../../../kube/object.ts"
import { text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import type { Fix } from "../../../finding.ts"
import { at, pointerOf } from "../../../path.ts"
import { isIpAddress, unixPathProblem } from "../../../semantic/address.ts"
import { isDnsLabel } from "../../../semantic/name.ts"
import { isPort, protocolClass } from "../../../semantic/port.ts"
import { checkPool } from "../destination-rule/connection-pool.ts"
import { amount, section } from "../read.ts"
import { checkIngressTls } from "./ingress-tls.ts"
import { httpPoolIneffective, ingressInvalid, poolInvalid } from "./rules.ts"

export const unix = "unix://"

/** Name and protocol, which ingress and egress ports have in common. */
export function portProblem(port: Json): string | undefined {
  const name = text(port["name"])
  if (name !== "" && !isDnsLabel(name)) return `${name} is no name of a port, which must be a DNS label`
  const protocol = text(port["protocol"])
  return protocol !== "" && protocolClass(protocol) === "unknown"
    ? `${protocol} is no protocol that Istio knows`
    : undefined
}

/** A number of a port that a listener on an address has. */
export const numberProblem = (port: Json): string | undefined =>
  isPort(port["number"]) ? undefined : `${amount(port["number"])} is no number of a port`

export const targetPortMessage = "targetPort has no effect in a Sidecar"

export const withoutTargetPort = (object: KubeObject, path: string): Fix => ({
  title: "Remove targetPort",
  edits: [{ object: refOf(object), patch: [{ op: "remove", path: `${pointerOf(path)}/port/targetPort` }] }],
})

const local = new Set(["", "127.0.0.1", "0.0.0.0", "::1", "::"])

/** Host and port of an address; the host of IPv6 stands in brackets. */
function split(endpoint: string): { host: string; port: string } | undefined {
  const colon = endpoint.lastIndexOf(":")
  if (colon === -1) return undefined
  const [host, port] = [endpoint.slice(0, colon), endpoint.slice(colon + 1)]
  if (host.startsWith("[") && host.endsWith("]")) return { host: host.slice(1, -1), port }
  return host.includes(":") || host.includes("[") || host.includes("]") ? undefined : { host, port }
}

function endpointProblem(endpoint: string): string | undefined {
  if (endpoint === "") return undefined
  if (endpoint.startsWith(unix)) return unixPathProblem(endpoint.slice(unix.length))
  const address = split(endpoint)
  if (address === undefined) return `defaultEndpoint ${endpoint} has no port`
  if (!local.has(address.host))
    return `defaultEndpoint ${endpoint} is not on this pod (127.0.0.1, 0.0.0.0, [::1], [::] or unix://)`
  return /^\d{1,5}$/.test(address.port) && isPort(Number(address.port))
    ? undefined
    : `"${address.port}" of defaultEndpoint ${endpoint} is no port`
}

export type Listeners = { object: KubeObject; report: Report }

function checkAddress(listener: Json, port: Json, path: string, { object, report }: Listeners): void {
  const problem = portProblem(port) ?? numberProblem(port)
  if (problem !== undefined) report(ingressInvalid, { path: `${path}.port`, message: problem })
  if (amount(port["targetPort"]) > 0)
    report(ingressInvalid, {
      path: `${path}.port.targetPort`,
      message: targetPortMessage,
      fix: withoutTargetPort(object, path),
    })
  const bind = text(listener["bind"])
  if (bind !== "" && !isIpAddress(bind))
    report(ingressInvalid, { path: `${path}.bind`, message: `bind ${bind} is no IP address` })
  const wrong = endpointProblem(text(listener["defaultEndpoint"]))
  if (wrong !== undefined) report(ingressInvalid, { path: `${path}.defaultEndpoint`, message: wrong })
}

function checkListener(listener: Json, port: Json, path: string, listeners: Listeners): void {
  const { report } = listeners
  checkAddress(listener, port, path, listeners)
  const protocol = text(port["protocol"])
  const tls = section(listener["tls"])
  if (tls !== undefined) checkIngressTls(tls, protocol, `${path}.tls`, report)
  const pool = section(listener["connectionPool"])
  if (pool === undefined) return
  checkPool(pool, `${path}.connectionPool`, (problem) => report(poolInvalid, problem))
  if (section(pool["http"]) !== undefined && protocolClass(protocol) !== "http")
    report(httpPoolIneffective, {
      path: `${path}.connectionPool.http`,
      message: `port ${amount(port["number"])} is ${protocol === "" ? "of no declared protocol" : protocol}, so the http settings do not apply`,
    })
}

export function checkIngress(ingress: readonly unknown[], listeners: Listeners): void {
  const seen = new Set<number>()
  for (let i = 0; i < ingress.length; i++) {
    const path = at("spec.ingress", i)
    const listener = section(ingress[i])
    const port = section(listener?.["port"])
    if (listener === undefined || port === undefined) {
      const message = listener === undefined ? "the listener is null" : "the listener has no port"
      listeners.report(ingressInvalid, { path, message })
      continue
    }
    checkListener(listener, port, path, listeners)
    const number = amount(port["number"])
    if (seen.has(number))
      listeners.report(ingressInvalid, {
        path: `${path}.port.number`,
        message: `there is more than one ingress listener on port ${number}`,
      })
    seen.add(number)
  }
}

import type { KubeObject } from "../../../../kube/object.ts"
import { record, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { isIpAddress } from "../../../semantic/address.ts"
import { domainProblem } from "../../../semantic/name.ts"
import { isPort } from "../../../semantic/port.ts"
import { amount, isSet, items, section } from "../read.ts"
import { checkPool } from "./connection-pool.ts"
import { checkBalancer } from "./load-balancer.ts"
import { checkOutlier } from "./outlier.ts"
import { policyInvalid, poolInvalid, portPolicyTwice, tunnelInvalid } from "./rules.ts"
import { checkTls } from "./tls.ts"

/** What the policies of one rule have in common. */
export type Holder = {
  object: KubeObject
  namespace: string
  host: string
  hasSelector: boolean
  report: Report
}

function checkSettings(policy: Json, path: string, holder: Holder, port?: number): void {
  const { object, report } = holder
  const outlier = section(policy["outlierDetection"])
  if (outlier !== undefined) checkOutlier(outlier, `${path}.outlierDetection`, report)
  const pool = section(policy["connectionPool"])
  if (pool !== undefined) checkPool(pool, `${path}.connectionPool`, (problem) => report(poolInvalid, problem))
  const balancer = section(policy["loadBalancer"])
  if (balancer !== undefined)
    checkBalancer(balancer, {
      object,
      path: `${path}.loadBalancer`,
      hasOutlier: outlier !== undefined,
      report,
    })
  const tls = section(policy["tls"])
  if (tls === undefined) return
  checkTls(tls, {
    namespace: holder.namespace,
    target: port === undefined ? holder.host : `${holder.host}:${port}`,
    path: `${path}.tls`,
    isPort: port !== undefined,
    hasSelector: holder.hasSelector,
    report,
  })
}

const settings = ["outlierDetection", "connectionPool", "loadBalancer", "tls"] as const
const whole = [...settings, "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"] as const

function isEmpty(policy: Json, fields: readonly string[]): boolean {
  for (const field of fields) {
    const value = policy[field]
    if (isSet(value) && !(Array.isArray(value) && value.length === 0)) return false
  }
  return true
}

function checkPort(item: unknown, path: string, holder: Holder): void {
  const policy = section(item)
  if (policy === undefined)
    return holder.report(policyInvalid, { path, message: "the policy of a port is null" })
  const port = section(policy["port"])
  if (port === undefined)
    holder.report(policyInvalid, { path, message: "the policy of a port does not say which port" })
  if (isEmpty(policy, settings))
    holder.report(policyInvalid, { path, message: "the policy of a port sets nothing" })
  else checkSettings(policy, path, holder, amount(port?.["number"]))
}

/** Source: istio pilot/pkg/networking/util, where the first policy of a port counts. */
function checkTwice(ports: readonly unknown[], path: string, report: Report): void {
  const seen = new Set<number>()
  for (let i = 0; i < ports.length; i++) {
    const number = amount(section(record(ports[i])["port"])?.["number"])
    if (number === 0) continue
    if (seen.has(number))
      report(portPolicyTwice, {
        path: at(path, i),
        message: `an earlier policy of port ${number} is the one that counts`,
      })
    seen.add(number)
  }
}

function tunnelProblem(tunnel: Json): string | undefined {
  const protocol = text(tunnel["protocol"])
  if (protocol !== "" && protocol !== "CONNECT" && protocol !== "POST")
    return `protocol ${protocol} of the tunnel is neither CONNECT nor POST`
  const host = text(tunnel["targetHost"])
  const problem = isIpAddress(host) ? undefined : domainProblem(host)
  if (problem !== undefined) return `targetHost of the tunnel: ${problem}`
  return isPort(tunnel["targetPort"])
    ? undefined
    : `targetPort ${amount(tunnel["targetPort"])} of the tunnel is no port`
}

/** The policy of a rule or of a subset. Source: istio `validateTrafficPolicy`. */
export function checkTrafficPolicy(value: unknown, path: string, holder: Holder): void {
  if (!isSet(value)) return
  const policy = record(value)
  const { report } = holder
  if (isEmpty(policy, whole))
    return report(policyInvalid, { path, message: "the traffic policy sets nothing" })
  const tunnel = section(policy["tunnel"])
  if (tunnel !== undefined && isSet(policy["proxyProtocol"]))
    report(tunnelInvalid, { path, message: "tunnel and proxyProtocol cannot be set together" })
  checkSettings(policy, path, holder)
  const problem = tunnel === undefined ? undefined : tunnelProblem(tunnel)
  if (problem !== undefined) report(tunnelInvalid, { path: `${path}.tunnel`, message: problem })
  const ports = items(policy["portLevelSettings"])
  for (let i = 0; i < ports.length; i++) checkPort(ports[i], at(`${path}.portLevelSettings`, i), holder)
  if (ports.length > 1) checkTwice(ports, `${path}.portLevelSettings`, report)
}

import { record, text, type Json } from "../../../../topology/fact/read.ts"
import { check, type Report } from "../../../check.ts"
import { domainProblem, isDnsLabel } from "../../../semantic/name.ts"
import { isPort } from "../../../semantic/port.ts"
import { checkPool } from "../destination-rule/connection-pool.ts"
import { amount, isSet, items, section } from "../read.ts"
import { checkSelector, selectorRules } from "../selector.ts"
import { checkEgress } from "./egress.ts"
import { checkIngress } from "./ingress.ts"
import * as rules from "./rules.ts"

function proxyProblem(proxy: Json): string | undefined {
  const problem = domainProblem(text(proxy["host"]))
  if (problem !== undefined) return `host of egressProxy: ${problem}`
  const port = section(proxy["port"])
  if (port === undefined) return "egressProxy has no port"
  if (!isPort(port["number"])) return `${amount(port["number"])} of egressProxy is no number of a port`
  const subset = text(proxy["subset"])
  return subset === "" || isDnsLabel(subset) ? undefined : `${subset} of egressProxy is no name of a subset`
}

function checkOutbound(policy: Json, report: Report): void {
  const path = "spec.outboundTrafficPolicy"
  const mode = text(policy["mode"])
  if (mode === "ALLOW_ANY_DYNAMIC_DNS")
    return report(rules.outboundInvalid, {
      path: `${path}.mode`,
      message: `mode ${mode} is for MeshConfig only`,
    })
  const proxy = section(policy["egressProxy"])
  if (proxy === undefined) return
  const problem =
    mode === "ALLOW_ANY"
      ? proxyProblem(proxy)
      : `egressProxy needs mode ALLOW_ANY, and this is ${mode === "" ? "REGISTRY_ONLY" : mode}`
  const place = `${path}.egressProxy`
  if (problem !== undefined) report(rules.outboundInvalid, { path: place, message: problem })
  else
    report(rules.egressProxyHidden, {
      path: place,
      message: `egressProxy ${text(proxy["host"])} is a hidden field of Istio`,
    })
}

const contents = ["ingress", "egress"] as const

/** Source: istio `ValidateSidecar`, and the analyzer deprecation.DeprecationAnalyzer. */
export const sidecarCheck = check({
  name: "sidecar/semantics",
  subject: "Sidecar.networking.istio.io",
  reads: [],
  rules: [...Object.values(rules), ...selectorRules],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    if (isSet(spec["workloadSelector"]))
      checkSelector(object, { field: "workloadSelector", labels: "labels" }, report)
    const outbound = section(spec["outboundTrafficPolicy"])
    const pool = section(spec["inboundConnectionPool"])
    if (
      outbound === undefined &&
      pool === undefined &&
      contents.every((field) => items(spec[field]).length === 0)
    )
      return report(rules.empty, { path: "spec", message: "the Sidecar has neither listeners nor policies" })
    const listeners = { object, report }
    checkIngress(items(spec["ingress"]), listeners)
    checkEgress(items(spec["egress"]), listeners)
    if (pool !== undefined)
      checkPool(pool, "spec.inboundConnectionPool", (problem) => report(rules.poolInvalid, problem))
    if (outbound !== undefined) checkOutbound(outbound, report)
  },
})

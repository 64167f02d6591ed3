import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { type Check, check } from "../../../check.ts"
import { subnetProblem } from "../../../semantic/address.ts"
import { isEmptyMap, selectorProblem } from "../../../semantic/labels.ts"
import { isDnsLabel, isPartialWildcard, wildcardDomainProblem } from "../../../semantic/name.ts"
import { shown } from "../../../semantic/shown.ts"
import { isPort, portProblem as numberProblem, protocolClass } from "../../../semantic/port.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { sayExportTo } from "../export-to.ts"
import { type Say, isSet, isThere, sayTo } from "../say.ts"
import { sayResolution } from "./resolution.ts"
import * as Rules from "./rules.ts"

function saySelector(spec: Json, say: Say): void {
  const { workloadSelector, endpoints } = spec
  if (!isThere(workloadSelector)) return
  const { labels } = record(workloadSelector)
  say(Rules.selector, "spec.workloadSelector", selectorProblem(labels))
  if (isEmptyMap(labels))
    say(
      Rules.doubtful,
      "spec.workloadSelector",
      "a selector without labels takes every workload of the namespace",
    )
  if (Array.isArray(endpoints))
    say(Rules.selector, "spec.workloadSelector", "there may be a workloadSelector or endpoints, not both")
}

function sayHosts(hosts: readonly unknown[], resolution: string, say: Say): void {
  if (hosts.length === 0) say(Rules.hosts, "spec", "there are no hosts")
  for (let i = 0; i < hosts.length; i++) {
    const host = hosts[i]
    if (typeof host !== "string") continue
    const path = `spec.hosts[${i}]`
    const problem = host === "*" ? "* would take every host there is" : wildcardDomainProblem(host)
    if (problem !== undefined) say(Rules.hosts, path, problem)
    else if (resolution !== "DYNAMIC_DNS" && isPartialWildcard(host))
      say(Rules.doubtful, path, `${host} is a partial wildcard, which only DYNAMIC_DNS understands`)
  }
}

function sayAddresses(addresses: readonly unknown[], resolution: string, say: Say): void {
  for (let i = 0; i < addresses.length; i++) {
    const address = addresses[i]
    if (typeof address !== "string") continue
    const problem =
      subnetProblem(address) ??
      (address.includes("/") && resolution !== "NONE" && resolution !== "STATIC"
        ? `${address} is a block, which resolution ${resolution} cannot use; only NONE and STATIC can`
        : undefined)
    say(Rules.addresses, `spec.addresses[${i}]`, problem)
  }
}

function portProblem({ name, number, targetPort, protocol }: Json): Problem {
  if (!isSet(name)) return "the port has no name"
  if (!isDnsLabel(name)) return `"${name}" is no name of a port`
  const problem = numberProblem(number)
  if (problem !== undefined) return problem
  if (typeof targetPort === "number" && targetPort !== 0 && !isPort(targetPort))
    return `targetPort ${targetPort} is not between 1 and 65535`
  return isSet(protocol) && protocolClass(protocol) === "unknown"
    ? `${protocol} is no protocol that Istio knows`
    : undefined
}

function sayPorts(ports: readonly unknown[], say: Say): void {
  for (let i = 0; i < ports.length; i++) {
    const path = `spec.ports[${i}]`
    if (!isThere(ports[i])) {
      say(Rules.ports, path, "the port is null")
      continue
    }
    const port = record(ports[i])
    const problem = portProblem(port)
    say(Rules.ports, path, problem)
    if (problem !== undefined) continue
    for (let j = 0; j < i; j++) {
      const other = record(ports[j])
      if (other["name"] === port["name"])
        say(Rules.ports, `${path}.name`, `${shown(port["name"])} is the name of another port too`)
      if (other["number"] === port["number"])
        say(Rules.ports, `${path}.number`, `${shown(port["number"])} is the number of another port too`)
    }
  }
}

/** Istio's own validation of one ServiceEntry. Source: istio pkg/config/validation `ValidateServiceEntry`. */
export const serviceEntryCheck: Check = check({
  name: "serviceentry/semantics",
  subject: "ServiceEntry.networking.istio.io",
  reads: [],
  rules: Rules.rules,
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const say = sayTo(report, object)
    const resolution = isSet(spec["resolution"]) ? spec["resolution"] : "NONE"
    saySelector(spec, say)
    sayHosts(list(spec["hosts"]), resolution, say)
    sayAddresses(list(spec["addresses"]), resolution, say)
    sayPorts(list(spec["ports"]), say)
    sayResolution(object, spec, resolution, say)
    sayExportTo(object, spec["exportTo"], "service", { say, rule: Rules.exportTo })
  },
})

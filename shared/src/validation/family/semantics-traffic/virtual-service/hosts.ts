import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { isIpAddress } from "../../../semantic/address.ts"
import { gatewaySniProblem, hostsOverlap, wildcardDomainProblem } from "../../../semantic/name.ts"
import { type Say, removal } from "../say.ts"
import type { L4Context } from "./l4-route.ts"
import { hosts as invalid } from "./rules.ts"

/** Whether any tls match names SNI hosts: then a host may be a name that AUTO_PASSTHROUGH makes. */
const matchesSni = (spec: Json): boolean =>
  list(spec["tls"]).some((route) =>
    list(record(route)["match"]).some((match) => list(record(match)["sniHosts"]).length > 0),
  )

/** Hosts that take a name twice: the same again, or one within another's wildcard. */
function sayOverlaps(hosts: readonly string[], say: Say): void {
  const seen = new Map<string, number>()
  const wildcards: string[] = []
  for (const [i, host] of hosts.entries()) {
    const isWild = host.startsWith("*")
    const other = seen.has(host)
      ? host
      : isWild
        ? [...seen.keys()].find((earlier) => hostsOverlap(earlier, host))
        : wildcards.find((earlier) => hostsOverlap(earlier, host))
    const path = `spec.hosts[${i}]`
    if (other === host) say(invalid, path, `${host} is there twice`, removal("Remove the repetition", path))
    else if (other !== undefined)
      say(invalid, path, `${host} and ${other} of the same VirtualService overlap`)
    seen.set(host, i)
    if (isWild) wildcards.push(host)
  }
}

/** Hosts of a VirtualService: their form, `*` only at gateways, none within another. */
export function sayHosts(spec: Json, { hosts, atGateways }: L4Context, say: Say): void {
  const problemOf = atGateways && matchesSni(spec) ? gatewaySniProblem : wildcardDomainProblem
  let valid = true
  for (let i = 0; i < hosts.length; i++) {
    const host = hosts[i]
    if (typeof host !== "string") {
      valid = false
      continue
    }
    const problem =
      host === "*" && !atGateways
        ? "* is for gateways only, and this VirtualService is for the mesh"
        : problemOf(host)
    if (problem === undefined || isIpAddress(host)) continue
    valid = false
    say(invalid, `spec.hosts[${i}]`, problem)
  }
  if (valid && hosts.length > 1) sayOverlaps(hosts as string[], say)
}

import { type Json, list, record, strings } from "../../../../topology/fact/read.ts"
import { isIpAddress, subnetProblem } from "../../../semantic/address.ts"
import { gatewaySniProblem, isHostWithin, wildcardDomainProblem } from "../../../semantic/name.ts"
import { type Say, isThere } from "../say.ts"
import { sayTargets } from "./destination.ts"
import { sayClientField } from "./http-match.ts"
import { doubtful, match as invalid, routes as routeRule } from "./rules.ts"

/** What of the VirtualService its tcp and tls routes are checked against. */
export type L4Context = { hosts: readonly unknown[]; atGateways: boolean; generated: boolean }

function saySni(name: string, path: string, { hosts, atGateways }: L4Context, say: Say): void {
  const problem = atGateways ? gatewaySniProblem(name) : wildcardDomainProblem(name)
  if (problem !== undefined) {
    if (isIpAddress(name)) say(doubtful, path, `${name} is an address, which clients do not send as SNI`)
    else say(invalid, path, problem)
    return
  }
  for (const host of hosts) if (typeof host === "string" && isHostWithin(name, host)) return
  say(
    invalid,
    path,
    `${name} is within none of the hosts of the VirtualService (${strings(hosts).join(", ")})`,
  )
}

function saySubnets(match: Json, path: string, say: Say): void {
  const subnets = list(match["destinationSubnets"])
  for (let i = 0; i < subnets.length; i++) {
    const subnet = subnets[i]
    if (typeof subnet === "string") say(invalid, `${path}.destinationSubnets[${i}]`, subnetProblem(subnet))
  }
}

function sayTlsMatch(match: Json, path: string, context: L4Context, say: Say): void {
  const names = list(match["sniHosts"])
  if (names.length === 0) say(invalid, path, "a match of a tls route needs sniHosts")
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (typeof name === "string") saySni(name, `${path}.sniHosts[${i}]`, context, say)
  }
}

/** Routes of `tls` (`tls` true) and of `tcp`. A null route is passed over, as Istio does. */
export function sayL4Routes(
  section: "tls" | "tcp",
  routes: readonly unknown[],
  context: L4Context,
  say: Say,
): void {
  for (let i = 0; i < routes.length; i++) {
    if (!isThere(routes[i])) continue
    const route = record(routes[i])
    const path = `spec.${section}[${i}]`
    const matches = list(route["match"])
    if (section === "tls" && matches.length === 0)
      say(invalid, path, "a tls route needs a match with sniHosts")
    for (let j = 0; j < matches.length; j++) {
      const place = `${path}.match[${j}]`
      if (!isThere(matches[j])) {
        say(invalid, place, "the match is null")
        continue
      }
      const match = record(matches[j])
      if (section === "tls") sayTlsMatch(match, place, context, say)
      if (match["destinationSubnets"] !== undefined) saySubnets(match, place, say)
      for (const field in match) sayClientField(field, match, place, say)
    }
    const targets = list(route["route"])
    if (targets.length === 0) say(routeRule, path, `the ${section} route has no destination`)
    sayTargets(targets, path, context.generated, say)
  }
}

import { type Json, record } from "../../../../topology/fact/read.ts"
import { isDnsLabel, wildcardDomainProblem } from "../../../semantic/name.ts"
import { portProblem } from "../../../semantic/port.ts"
import { weightsProblem } from "../../../semantic/weight.ts"
import { type Say, isSet, isThere } from "../say.ts"
import { sayHeaders } from "./headers.ts"
import { destination as invalid, routes as routeRule, weights as weightRule } from "./rules.ts"

/** What is wrong with a Destination. */
export function sayDestination(value: unknown, path: string, say: Say): void {
  if (!isThere(value)) return
  const { host, subset, port } = record(value)
  if (host === "*") say(invalid, `${path}.host`, "* is no host to send requests to")
  else if (isSet(host)) say(invalid, `${path}.host`, wildcardDomainProblem(host))
  else if (!isThere(host) || host === "") say(invalid, path, "the destination has no host")
  if (isSet(subset) && !isDnsLabel(subset))
    say(invalid, `${path}.subset`, `subset ${subset} is no DNS label, so no DestinationRule can define it`)
  if (!isThere(port)) return
  say(invalid, `${path}.port`, portProblem(record(port)["number"]))
}

function sayTarget(target: Json, path: string, generated: boolean, say: Say): void {
  if (!isThere(target["destination"])) say(invalid, path, "there is no destination")
  else if (!generated) sayDestination(target["destination"], `${path}.destination`, say)
  // Targets of tcp and tls routes have no such field; that is for the structure to say.
  if (target["headers"] !== undefined && path.startsWith("spec.http"))
    sayHeaders(target["headers"], `${path}.headers`, say)
}

const isFine = ({ host, subset, port }: Json): boolean =>
  isSet(host) &&
  host !== "*" &&
  (!isSet(subset) || isDnsLabel(subset)) &&
  (!isThere(port) || portProblem(record(port)["number"]) === undefined) &&
  wildcardDomainProblem(host) === undefined

/** Destinations of an http, tcp or tls route with their weights. `generated`: made by istiod from the Gateway API, which may point to nothing. */
export function sayTargets(targets: readonly unknown[], path: string, generated: boolean, say: Say): void {
  let plain = targets.length <= 1
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]
    if (!isThere(target)) {
      say(routeRule, `${path}.route[${i}]`, "the destination is null")
      continue
    }
    const entry = record(target)
    if (entry["weight"] !== undefined) plain = false
    // Paths are for what is wrong.
    if (entry["headers"] === undefined && isFine(record(entry["destination"]))) continue
    sayTarget(entry, `${path}.route[${i}]`, generated, say)
  }
  if (plain) return
  say(weightRule, `${path}.route`, weightsProblem(targets.map((target) => record(target)["weight"])))
}

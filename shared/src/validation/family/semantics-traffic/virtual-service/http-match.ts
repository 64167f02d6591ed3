import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { at } from "../../../path.ts"
import { isJwtClaim, matchHeaderProblem } from "../../../semantic/header.ts"
import { labelsProblem } from "../../../semantic/labels.ts"
import { isDnsLabel } from "../../../semantic/name.ts"
import { portProblem } from "../../../semantic/port.ts"
import { type Say, isSet, isThere } from "../say.ts"
import { sayGatewayNames } from "./gateway-names.ts"
import { match as invalid } from "./rules.ts"
import { stringMatchProblem } from "./string-match.ts"

/** What a match is in: only gateways check tokens, so only there claims can be matched. */
export type MatchContext = { atGateways: boolean }

function sayHeaderName(name: string, path: string, context: MatchContext, say: Say): void {
  if (!context.atGateways && isJwtClaim(name))
    say(invalid, path, `${name} can be matched at gateways only, and this VirtualService is for the mesh`)
  else say(invalid, path, matchHeaderProblem(name))
}

function sayHeaderMatches(match: Json, path: string, context: MatchContext, say: Say): void {
  const headers = record(match["headers"])
  for (const name in headers) {
    const place = at(`${path}.headers`, name)
    sayHeaderName(name, place, context, say)
    const value = headers[name]
    if (value === null) say(invalid, place, `the match of ${name} is null; {} asks for its presence`)
    else say(invalid, place, stringMatchProblem(value))
  }
  const without = record(match["withoutHeaders"])
  for (const name in without) {
    const place = at(`${path}.withoutHeaders`, name)
    sayHeaderName(name, place, context, say)
    if (record(without[name])["regex"] !== "*") say(invalid, place, stringMatchProblem(without[name]))
  }
}

function sayQuery(match: Json, path: string, say: Say): void {
  const query = record(match["queryParams"])
  for (const name in query) say(invalid, at(`${path}.queryParams`, name), stringMatchProblem(query[name]))
}

/** What http, tcp and tls matches have in common: port, labels and namespace of the client, gateways. */
export function sayClientField(field: string, match: Json, path: string, say: Say): void {
  const value = match[field]
  if (field === "port") {
    if (typeof value === "number" && value !== 0) say(invalid, `${path}.port`, portProblem(value))
  } else if (field === "sourceLabels") say(invalid, `${path}.sourceLabels`, labelsProblem(value))
  else if (field === "sourceNamespace") {
    if (isSet(value) && !isDnsLabel(value))
      say(invalid, `${path}.sourceNamespace`, `${value} is no name of a namespace`)
  } else if (field === "gateways") sayGatewayNames(list(value), `${path}.gateways`, { say, rule: invalid })
}

function sayField(field: string, match: Json, path: string, say: Say): void {
  switch (field) {
    case "uri":
      say(invalid, `${path}.uri`, stringMatchProblem(match["uri"], true))
      return
    case "scheme":
    case "method":
    case "authority":
      say(invalid, `${path}.${field}`, stringMatchProblem(match[field]))
      return
    case "queryParams":
      sayQuery(match, path, say)
      return
    default:
      sayClientField(field, match, path, say)
  }
}

/** Matches of an http route. A null one matches everything. */
export function sayHttpMatches(
  matches: readonly unknown[],
  path: string,
  context: MatchContext,
  say: Say,
): void {
  for (let i = 0; i < matches.length; i++) {
    const value = matches[i]
    if (!isThere(value)) continue
    const match = record(value)
    const place = `${path}.match[${i}]`
    if (match["headers"] !== undefined || match["withoutHeaders"] !== undefined)
      sayHeaderMatches(match, place, context, say)
    for (const field in match) sayField(field, match, place, say)
  }
}

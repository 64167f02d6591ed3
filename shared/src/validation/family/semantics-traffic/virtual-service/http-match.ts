import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { at } from "../../../path.ts"
import { isJwtClaim, matchHeaderProblem } from "../../../semantic/header.ts"
import { labelsProblem } from "../../../semantic/labels.ts"
import { isDnsLabel } from "../../../semantic/name.ts"
import { isPort } from "../../../semantic/port.ts"
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

const texts = ["scheme", "method", "authority"] as const

function sayTexts(match: Json, path: string, say: Say): void {
  if (match["uri"] !== undefined) say(invalid, `${path}.uri`, stringMatchProblem(match["uri"], true))
  for (const field of texts)
    if (match[field] !== undefined) say(invalid, `${path}.${field}`, stringMatchProblem(match[field]))
  if (match["queryParams"] === undefined) return
  const query = record(match["queryParams"])
  for (const name in query) say(invalid, at(`${path}.queryParams`, name), stringMatchProblem(query[name]))
}

/** What http, tcp and tls matches have in common: port, labels and namespace of the client, gateways. */
export function sayClient(match: Json, path: string, say: Say): void {
  const { port, sourceLabels, sourceNamespace, gateways } = match
  if (typeof port === "number" && port !== 0 && !isPort(port))
    say(invalid, `${path}.port`, `port ${port} is not between 1 and 65535`)
  if (sourceLabels !== undefined) say(invalid, `${path}.sourceLabels`, labelsProblem(sourceLabels))
  if (isSet(sourceNamespace) && !isDnsLabel(sourceNamespace))
    say(invalid, `${path}.sourceNamespace`, `${sourceNamespace} is no name of a namespace`)
  if (gateways !== undefined) sayGatewayNames(list(gateways), `${path}.gateways`, { say, rule: invalid })
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
    sayTexts(match, place, say)
    sayClient(match, place, say)
  }
}

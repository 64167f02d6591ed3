import { record, text, type Json } from "../../../../topology/fact/read.ts"
import { check, type Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { durationProblem } from "../../../semantic/duration.ts"
import { strictHeaderProblem } from "../../../semantic/header.ts"
import { isSet, items, section } from "../read.ts"
import { checkTargets, targetRules } from "../selector.ts"
import { readJwks } from "./jwks.ts"
import * as rules from "./rules.ts"

function uriProblem(uri: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? ""
  if (scheme !== "http" && scheme !== "https") return `jwksUri ${uri} is neither http:// nor https://`
  return URL.canParse(uri) ? undefined : `jwksUri ${uri} is no address`
}

function checkKeys(jwt: Json, path: string, report: Report): void {
  const field = text(jwt["jwksUri"]) === "" ? "jwks_uri" : "jwksUri"
  const uri = text(jwt[field])
  const jwks = text(jwt["jwks"])
  if (text(jwt["issuer"]) === "" && uri === "")
    report(rules.issuerMissing, { path, message: "the rule has neither issuer nor jwksUri" })
  const problem = uri === "" ? undefined : uriProblem(uri)
  if (problem !== undefined) report(rules.jwksInvalid, { path: `${path}.${field}`, message: problem })
  if (jwks === "") return
  const read = readJwks(jwks)
  if ("problem" in read) report(rules.jwksInvalid, { path: `${path}.jwks`, message: read.problem })
  else if (read.privateKey !== undefined)
    report(rules.jwksPrivate, {
      path: `${path}.jwks`,
      message: `key ${read.privateKey + 1} of jwks is a private one, or a shared secret`,
    })
}

function checkLocations(jwt: Json, path: string, report: Report): void {
  for (const [i, header] of items(jwt["fromHeaders"]).entries())
    if (text(record(header)["name"]) === "")
      report(rules.locationInvalid, {
        path: `${at(`${path}.fromHeaders`, i)}.name`,
        message: "the header of a token has no name",
      })
  for (const [field, what] of [
    ["fromParams", "parameter"],
    ["fromCookies", "cookie"],
  ] as const)
    for (const [i, name] of items(jwt[field]).entries())
      if (text(name) === "")
        report(rules.locationInvalid, {
          path: at(`${path}.${field}`, i),
          message: `the ${what} of a token has no name`,
        })
}

function claimProblem(value: unknown): string | undefined {
  const copy = record(value)
  const [claim, header] = [text(copy["claim"]), text(copy["header"])]
  if (claim === "" || header === "") return `outputClaimToHeaders has no ${claim === "" ? "claim" : "header"}`
  return strictHeaderProblem(header)
}

function checkJwtRule(jwt: Json, path: string, report: Report): void {
  checkKeys(jwt, path, report)
  checkLocations(jwt, path, report)
  for (const [i, audience] of items(jwt["audiences"]).entries())
    if (text(audience) === "")
      report(rules.jwtRuleInvalid, { path: at(`${path}.audiences`, i), message: "an audience is empty" })
  for (const [i, copy] of items(jwt["outputClaimToHeaders"]).entries()) {
    const problem = claimProblem(copy)
    if (problem !== undefined)
      report(rules.claimHeaderInvalid, { path: at(`${path}.outputClaimToHeaders`, i), message: problem })
  }
  const timeout = isSet(jwt["timeout"]) ? durationProblem(jwt["timeout"]) : undefined
  if (timeout !== undefined)
    report(rules.jwtRuleInvalid, { path: `${path}.timeout`, message: `timeout: ${timeout}` })
}

/** Source: istio `ValidateRequestAuthentication`. */
export const requestAuthenticationCheck = check({
  name: "requestauthentication/semantics",
  subject: "RequestAuthentication.security.istio.io",
  reads: [],
  rules: [
    rules.issuerMissing,
    rules.jwksInvalid,
    rules.jwksPrivate,
    rules.locationInvalid,
    rules.claimHeaderInvalid,
    rules.jwtRuleInvalid,
    ...targetRules,
  ],
  run: (object, _view, report) => {
    checkTargets(object, "selector", report)
    const all = items(record(object["spec"])["jwtRules"])
    for (let i = 0; i < all.length; i++) {
      const jwt = section(all[i])
      if (jwt !== undefined) checkJwtRule(jwt, at("spec.jwtRules", i), report)
    }
  },
})

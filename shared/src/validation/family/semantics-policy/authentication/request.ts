import { record, text, type Json } from "../../../../topology/fact/read.ts"
import { check, type Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { durationProblem } from "../../../semantic/duration.ts"
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

/** Places of tokens, audiences and claims have names by structure. Source: istio `ValidateRequestAuthentication`. */
export const requestAuthenticationCheck = check({
  name: "requestauthentication/semantics",
  subject: "RequestAuthentication.security.istio.io",
  reads: [],
  rules: [rules.issuerMissing, rules.jwksInvalid, rules.jwksPrivate, rules.timeoutInvalid, ...targetRules],
  run: (object, _view, report) => {
    checkTargets(object, "selector", report)
    const all = items(record(object["spec"])["jwtRules"])
    for (let i = 0; i < all.length; i++) {
      const jwt = section(all[i])
      if (jwt === undefined) continue
      const path = at("spec.jwtRules", i)
      checkKeys(jwt, path, report)
      const problem = isSet(jwt["timeout"]) ? durationProblem(jwt["timeout"]) : undefined
      if (problem !== undefined)
        report(rules.timeoutInvalid, { path: `${path}.timeout`, message: `timeout: ${problem}` })
    }
  },
})

import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { type Say, isSet, isThere } from "../say.ts"
import {
  mirror as mirrorRule,
  redirect as redirectRule,
  rewrite as rewriteRule,
  routes as routeRule,
} from "./rules.ts"
import { re2Problem } from "../../../semantic/re2.ts"
import type { Problem } from "../../../semantic/problem.ts"

const besides = ["fault", "rewrite", "directResponse"] as const

function sayAnswer(route: Json, answer: "redirect" | "directResponse", path: string, say: Say): void {
  if (list(route["route"]).length > 0)
    say(routeRule, path, `the route cannot have both destinations and ${answer}`)
  for (const other of besides)
    if (other !== answer && isThere(route[other]))
      say(routeRule, path, `the route cannot have both ${other} and ${answer}`)
}

function sayDelegate(route: Json, path: string, say: Say): void {
  if (isThere(route["redirect"])) say(routeRule, path, "a route with a delegate cannot redirect as well")
  if (list(route["route"]).length > 0)
    say(routeRule, path, "a route with a delegate cannot have destinations as well")
}

/** What may not stand together in one http route, and what has to be there. Source: istio `validateHTTPRouteConflict`. */
export function sayConflicts(route: Json, path: string, isDelegate: boolean, say: Say): void {
  if (isThere(route["delegate"])) {
    if (!isDelegate) {
      sayDelegate(route, path, say)
      return
    }
    say(
      routeRule,
      `${path}.delegate`,
      "a VirtualService without hosts is a delegate itself and cannot delegate further",
    )
  }
  if (isThere(route["redirect"])) sayAnswer(route, "redirect", path, say)
  else if (isThere(route["directResponse"])) sayAnswer(route, "directResponse", path, say)
  else if (list(route["route"]).length === 0)
    say(routeRule, path, "the route has neither destinations nor redirect nor directResponse")
  if (isThere(route["mirror"]) && list(route["mirrors"]).length > 0)
    say(mirrorRule, path, "the route cannot have both mirror and mirrors")
}

function placesProblem(redirect: Json, matches: readonly unknown[]): Problem {
  const { uri, prefixRewrite, authority, port, derivePort, scheme } = redirect
  if (isSet(uri) && isSet(prefixRewrite)) return "only one of uri and prefixRewrite may be set"
  if (isSet(prefixRewrite))
    for (const match of matches) {
      const written = record(match)["uri"]
      if (isThere(written) && typeof record(written)["prefix"] !== "string")
        return "prefixRewrite needs every uri match of the route to be a prefix"
    }
  const set = isSet(uri) || isSet(prefixRewrite) || isSet(authority) || isSet(scheme)
  return set || isThere(port) || isThere(derivePort)
    ? undefined
    : "the redirect says neither uri, authority, scheme nor port"
}

function redirectProblem(redirect: Json, matches: readonly unknown[]): Problem {
  const places = placesProblem(redirect, matches)
  if (places !== undefined) return places
  const { redirectCode, scheme, port } = redirect
  if (typeof redirectCode === "number" && redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399))
    return `redirectCode ${redirectCode} is not between 300 and 399`
  if (isSet(scheme) && scheme !== "http" && scheme !== "https")
    return `scheme ${scheme} is neither http nor https`
  return typeof port === "number" && port > 65535 ? `port ${port} is not between 1 and 65535` : undefined
}

/** Where a redirect goes. */
export function sayRedirect(route: Json, path: string, say: Say): void {
  if (!isThere(route["redirect"])) return
  say(redirectRule, `${path}.redirect`, redirectProblem(record(route["redirect"]), list(route["match"])))
}

function rewriteProblem({ uri, uriRegexRewrite, authority }: Json): Problem {
  const regex = isThere(uriRegexRewrite)
  if (isSet(uri) && regex) return "only one of uri and uriRegexRewrite may be set"
  if (!isSet(uri) && !regex && !isSet(authority))
    return "the rewrite says neither uri, uriRegexRewrite nor authority"
  if (!regex) return undefined
  const { match, rewrite } = record(uriRegexRewrite)
  return isSet(match) && isSet(rewrite) ? re2Problem(match) : "uriRegexRewrite needs both match and rewrite"
}

export function sayRewrite(route: Json, path: string, say: Say): void {
  if (isThere(route["rewrite"])) say(rewriteRule, `${path}.rewrite`, rewriteProblem(record(route["rewrite"])))
}

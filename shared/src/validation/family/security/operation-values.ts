import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Json, record } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import type { Fix } from "../../finding.ts"
import { pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { authorizationPolicy } from "./kinds.ts"
import { eachText, operationOf, operationPath, rulesOf, specOf, tosOf, valuePath } from "./policy.ts"
import { patternMatches } from "./value-pattern.ts"

const source = "https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation"

export const methodUnknown = rule({
  code: "authorizationpolicy.method_unknown",
  aliases: ["KIA0102"],
  level: "warning",
  title: "Method is no HTTP method",
  effect: "Methods are compared letter by letter, so no request matches this value",
  remedy: "Write the method in capitals; for gRPC put the full method name into paths",
  source,
})

export const pathRelative = rule({
  code: "authorizationpolicy.path_without_slash",
  aliases: [],
  level: "error",
  title: "Path does not begin with a slash",
  effect: "Every request path begins with a slash, so this value never matches",
  remedy: "Begin the path with /",
  source,
})

export const pathPattern = rule({
  code: "authorizationpolicy.path_wildcard_inside",
  aliases: [],
  level: "warning",
  title: "Path has a wildcard that stands for itself",
  effect:
    "A * counts only at the start or the end, elsewhere it is compared as a letter; ? and # never reach the comparison",
  remedy: "Use {*} for one segment or {**} for any number of them, and leave out the query",
  source,
})

/** Registered at IANA, and PURGE, which caches use. */
const methods = new Set(
  (
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE " +
    "MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PRI PROPFIND PROPPATCH REBIND REPORT SEARCH UNBIND " +
    "UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL PURGE"
  ).split(" "),
)

function isMethod(value: string): boolean {
  if (methods.has(value)) return true
  if (!value.startsWith("*") && !value.endsWith("*")) return false
  for (const method of methods) if (patternMatches(value, method)) return true
  return false
}

const replace = (policy: KubeObject, path: string, value: string): Fix => ({
  title: `Write ${value}`,
  edits: [{ object: refOf(policy), patch: [{ op: "replace", path: pointerOf(path), value }] }],
})

const has = (list: unknown, value: string): boolean => Array.isArray(list) && list.includes(value)

type Place = { policy: KubeObject; operation: Json; entry: string; field: string; report: Report }

function checkMethod(value: string, at: number, { policy, operation, entry, field, report }: Place): void {
  if (isMethod(value)) return
  const path = valuePath(entry, field, at)
  const capital = value.toUpperCase()
  const known = isMethod(capital)
  report(methodUnknown, {
    path,
    message: value.startsWith("/")
      ? `${value} is a path, which belongs into paths`
      : `${JSON.stringify(value)} is no HTTP method${known ? `; ${capital} is` : ""}`,
    ...(known && !has(operation[field], capital) ? { fix: replace(policy, path, capital) } : {}),
  })
}

function checkPath(value: string, at: number, { policy, operation, entry, field, report }: Place): void {
  const first = value.charCodeAt(0)
  // "/" or "*", or a template in first place.
  if (first !== 47 && first !== 42 && first !== 123 && value !== "") {
    const path = valuePath(entry, field, at)
    const better = `/${value}`
    const certain = /^[\w-]/.test(value) && !value.includes("://") && !has(operation[field], better)
    report(pathRelative, {
      path,
      message: `${value} matches no path; ${certain ? `${better} would` : "paths begin with /"}`,
      ...(certain ? { fix: replace(policy, path, better) } : {}),
    })
    return
  }
  const star = value.indexOf("*", 1)
  const isInside = star > 0 && star < value.length - 1 && !value.includes("{*")
  if (!isInside && !value.includes("?") && !value.includes("#")) return
  report(pathPattern, {
    path: valuePath(entry, field, at),
    message: isInside
      ? `the * inside ${value} stands for itself; {*} would stand for a segment`
      : `${value} asks for a query or fragment, which is cut off before paths are compared`,
  })
}

function each(
  place: Omit<Place, "field">,
  field: string,
  run: (value: string, at: number, place: Place) => void,
) {
  eachText(place.operation[field], (value, at) => {
    run(value, at, { ...place, field })
  })
}

export const operationValues = check({
  name: "authorizationpolicy/operation_values",
  subject: authorizationPolicy,
  reads: [],
  rules: [methodUnknown, pathRelative, pathPattern],
  run: (policy, _view, report) => {
    rulesOf(specOf(policy)).forEach((item, at) =>
      tosOf(record(item)).forEach((to, position) => {
        const operation = operationOf(to)
        const place = { policy, operation, entry: operationPath(at, position), report }
        for (const field of ["methods", "notMethods"]) each(place, field, checkMethod)
        for (const field of ["paths", "notPaths"]) each(place, field, checkPath)
      }),
    )
  },
})

export const operationRules = [methodUnknown, pathRelative, pathPattern] as const

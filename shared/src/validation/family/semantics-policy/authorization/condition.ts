import { strings, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { items } from "../read.ts"
import { conditionInvalid, conditionUnknown } from "./rules.ts"
import {
  address,
  mostAccounts,
  notEmpty,
  port,
  serviceAccount,
  wildcard,
  type ValueProblem,
} from "./value.ts"

/** Attributes that are written as they are, with the form of their values. */
const attributes = new Map<string, ValueProblem>([
  ["source.ip", address],
  ["remote.ip", address],
  ["source.namespace", notEmpty],
  ["source.serviceAccount", serviceAccount],
  ["source.principal", notEmpty],
  ["source.trustDomain", wildcard],
  ["request.auth.principal", notEmpty],
  ["request.auth.audiences", notEmpty],
  ["request.auth.presenter", notEmpty],
  ["destination.ip", address],
  ["destination.port", port],
  ["connection.sni", notEmpty],
])

/** Those with a name in brackets. */
const maps = ["request.headers", "request.auth.claims", "experimental.envoy.filters."]

/** Those of the first version of the API, and what to use instead. */
const dropped: readonly (readonly [string, string])[] = [
  ["destination.namespace", "the namespace of the policy takes its place"],
  ["destination.labels", "the selector of the policy takes its place"],
  ["destination.name", "the selector of the policy takes its place"],
  ["destination.user", "the selector of the policy takes its place"],
]

const bracketed = (key: string): boolean => {
  const open = key.indexOf("[")
  return key.endsWith("]") && open > 0 && open < key.length - 2
}

/** The form of an attribute's values, or what is wrong with its name. Source: istio pkg/config/security `ValidateAttribute`. */
function attribute(key: string): ValueProblem | { known: boolean; problem: string } {
  const form = attributes.get(key)
  if (form !== undefined) return form
  if (maps.some((prefix) => key.startsWith(prefix)))
    return bracketed(key)
      ? notEmpty
      : { known: true, problem: `${key} needs a name in brackets, such as ${exampleOf(key)}` }
  const old = dropped.find(([name]) => (name === "destination.labels" ? key.startsWith(name) : key === name))
  return old === undefined
    ? { known: false, problem: `Istio has no attribute ${key}` }
    : { known: false, problem: `${key} is of an API that Istio no longer has; ${old[1]}` }
}

const exampleOf = (key: string): string =>
  key.startsWith("request.auth")
    ? "request.auth.claims[iss]"
    : key.startsWith("request")
      ? "request.headers[user-agent]"
      : `${key}[name]`

function valuesProblem(key: string, values: readonly string[], form: ValueProblem): string | undefined {
  if (form === serviceAccount && values.length > mostAccounts)
    return `${values.length} service accounts are more than ${mostAccounts}`
  for (const value of values) {
    const problem = form(value)
    if (problem !== undefined) return `${key}: ${problem}`
  }
  return undefined
}

export function checkCondition(condition: Json, path: string, report: Report): void {
  const key = text(condition["key"])
  if (key === "") return report(conditionInvalid, { path, message: "the condition has no key" })
  if (items(condition["values"]).length + items(condition["notValues"]).length === 0)
    return report(conditionInvalid, {
      path,
      message: `the condition on ${key} has neither values nor notValues`,
    })
  const form = attribute(key)
  if (typeof form !== "function")
    return report(form.known ? conditionInvalid : conditionUnknown, {
      path: at(path, "key"),
      message: form.problem,
    })
  for (const field of ["values", "notValues"]) {
    const problem = valuesProblem(key, strings(condition[field]), form)
    if (problem !== undefined) report(conditionInvalid, { path: at(path, field), message: problem })
  }
}

/** Whether a condition can be told on HTTP only, so that it is left out elsewhere. */
export const isHttpCondition = (condition: Json): boolean => text(condition["key"]).startsWith("request.")

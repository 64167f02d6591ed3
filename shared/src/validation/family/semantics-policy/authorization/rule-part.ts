import { record, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { at } from "../../../path.ts"
import { isSet, items, section } from "../read.ts"
import { checkCondition, isHttpCondition } from "./condition.ts"
import { checkFields, operationFields, sourceFields, type Held } from "./field.ts"
import { customUnsupported, operationInvalid, ruleEmpty, sourceInvalid } from "./rules.ts"

/** What a rule holds in one of its parts; `none` when the part is not there. */
type Part = Held | "none"

const accounts = ["serviceAccounts", "notServiceAccounts"]
const exclusive = ["principals", "notPrincipals", "namespaces", "notNamespaces"]
const identities = [
  "namespaces",
  "serviceAccounts",
  "trustDomains",
  "principals",
  "requestPrincipals",
].flatMap((name) => [name, `not${name.charAt(0).toUpperCase()}${name.slice(1)}`])

const filled = (part: Json, names: readonly string[]): string | undefined => {
  for (const name of names) if (items(part[name]).length > 0) return name
  return undefined
}

export type Context = { isCustom: boolean; report: Report }

function checkSource(source: Json, path: string, { isCustom, report }: Context): Held {
  const held = checkFields(sourceFields, { part: source, path, rule: sourceInvalid, report })
  if (held === "nothing") {
    report(ruleEmpty, { path, message: "the source is empty; to match every source, leave from out" })
    return held
  }
  const account = filled(source, accounts)
  const other = account === undefined ? undefined : filled(source, exclusive)
  if (other !== undefined)
    report(sourceInvalid, {
      path,
      message: `${account} say namespaces themselves, so ${other} cannot be set with them`,
    })
  const identity = isCustom ? filled(source, identities) : undefined
  if (identity !== undefined)
    report(customUnsupported, { path: `${path}.${identity}`, message: `CUSTOM does not know ${identity}` })
  return held
}

function checkOperation(operation: Json, path: string, { report }: Context): Held {
  const held = checkFields(operationFields, { part: operation, path, rule: operationInvalid, report })
  if (held === "nothing")
    report(ruleEmpty, { path, message: "the operation is empty; to match every operation, leave to out" })
  return held
}

type Entry = {
  list: "from" | "to"
  field: "source" | "operation"
  check: (part: Json, path: string, context: Context) => Held
}
const entries: readonly Entry[] = [
  { list: "from", field: "source", check: checkSource },
  { list: "to", field: "operation", check: checkOperation },
]

function checkList(rule: Json, path: string, { list, field, check }: Entry, context: Context): Part {
  const value = rule[list]
  if (!isSet(value)) return "none"
  const parts = items(value)
  const place = `${path}.${list}`
  if (parts.length === 0) {
    context.report(ruleEmpty, { path: place, message: `${list} is empty; to match everything, leave it out` })
    return "none"
  }
  const held = new Set<Held>()
  for (let i = 0; i < parts.length; i++) {
    const part = section(record(parts[i])[field])
    const found = `${at(place, i)}.${field}`
    if (part !== undefined) held.add(check(part, found, context))
    else context.report(ruleEmpty, { path: at(place, i), message: `there is no ${field} in ${list}` })
  }
  // Entries are alternatives: one that is of HTTP alone is any on TCP, whatever the others are.
  return held.has("http") ? "http" : held.has("tcp") ? "tcp" : "none"
}

/** Conditions on who the client is, which CUSTOM does not know. */
const identityKeys = new Set([
  "source.namespace",
  "source.serviceAccount",
  "source.trustDomain",
  "source.principal",
])

/** What the conditions hold; `ports` when they say for which ports the rule is. */
function checkWhen(rule: Json, path: string, { isCustom, report }: Context): Part | "ports" {
  const when = items(rule["when"])
  let held: Part | "ports" = "none"
  for (let i = 0; i < when.length; i++) {
    const place = at(`${path}.when`, i)
    const condition = record(when[i])
    checkCondition(condition, place, report)
    const key = condition["key"]
    if (isCustom && typeof key === "string" && (identityKeys.has(key) || key.startsWith("request.auth.")))
      report(customUnsupported, { path: `${place}.key`, message: `CUSTOM does not know ${key}` })
    if (key === "destination.port") held = "ports"
    else if (held !== "ports") held = held === "tcp" || !isHttpCondition(condition) ? "tcp" : "http"
  }
  return held
}

/** Checks one rule; tells whether TCP sees more of it than it says, because what it says is of HTTP. */
export function checkRule(value: unknown, path: string, context: Context): boolean {
  const rule = section(value)
  if (rule === undefined) {
    context.report(ruleEmpty, { path, message: "the rule is null" })
    return false
  }
  const [from = "none", to = "none"] = entries.map((entry) => checkList(rule, path, entry, context))
  const when = checkWhen(rule, path, context)
  if (when === "ports") return false
  if (to !== "none") return to === "http"
  return from === "none" ? when === "http" : from === "http"
}

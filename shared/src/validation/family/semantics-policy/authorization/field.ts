import type { Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import type { Rule } from "../../../rule.ts"
import { items } from "../read.ts"
import {
  address,
  mostAccounts,
  notEmpty,
  path as pathProblem,
  port,
  serviceAccount,
  trustDomain,
  type ValueProblem,
} from "./value.ts"

/** A list of values that a rule tests, of what form, and whether it can be told of TCP. */
export type Field = { name: string; form: ValueProblem; tcp: boolean }

const both = (name: string, form: ValueProblem, tcp: boolean): Field[] => [
  { name, form, tcp },
  { name: `not${name.charAt(0).toUpperCase()}${name.slice(1)}`, form, tcp },
]

export const sourceFields: readonly Field[] = [
  ...both("principals", notEmpty, true),
  ...both("requestPrincipals", notEmpty, false),
  ...both("namespaces", notEmpty, true),
  ...both("serviceAccounts", serviceAccount, true),
  ...both("trustDomains", trustDomain, true),
  ...both("ipBlocks", address, true),
  ...both("remoteIpBlocks", address, true),
]

export const operationFields: readonly Field[] = [
  ...both("ports", port, true),
  ...both("methods", notEmpty, false),
  ...both("paths", pathProblem, false),
  ...both("hosts", notEmpty, false),
]

export type Fields = { part: Json; path: string; rule: Rule; report: Report }

/** What is set in a source or operation: nothing, something, or something that TCP has too. */
export type Held = "nothing" | "http" | "tcp"

/** Checks each list that is set, and tells what there is. */
export function checkFields(fields: readonly Field[], { part, path, rule, report }: Fields): Held {
  let held: Held = "nothing"
  for (const { name, form, tcp } of fields) {
    const values = items(part[name])
    if (values.length === 0) continue
    held = tcp ? "tcp" : held === "nothing" ? "http" : held
    if (form === serviceAccount && values.length > mostAccounts)
      report(rule, {
        path: `${path}.${name}`,
        message: `${name}: ${values.length} are more than ${mostAccounts}`,
      })
    for (const value of values) {
      const problem = typeof value === "string" ? form(value) : undefined
      if (problem === undefined) continue
      report(rule, { path: `${path}.${name}`, message: `${name}: ${problem}` })
      break
    }
  }
  return held
}

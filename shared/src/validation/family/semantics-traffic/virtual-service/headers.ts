import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { at } from "../../../path.ts"
import {
  changedHeaderProblem,
  headerValueProblem,
  isAuthority,
  requestHeaderProblem,
} from "../../../semantic/header.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { shown } from "../../../semantic/shown.ts"
import { type Say, isSet, isThere } from "../say.ts"
import { headers as invalid, rewrite as rewriteRule } from "./rules.ts"

function sayValues(values: Json, path: string, nameProblem: (name: string) => Problem, say: Say): void {
  for (const name in values) {
    const value = values[name]
    const problem = nameProblem(name) ?? (typeof value === "string" ? headerValueProblem(value) : undefined)
    if (problem !== undefined) say(invalid, at(path, name), problem)
  }
}

function sayOperations(value: unknown, path: string, nameProblem: (name: string) => Problem, say: Say): void {
  if (!isThere(value)) return
  const { add, set, remove } = record(value)
  if (add !== undefined) sayValues(record(add), `${path}.add`, nameProblem, say)
  if (set !== undefined) sayValues(record(set), `${path}.set`, nameProblem, say)
  const names = list(remove)
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (typeof name === "string") say(invalid, `${path}.remove[${i}]`, changedHeaderProblem(name))
  }
}

/** Headers that a route or destination adds, sets and removes. */
export function sayHeaders(value: unknown, path: string, say: Say): void {
  const { request, response } = record(value)
  sayOperations(request, `${path}.request`, requestHeaderProblem, say)
  sayOperations(response, `${path}.response`, changedHeaderProblem, say)
}

/** The authority may be set by the rewrite, or by one header. */
export function sayAuthority(route: Json, path: string, say: Say): void {
  if (route["headers"] === undefined) return
  const request = record(record(route["headers"])["request"])
  let current = record(route["rewrite"])["authority"]
  for (const operation of ["set", "add"]) {
    const values = record(request[operation])
    for (const name in values) {
      if (!isAuthority(name)) continue
      if (isSet(current)) {
        const place = at(`${path}.headers.request.${operation}`, name)
        say(
          rewriteRule,
          place,
          `the authority is set to ${shown(values[name])} here and to ${current} elsewhere`,
        )
        return
      }
      current = values[name]
    }
  }
}

import { record } from "../../../../topology/fact/read.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { re2Problem } from "../../../semantic/re2.ts"

/** What is wrong with a pattern in a StringMatch, `*` included, which Istio reads as "is there" for headers only. */
const regexProblem = (regex: string): Problem =>
  regex === "" ? "the regex is empty and would match nothing" : re2Problem(regex)

/**
 * What is wrong with a StringMatch. `emptyPrefix`: a URI may begin with nothing, Envoy refuses it elsewhere. Source: istio `validateStringMatch`.
 */
export function stringMatchProblem(value: unknown, emptyPrefix = false): Problem {
  const { prefix, regex } = record(value)
  if (prefix === "" && !emptyPrefix) return "the prefix is empty; leave the match out to take everything"
  return typeof regex === "string" ? regexProblem(regex) : undefined
}

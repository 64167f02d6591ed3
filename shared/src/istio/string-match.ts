import { type Json, record } from "../topology/fact/read.ts"
import { expressionOf } from "./re2.ts"

/** Whether a text is one that a match takes. */
export type Test = (value: string) => boolean

/** Whether a pattern matches a whole text, as Envoy's `safe_regex` does. A pattern that does not compile matches nothing. */
export const matchesWhole = (pattern: string, value: string): boolean =>
  expressionOf(pattern)?.test(value) ?? false

/** Envoy's `path_separated_prefix`: the prefix ends where a segment ends. */
const isPathPrefix = (value: string, prefix: string): boolean => {
  const base = prefix.replace(/\/+$/, "")
  return value === base || value.startsWith(`${base}/`)
}

/**
 * Istio's StringMatch, ready to be asked. `pathPrefix` is ours, for Gateway API's PathPrefix, which ends at a `/` (Istio's own `prefix` does not).
 * An empty match takes every text. Case is never ignored in a pattern: `ignoreUriCase` does not reach it.
 */
export function compileString(match: unknown, ignoreCase = false): Test {
  const { exact, prefix, regex, pathPrefix } = record(match)
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  if (typeof exact === "string") {
    const wanted = fold(exact)
    return (value) => fold(value) === wanted
  }
  if (typeof pathPrefix === "string") return (value) => isPathPrefix(value, pathPrefix)
  if (typeof prefix === "string") {
    const wanted = fold(prefix)
    return (value) => fold(value).startsWith(wanted)
  }
  if (typeof regex === "string") {
    const pattern = expressionOf(regex)
    return pattern === undefined ? () => false : (value) => pattern.test(value)
  }
  return () => true
}

export const matchesString = (match: unknown, value: string, ignoreCase = false): boolean =>
  compileString(match, ignoreCase)(value)

/** Whether a match asks only that something is there: an empty one, or the pattern `*`. Source: pilot `canBeConvertedToPresentMatch`. */
export const isPresence = (match: unknown): boolean => {
  const { exact, prefix, regex } = record(match)
  return (
    regex === "*" || (typeof exact !== "string" && typeof prefix !== "string" && typeof regex !== "string")
  )
}

/** A match in words: `prefix "/api"`. */
export function wordsOf(match: unknown): string {
  if (isPresence(match) && record(match)["pathPrefix"] === undefined) return "(any)"
  const [kind, value] = Object.entries(record(match))[0] ?? ["", ""]
  return `${kind === "pathPrefix" ? "prefix" : kind} "${String(value)}"`
}

const kinds = ["exact", "prefix", "regex"] as const
const kindOf = (match: Json): (typeof kinds)[number] | undefined =>
  kinds.find((kind) => typeof match[kind] === "string" && match[kind] !== "")

/** Whether a delegate's match leaves what its root lets through; such a route is dropped. Source: pilot `stringMatchConflict`. */
export function stringMatchesConflict(root: unknown, leaf: unknown): boolean {
  if (root === undefined || leaf === undefined) return false
  const [outer, inner] = [record(root), record(leaf)]
  const [outerKind, innerKind] = [kindOf(outer), kindOf(inner)]
  if (outerKind === undefined || innerKind === undefined) return true
  if (outerKind === "regex" || innerKind === "regex") return true
  const [outerText, innerText] = [String(outer[outerKind]), String(inner[innerKind])]
  if (outerKind === "exact") return innerKind === "prefix" || innerText !== outerText
  return !innerText.startsWith(outerText)
}

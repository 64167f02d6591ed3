import { type Json, record } from "../topology/fact/read.ts"

/** RE2 syntax comes close to JavaScript's; a leading `(?i)` is the part of it in common use that does not. Undefined when it does not compile. */
function expression(source: string, ignoreCase: boolean): RegExp | undefined {
  const inline = /^\(\?i\)/.test(source)
  try {
    return new RegExp(`^(?:${inline ? source.slice(4) : source})$`, ignoreCase || inline ? "i" : "")
  } catch {
    return undefined
  }
}

/** Whether a pattern matches a whole text, as Envoy's `safe_regex` does. A pattern that does not compile matches nothing. */
export const matchesWhole = (pattern: string, value: string, ignoreCase = false): boolean =>
  expression(pattern, ignoreCase)?.test(value) ?? false

const isPathPrefix = (value: string, prefix: string): boolean => {
  const base = prefix.replace(/\/+$/, "")
  return value === base || value.startsWith(`${base}/`)
}

/**
 * Istio's StringMatch. `pathPrefix` is ours, for Gateway API's PathPrefix, which ends at a `/` (Istio's own `prefix` does not).
 * An empty match asks only that something is there.
 */
export function matchesString(match: unknown, value: string, ignoreCase = false): boolean {
  const { exact, prefix, regex, pathPrefix } = record(match)
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  if (typeof exact === "string") return fold(exact) === fold(value)
  if (typeof pathPrefix === "string") return isPathPrefix(value, pathPrefix)
  if (typeof prefix === "string") return fold(value).startsWith(fold(prefix))
  if (typeof regex === "string") return regex === "*" || matchesWhole(regex, value)
  return true
}

/** A header or query parameter: absent values match nothing, an empty match asks for presence. */
export const matchesOptional = (match: unknown, value: string | undefined): boolean =>
  value !== undefined && matchesString(match, value)

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

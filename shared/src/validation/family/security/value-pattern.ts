/**
 * Values of an AuthorizationPolicy: exact, `prefix*`, `*suffix`, `*` for anything that is there.
 * Source: istio.io, AuthorizationPolicy, Rule.
 */
export function patternMatches(pattern: string, value: string): boolean {
  if (pattern === "*") return value !== ""
  if (pattern.startsWith("*")) return value.endsWith(pattern.slice(1))
  if (pattern.endsWith("*")) return value.startsWith(pattern.slice(0, -1))
  return pattern === value
}

type Shape = { kind: "any" | "prefix" | "suffix" | "exact"; text: string }

function shapeOf(pattern: string): Shape {
  if (pattern === "*") return { kind: "any", text: "" }
  if (pattern.startsWith("*")) return { kind: "suffix", text: pattern.slice(1) }
  if (pattern.endsWith("*")) return { kind: "prefix", text: pattern.slice(0, -1) }
  return { kind: "exact", text: pattern }
}

/** Whether `wide` takes everything that `narrow` takes. */
export function patternCovers(wide: string, narrow: string): boolean {
  const [outer, inner] = [shapeOf(wide), shapeOf(narrow)]
  if (inner.kind === "exact") return patternMatches(wide, narrow)
  if (outer.kind === "any") return inner.kind === "any" || inner.text !== ""
  if (outer.kind !== inner.kind) return false
  return outer.kind === "prefix" ? inner.text.startsWith(outer.text) : inner.text.endsWith(outer.text)
}

/** Whether some value is taken by both. */
export function patternsOverlap(a: string, b: string): boolean {
  const [left, right] = [shapeOf(a), shapeOf(b)]
  if (left.kind === "exact") return patternMatches(b, a)
  if (right.kind === "exact") return patternMatches(a, b)
  if (left.kind !== right.kind) return true
  if (left.kind === "prefix") return left.text.startsWith(right.text) || right.text.startsWith(left.text)
  return left.text.endsWith(right.text) || right.text.endsWith(left.text)
}

/** Whether some of the values take something in common. */
export const listsOverlap = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((one) => b.some((other) => patternsOverlap(one, other)))

/** Whether every value of `narrow` is covered by one of `wide`. */
export const listCovers = (wide: readonly string[], narrow: readonly string[]): boolean =>
  narrow.every((one) => wide.some((other) => patternCovers(other, one)))

/** A path with a template (`/a/{*}/b`) is compared as a whole only. */
export const isTemplate = (path: string): boolean => path.includes("{*")

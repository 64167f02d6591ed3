/** A JSON object whose fields are looked at one by one. */
export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The value as an object; an empty one when it is something else. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

export const textsOf = (value: unknown): string[] =>
  listOf(value).filter((item): item is string => typeof item === "string")

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** What stands at a path of field names, or undefined. */
export const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((inner, name) => (isFields(inner) ? inner[name] : undefined), value)

/** Deep equality of JSON; a field that is undefined counts as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  if (!isFields(a) || !isFields(b)) return false
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => sameJson(a[name], b[name]))
}

/** The object without some of its fields. */
export function without<T extends Fields>(object: T, ...names: string[]): T {
  const rest = { ...object }
  for (const name of names) Reflect.deleteProperty(rest, name)
  return rest
}

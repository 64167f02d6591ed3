const isParent = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value)

/** A value with its keys in order and without what JSON would leave out: equal for equal values. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (!isParent(value)) return JSON.stringify(value) ?? "null"
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${fields.join()}}`
}

/** Whether two values say the same as JSON; the order of keys says nothing. */
export const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === typeof b && canonical(a) === canonical(b))

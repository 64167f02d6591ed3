/** Any value of JSON as a message shows it. `String` throws on objects that have a `toString` of their own. */
export const shown = (value: unknown): string =>
  value !== null && typeof value === "object" ? JSON.stringify(value) : String(value)

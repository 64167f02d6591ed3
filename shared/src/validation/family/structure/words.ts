import type { Schema } from "./schema.ts"

export const typeNames: Readonly<Record<Schema["type"], string>> = {
  object: "an object",
  map: "a map",
  list: "a list",
  text: "text",
  number: "a number",
  boolean: "true or false",
  any: "anything",
}

/** A value as a message quotes it: short, whatever it is. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "null"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "object") return "an object"
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return typeof value === "number" ? `the number ${value}` : String(value)
}

const bare = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, "")

/** The one that differs in case, hyphens and underscores only, which is what is meant; null when there is none, or more than one. */
export function spelled(name: string, candidates: Iterable<string>): string | null {
  const wanted = bare(name)
  let found: string | null = null
  for (const candidate of candidates)
    if (bare(candidate) === wanted) {
      if (found !== null) return null
      found = candidate
    }
  return found
}

/** How many letters have to be added, left out, replaced or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

/** No field or value is longer; what is, is not measured. */
const longest = 64

/** The only one that has the name in it, or begins as it does. */
function akin(wanted: string, candidates: readonly string[]): string | null {
  if (wanted.length < 4) return null
  const holding = candidates.filter((one) => bare(one).includes(wanted))
  const found =
    holding.length > 0 ? holding : candidates.filter((one) => bare(one).startsWith(wanted.slice(0, 4)))
  return found.length === 1 ? (found[0] ?? null) : null
}

/** The nearest of several names, when it is near enough to be meant; the first of equals. */
export function closest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > longest) return null
  const wanted = bare(name)
  const all = [...candidates]
  let best: string | null = null
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of all) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const apart = distance(wanted, bare(candidate))
    if (apart < least) {
      best = candidate
      least = apart
    }
  }
  return best ?? akin(wanted, all)
}

/** What a value of another type can only mean: `"80"` where a number is wanted, `"true"` where true or false is. */
export function converted(schema: Schema, value: unknown): unknown {
  if (typeof value !== "string") return undefined
  if (schema.type === "number" && /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(value)) return Number(value)
  if (schema.type === "boolean" && (value === "true" || value === "false")) return value === "true"
  return undefined
}

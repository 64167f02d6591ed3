import { type Json, isRecord } from "../../../../topology/fact/read.ts"

/** Deep equality of JSON, but for some fields of the outermost objects. */
function isSame(a: unknown, b: unknown, besides: ReadonlySet<string> = nothing): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  return isRecord(a) && isRecord(b) && isWithin(a, b, besides) && isWithin(b, a, besides)
}

const isWithin = (a: Json, b: Json, besides: ReadonlySet<string>): boolean =>
  Object.keys(a).every((key) => besides.has(key) || (key in b && isSame(a[key], b[key])))

const nothing: ReadonlySet<string> = new Set()
const labels: ReadonlySet<string> = new Set(["name", "statPrefix"])
const condition: ReadonlySet<string> = new Set(["name", "match"])

/** Whether two matches are written alike, whatever they are called. */
export const sameMatch = (a: unknown, b: unknown): boolean => isSame(a, b, labels)

/** Whether two routes do the same with what they match. */
export const sameAction = (a: unknown, b: unknown): boolean => isSame(a, b, condition)

import { record } from "../../topology/fact/read.ts"
import type { Problem } from "./problem.ts"
import { shown } from "./shown.ts"

const part = "[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
const name = "(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
const keyShape = new RegExp(`^(?:(${part}(?:\\.${part})*)/)?(${name})$`)
const valueShape = new RegExp(`^(?:${name})?$`)

/** The key of a label: an optional DNS prefix and a name of at most 63. */
export function isLabelKey(key: string): boolean {
  const found = keyShape.exec(key)
  return found !== null && (found[1] ?? "").length <= 253 && (found[2] ?? "").length <= 63
}

export const isLabelValue = (value: string): boolean => valueShape.test(value)

/** What is wrong with a map of labels; the first in it. Source: istio pkg/config/labels `Validate`. */
export function labelsProblem(labels: unknown): Problem {
  if (labels === undefined || labels === null) return undefined
  const map = record(labels)
  for (const key in map) {
    if (!isLabelKey(key)) return `"${key}" is no key of a label`
    const value = map[key]
    if (typeof value === "string" && !isLabelValue(value))
      return `"${value}" of ${key} is no value of a label`
  }
  return undefined
}

/** What is wrong with the `labels` of a networking WorkloadSelector, which has neither empty keys nor wildcards. */
export function selectorProblem(labels: unknown): Problem {
  const map = record(labels)
  for (const key in map) {
    const value = map[key]
    if (key === "") return `the selector has an empty key, for "${shown(value)}"`
    if (key.includes("*") || (typeof value === "string" && value.includes("*")))
      return `${key}=${shown(value)} has a wildcard, which selectors do not understand`
  }
  return undefined
}

/** Whether a map of labels has none. */
export function isEmptyMap(labels: unknown): boolean {
  for (const _ in record(labels)) return false
  return true
}

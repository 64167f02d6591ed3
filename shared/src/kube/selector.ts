import { AppError } from "../error.ts"

export type LabelRequirement = { key: string; op: "in" | "notin" | "exists" | "absent"; values: string[] }

const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/
const setBased = /^([\w./-]+)\s+(in|notin)\s*\(([^)]*)\)$/
const presence = /^(!?)\s*([\w./-]+)$/

/** Splits at commas that are not inside parentheses. */
const terms = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "")

function parseTerm(term: string): LabelRequirement {
  const equal = equality.exec(term)
  if (equal) return { key: equal[1] ?? "", op: equal[2] === "!=" ? "notin" : "in", values: [equal[3] ?? ""] }
  const set = setBased.exec(term)
  if (set)
    return {
      key: set[1] ?? "",
      op: set[2] === "in" ? "in" : "notin",
      values: (set[3] ?? "").split(",").map((value) => value.trim()),
    }
  const present = presence.exec(term)
  if (present) return { key: present[2] ?? "", op: present[1] === "!" ? "absent" : "exists", values: [] }
  throw new AppError(
    "input.invalid",
    `label selector "${term}" is not understood; write key=value, key!=value, key in (a,b), key or !key`,
  )
}

/** Kubernetes label selector syntax. @throws AppError input.invalid */
export const parseSelector = (text: string): LabelRequirement[] => terms(text).map(parseTerm)

/** Whether labels satisfy every requirement. A missing key satisfies `notin`, as in Kubernetes. */
export const selects = (
  requirements: readonly LabelRequirement[],
  labels: Readonly<Record<string, string>> = {},
): boolean =>
  requirements.every(({ key, op, values }) => {
    // `constructor` is a label key like any other.
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    if (op === "exists") return value !== undefined
    if (op === "absent") return value === undefined
    return op === "in"
      ? value !== undefined && values.includes(value)
      : value === undefined || !values.includes(value)
  })

/** Whether a plain map of labels (a Service's selector) selects; an empty map selects nothing. */
export function matchesLabels(
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  const entries = Object.entries(wanted)
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value)
}

import type { ObjectRef } from "../../../kube/object.ts"
import type { Reference } from "../../finding.ts"

/** `a, b and c`; no more than `most`, then how many others. */
export function listed(items: readonly string[], most = 4): string {
  if (items.length === 0) return "none"
  const shown = items.length > most ? items.slice(0, most - 1) : items
  const rest = items.length - shown.length
  const all = rest > 0 ? [...shown, `${rest} more`] : shown
  const last = all.at(-1) ?? ""
  return all.length === 1 ? last : `${all.slice(0, -1).join(", ")} and ${last}`
}

/** `app=cart, tier=front`. */
export const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(", ")

/** References to whole objects. */
export const wholes = (objects: readonly ObjectRef[], most = 10): Omit<Reference, "cluster">[] =>
  objects.slice(0, most).map((object) => ({ object, path: "" }))

/** The number of single-letter changes between two names, no more than `most` + 1. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let before = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const now = [row]
    for (let column = 1; column <= b.length; column++)
      now.push(
        Math.min(
          (before[column] ?? 0) + 1,
          (now[column - 1] ?? 0) + 1,
          (before[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1),
        ),
      )
    before = now
  }
  return before[b.length] ?? most + 1
}

/** The names that a person may have meant: no more than two letters off, the closest first. */
export function similar(name: string, names: readonly string[]): string[] {
  const most = name.length < 5 ? 1 : 2
  return names
    .map((candidate) => ({ candidate, off: distance(name, candidate, most) }))
    .filter(({ off }) => off <= most)
    .sort((a, b) => a.off - b.off || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

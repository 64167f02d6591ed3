import { at } from "../../validation/path.ts"
import { isSame } from "../same.ts"

const isParent = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object"

/** Paths of what is left of an object when a form has shown its part of it: of the whole where none of it is shown, else of the pieces. */
export function leftPaths(raw: unknown, left: unknown, path: string): string[] {
  if (left === undefined || left === null) return []
  if (isSame(raw, left)) return [path]
  if (!isParent(left)) return [path]
  const steps = Array.isArray(left) ? [...left.keys()] : Object.keys(left)
  return steps.flatMap((step) => {
    const [before, after] = [(raw as Record<string, unknown>)[step], (left as Record<string, unknown>)[step]]
    return leftPaths(before, after, at(path, step))
  })
}

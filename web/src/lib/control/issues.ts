import type { z } from "zod"
import type { Issue } from "./form-props.ts"

type Step = PropertyKey
type ZodIssue = z.core.$ZodIssue

const pathOf = (steps: readonly Step[]): string => steps.map(String).join(".")

/** Of a value that fits none of several shapes: what is wrong with it in the shape that it comes closest to. */
function deepest(branches: readonly (readonly ZodIssue[])[]): readonly ZodIssue[] {
  const depth = (issues: readonly ZodIssue[]): number =>
    Math.max(0, ...issues.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 0 : 1)))
  return branches.reduce((best, next) => (depth(next) > depth(best) ? next : best), branches[0] ?? [])
}

function flat(issue: ZodIssue, above: readonly Step[]): Issue[] {
  const path = [...above, ...issue.path]
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return deepest(issue.errors).flatMap((inner) => flat(inner, path))
  return [{ path: pathOf(path), message: issue.message }]
}

/** What is wrong with a form by its own rules, before anybody was asked. */
export function issuesOf(schema: z.ZodType, form: unknown): Issue[] {
  const read = schema.safeParse(form)
  return read.success ? [] : read.error.issues.flatMap((issue) => flat(issue, []))
}

/** The first thing that is wrong at a path, or below it. */
export const problemAt = (problems: readonly Issue[], path: string): string | undefined =>
  problems.find((problem) => problem.path === path || problem.path.startsWith(`${path}.`))?.message

import { AppError } from "#shared/error.ts"
import type { Issue } from "../control/form-props.ts"

/** What a form sets stands at `intent.set` of the request, and the planner speaks of the form itself: both are the form's own paths. */
const ownPath = (path: string): string =>
  path.replace(/^(body\.)?intent\.(set\.?)?/, "").replaceAll(/\[(\d+)\]/g, ".$1")

/** What the server says of a form, by path in it (empty: of the whole); nothing when it says something else. */
export function problemsOf(error: unknown): Issue[] {
  if (!(error instanceof AppError) || error.code !== "input.invalid") return []
  const issues = error.detail.issues ?? []
  return issues.length === 0
    ? [{ path: "", message: error.message }]
    : issues.map(({ path, message }) => ({ path: ownPath(path), message }))
}

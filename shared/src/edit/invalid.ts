import { AppError } from "../error.ts"

export type Issue = { path: string; message: string }

/** What is wrong with an intent; each issue names the field of the form, the value in it and what to do. */
export const invalid = (issues: readonly [Issue, ...Issue[]]): AppError =>
  new AppError("input.invalid", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    issues: [...issues],
  })

/** @throws AppError input.invalid when there are any */
export function refuse(issues: readonly Issue[]): void {
  const [first, ...others] = issues
  if (first !== undefined) throw invalid([first, ...others])
}

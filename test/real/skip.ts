import { appendFileSync } from "node:fs"

/** Notes for test/run.mjs that a suite did not run, why, and how to get what it wants. Returns whether to skip, for `describe.skipIf`. */
export function skipNote(suite: string, missing: string | null): boolean {
  if (missing === null) return false
  const file = process.env["SMM_SKIPS"]
  if (file) appendFileSync(file, `${suite}: ${missing}\n`)
  return true
}

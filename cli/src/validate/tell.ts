import type { Problem } from "#shared/document/read.ts"
import type { Io } from "../io.ts"
import { type Skipped, skipNotes } from "./skip.ts"

/** What was not read, or otherwise than it looks, goes to standard error: a line each, with the place and what to do. */
export function tellReading(io: Io, problems: readonly Problem[], skipped: readonly Skipped[]): void {
  for (const { file, line, column, level, message, remedy } of problems)
    io.err(`${file}:${line}:${column}: ${level === "error" ? "not read" : "note"}: ${message}. ${remedy}\n`)
  for (const note of skipNotes(skipped)) io.err(`note: ${note}\n`)
}

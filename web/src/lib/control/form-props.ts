import type { ControlQuery, ControlReading } from "#shared/api/change.ts"
import type { Intent } from "#shared/edit/intent.ts"

/** What is wrong with a field of the form, by its path in it: `weights.v1`, `http.0.timeout`. */
export type Issue = { path: string; message: string }

/** What a form needs of the draft of a change; the page owns the rest of it. */
export type FormDraft = {
  /** What was said so far; null: the form is as it was read. */
  readonly intent: Intent | null
  /** What the control is about: a service with the scope in it, or a scope of mTLS. */
  readonly query: ControlQuery
  expiresInMs: number | null
  set(intent: Intent | null): void
  /** Another scope: what is there is read anew, what was said is dropped. */
  aim(query: ControlQuery): void
}

export type FormProps = {
  draft: FormDraft
  reading: ControlReading
  /** The routing of the same service, where the control stands in one of its rules; undefined while it is on its way. */
  routing?: ControlReading | undefined
  problems: readonly Issue[]
  /** Shows the objects as YAML, where what the form cannot show stands. */
  onyaml?: (() => void) | undefined
}

import type { Choice, Step } from "./completion.ts"
import type { Documentation } from "./documentation.ts"
import type { Checked, Proposed } from "./check-session.ts"

/** What the console asks of the engine's worker. */
export type Ask =
  | { type: "start"; organization: string | undefined }
  | { type: "check"; id: number; proposed: Proposed }
  | { type: "complete"; id: number; kind: string; version: string; path: Step[]; writes: "field" | "value" }
  | { type: "describe"; id: number; kind: string; version: string; path: Step[] }

/** What it answers. */
export type Tell =
  | { type: "progress"; kinds: number; of: number; objects: number }
  | { type: "ready"; objects: number; unasked: number; at: number }
  | { type: "failed"; message: string }
  | { type: "checked"; id: number; checked: Checked }
  | { type: "choices"; id: number; choices: Choice[] }
  | { type: "described"; id: number; documentation: Documentation | null }

import type { ChangeRequestInput } from "#shared/api/change.ts"
import type { Guard } from "#shared/edit/guard.ts"
import type { Intent } from "#shared/edit/intent.ts"
import type { Conflicts } from "#shared/protocol/command.ts"
import { type Demand, assertionPart } from "./assertion.ts"

/** All that a draft says. */
export type Asked = {
  intent: Intent
  clusters: readonly string[]
  conflicts: Conflicts
  guard: Guard | null
  expiresInMs: number | null
  queueUntil: number | null
  /** As it was pasted. */
  assertion: string
}

/** The request that previews and applies it. */
export const bodyOf = (
  { clusters, assertion, ...asked }: Asked,
  demands: readonly Demand[],
): ChangeRequestInput => ({
  ...asked,
  // An undo goes where the change went.
  clusters: asked.intent.control === "undo" ? [] : [...clusters],
  via: "console",
  ...assertionPart(assertion, demands),
})

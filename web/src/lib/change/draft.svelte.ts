import type { ChangeRequestInput, ControlQuery } from "#shared/api/change.ts"
import type { Guard } from "#shared/edit/guard.ts"
import type { Intent } from "#shared/edit/intent.ts"
import type { Conflicts } from "#shared/protocol/command.ts"
import type { FormDraft } from "../control/form-props.ts"
import type { Demand } from "./assertion.ts"
import { type Asked, bodyOf } from "./body.ts"

/**
 * A change that is being made: what a control's form says (`intent`), and all around it that is the same for every control. The request that it stands
 * for is `body`; the preview follows it.
 */
export class ChangeDraft implements FormDraft {
  /** Ids, in the order in which they are changed. */
  clusters = $state.raw<readonly string[]>([])
  /** What the control is about: the page reads it anew (and mounts the form anew) when this changes. */
  query = $state.raw<ControlQuery>({})
  intent = $state.raw<Intent | null>(null)
  guard = $state.raw<Guard | null>(null)
  expiresInMs = $state<number | null>(null)
  conflicts = $state<Conflicts>("ask")
  /** For agents that are away. */
  queueUntil = $state<number | null>(null)
  /** The user's own signed word; it lives here only, until it was sent. */
  assertion = $state("")
  /** Who demands it of the chosen clusters. */
  #demands: () => readonly Demand[]

  constructor(demands: () => readonly Demand[]) {
    this.#demands = demands
  }

  /** undefined: nothing is asked for. */
  readonly body: ChangeRequestInput | undefined = $derived.by(() => {
    // An undo goes where the change went.
    if (!this.intent || (this.clusters.length === 0 && this.intent.control !== "undo")) return undefined
    return bodyOf({ ...this.#asked, intent: this.intent }, this.#demands())
  })

  get #asked(): Omit<Asked, "intent"> {
    const { clusters, conflicts, guard, expiresInMs, queueUntil, assertion } = this
    return { clusters, conflicts, guard, expiresInMs, queueUntil, assertion }
  }

  set(intent: Intent | null): void {
    this.intent = intent
  }

  aim(query: ControlQuery): void {
    this.query = query
    this.intent = null
  }
}

import type { KubeObject } from "#shared/kube/object.ts"
import type { FieldOwner, StepOutcome } from "#shared/protocol/command.ts"
import type { Failure } from "./command.ts"
import { plain } from "./plan-step.ts"

const outcomeOf = (state: StepOutcome["state"], more: Partial<StepOutcome>): StepOutcome => ({
  state,
  code: null,
  message: "",
  resourceVersion: null,
  after: null,
  owners: [],
  ...more,
})

const standing = (live: KubeObject | null): Pick<StepOutcome, "resourceVersion" | "after"> => ({
  resourceVersion: live?.metadata.resourceVersion ?? null,
  after: live && plain(live),
})

export const applied = (object: KubeObject | null, message: string, owners: FieldOwner[] = []): StepOutcome =>
  outcomeOf("applied", { message, ...standing(object), owners })

export const unchanged = (live: KubeObject | null, message: string): StepOutcome =>
  outcomeOf("unchanged", { message, ...standing(live) })

export const failed = ({ code, message }: Failure, owners: FieldOwner[] = []): StepOutcome =>
  outcomeOf("failed", { code, message, owners })

const skipped = (count: number, message: string): StepOutcome[] =>
  Array.from({ length: count }, () => outcomeOf("skipped", { message }))

/** Of outcomes up to a failure, those of the rest. */
export const stopped = (outcomes: readonly StepOutcome[], count: number): StepOutcome[] => [
  ...outcomes,
  ...skipped(Math.max(0, count - outcomes.length), "not tried, since a step before it failed"),
]

/** Of so many steps, none of which is begun since the one at `index` cannot be done. */
export const notBegun = (count: number, index: number, failure: StepOutcome): StepOutcome[] =>
  stopped([...skipped(index, "not tried, since a later step cannot be done"), failure], count)

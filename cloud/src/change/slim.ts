import { AppError } from "#shared/error.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { CommandOutcome } from "#shared/protocol/command.ts"

type Apply = Extract<CommandOutcome, { type: "apply" }>

/** Who owns what is told in words of its own; the record itself is the larger part of an object. */
const withoutOwners = (object: KubeObject | null): KubeObject | null => {
  if (!object) return null
  const { managedFields: _managed, ...metadata } = object.metadata
  return { ...object, metadata }
}

const withAfter = (outcome: Apply, afterOf: (after: KubeObject | null) => KubeObject | null): Apply => ({
  ...outcome,
  steps: outcome.steps.map((step) => ({ ...step, after: afterOf(step.after) })),
})

/** What is kept of an answer: nothing that nobody reads. */
export function slim<T extends CommandOutcome>(outcome: T): T
export function slim(outcome: CommandOutcome): CommandOutcome {
  if (outcome.type === "apply") return withAfter(outcome, withoutOwners)
  if (outcome.type !== "check") return outcome
  const steps = outcome.steps.map((step) => ({
    ...step,
    live: null,
    dryRun: { ...step.dryRun, after: null },
  }))
  return { ...outcome, steps }
}

/**
 * Keeps an answer; what no item can hold is kept without the objects, which their versions stand for: an agent repeats an answer until it is stored, and what
 * became of a change is never lost for its size.
 */
export async function keepSlim<T extends CommandOutcome>(
  outcome: T,
  keep: (outcome: T) => Promise<unknown>,
): Promise<void> {
  const whole = slim(outcome)
  try {
    await keep(whole)
  } catch (error) {
    if (!(error instanceof AppError && error.code === "input.too_large") || whole.type !== "apply")
      throw error
    await keep(withAfter(whole, () => null) as T)
  }
}

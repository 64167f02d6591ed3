import { fieldManager } from "#shared/act/owner.ts"
import { differenceOf, leavesOf, managedOf, textOf } from "#shared/act/field-set.ts"
import { patched } from "#shared/edit/patch.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { StepOutcome } from "#shared/protocol/command.ts"
import type { Failure } from "./command.ts"
import { applied } from "./outcome.ts"
import { words } from "./place.ts"
import { creationOf } from "./plan-step.ts"
import type { JournalStep } from "./record.ts"
import { contentHash } from "./versions.ts"

/** What became of a write of which nobody heard. */
export type Settled =
  { state: "done"; outcome: StepOutcome } | { state: "not_done" } | { state: "lost"; failure: Failure }

/** Whether all that is wanted is there; the server adds its defaults. */
function covers(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) &&
      live.length === wanted.length &&
      wanted.every((item, index) => covers(live[index], item))
    )
  if (wanted === null || typeof wanted !== "object") return live === wanted
  if (live === null || typeof live !== "object" || Array.isArray(live)) return false
  return Object.entries(wanted).every(
    ([key, value]) => value === undefined || covers((live as Record<string, unknown>)[key], value),
  )
}

const found = (live: KubeObject | null): Settled => ({
  state: "done",
  outcome: applied(live, "done; the answer was lost, and what is there shows it"),
})

function isOurs(live: KubeObject, { before, step }: JournalStep): boolean {
  if (!managedOf(live).some(({ manager }) => manager === fieldManager)) return false
  if (step.verb === "create") return step.create !== null && covers(live, creationOf(step.create))
  const wanted = before && patched(before, step.patch ?? [])
  if (!wanted) return false
  const { set, removed } = differenceOf(leavesOf(before, live), leavesOf(wanted, live))
  const [there, aim] = [leavesOf(live), leavesOf(wanted, live)]
  return (
    set.every((path) => covers(there.get(textOf(path))?.value, aim.get(textOf(path))?.value)) &&
    removed.every((path) => !there.has(textOf(path)))
  )
}

/** What a write was to find: the version, and what it said. */
export type Foundation = { resourceVersion: string | null; uid: string | null; seen: KubeObject | null }

/** Nobody but a controller that writes its status was there since. */
export const isUntouched = (live: KubeObject, { resourceVersion, seen }: Foundation): boolean =>
  live.metadata.resourceVersion === resourceVersion ||
  (seen !== null && contentHash(live) === contentHash(seen))

/** Held against the object as it is. */
export function settled(step: JournalStep, live: KubeObject | null, foundation: Foundation): Settled {
  const { verb, object } = step.step
  if (verb === "delete") {
    const isThere = live !== null && live.metadata.uid === step.uid
    return isThere && live.metadata.deletionTimestamp === undefined ? { state: "not_done" } : found(null)
  }
  if (verb === "create" && live === null) return { state: "not_done" }
  if (live === null)
    return { state: "lost", failure: { code: "gone", message: `${words(object)} is not there any more` } }
  if (verb === "patch" && isUntouched(live, foundation)) return { state: "not_done" }
  if (isOurs(live, step)) return found(live)
  const code = verb === "create" ? "exists" : "outdated"
  const message = `${words(object)} was changed by somebody else while the answer was lost, and does not hold what this step wants`
  return { state: "lost", failure: { code, message } }
}

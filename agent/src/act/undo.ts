import { inverseOf, type KeptField } from "#shared/edit/inverse.ts"
import { stepsOf } from "#shared/edit/steps.ts"
import { type KubeObject, idOf } from "#shared/kube/object.ts"
import type { CommandOutcome, WireStep } from "#shared/protocol/command.ts"
import type { Failure } from "./command.ts"
import type { Executor } from "./executor.ts"
import { failureOf } from "./failure.ts"
import type { Gate } from "./gate.ts"
import { placeOf, words } from "./place.ts"
import { plain } from "./plan-step.ts"
import type { Watch } from "./record.ts"
import type { Requests } from "./request.ts"

/** One try at undoing a change: what came of it, and what others have changed since and keep. */
export type Undone = { outcome: CommandOutcome | null; failure: Failure | null; kept: string[] }

type Parts = {
  requests: Requests
  executor: Pick<Executor, "undo">
  gate: Pick<Gate, "state">
  signal: AbortSignal
}

/** The identity was given under a policy that may be another by now. */
function identityFailure({ as }: Watch, gate: Parts["gate"]): Failure | null {
  const { mode, reason } = gate.state()
  if (mode === (as === null ? "anonymous" : "mapped")) return null
  const now = mode === "off" ? `off: ${reason}` : mode
  return {
    code: "not_allowed",
    message: `the change was made as ${as === null ? "the agent's own account" : as.user}; the cluster's policy for writing is now ${now}`,
  }
}

async function present(watch: Watch, { requests, signal }: Parts): Promise<Map<string, KubeObject>> {
  const objects = new Map<string, KubeObject>()
  for (const { object, before, after } of watch.done) {
    const place = placeOf(object, (after ?? before)?.apiVersion ?? "")
    if ("code" in place) throw new Error(place.message)
    const live = await requests.live(place, signal)
    if (live) objects.set(idOf(object), plain(live))
  }
  return objects
}

const wireOf = (
  objects: ReadonlyMap<string, KubeObject>,
  edits: ReturnType<typeof inverseOf>["edits"],
): WireStep[] =>
  stepsOf(edits, (ref) => objects.get(idOf(ref))).map(
    ({ verb, object, apiVersion, resourceVersion, uid, patch, create, settleMs }) => ({
      ...{ verb, object, apiVersion, resourceVersion, uid, create, settleMs },
      patch: patch && [...patch],
    }),
  )

const said = ({ object, message }: KeptField): string => `${words(object)}: ${message}`

/** Takes back what a change did on the objects as they are now, as whoever made it. @throws only when the signal ends it */
export async function undo(watch: Watch, parts: Parts): Promise<Undone> {
  const failure = identityFailure(watch, parts.gate)
  if (failure) return { outcome: null, failure, kept: [] }
  try {
    const objects = await present(watch, parts)
    const { edits, kept } = inverseOf(watch.done, (ref) => objects.get(idOf(ref)))
    const steps = wireOf(objects, edits)
    if (steps.length === 0) return { outcome: null, failure: null, kept: kept.map(said) }
    const outcome = await parts.executor.undo(watch, steps)
    return { outcome, failure: outcome.failure, kept: kept.map(said) }
  } catch (error) {
    const [first] = watch.done
    if (parts.signal.aborted || !first) throw error
    return { outcome: null, failure: failureOf(error, first.object), kept: [] }
  }
}

import type { KubeIdentity } from "#shared/act/policy.ts"
import { patched } from "#shared/edit/patch.ts"
import { type KubeObject, idOf } from "#shared/kube/object.ts"
import type { Conflicts, FieldOwner, StepCheck, WireStep } from "#shared/protocol/command.ts"
import type { Access } from "./access.ts"
import type { Failure } from "./command.ts"
import { failureOf } from "./failure.ts"
import { inParallel } from "./parallel.ts"
import { type Place, placeOf } from "./place.ts"
import { plain, planStep, type Request } from "./plan-step.ts"
import type { Requests } from "./request.ts"
import type { Versions } from "./versions.ts"

type DryRun = StepCheck["dryRun"]
type Options = { as: KubeIdentity | null; signal: AbortSignal }

const stepsAtOnce = 6

const passed = (message: string, after: KubeObject | null): DryRun => ({
  state: "passed",
  code: null,
  message,
  after,
})
const not = ({ code, message }: Failure): DryRun => ({
  state: code === "unavailable" ? "unknown" : "refused",
  code,
  message,
  after: null,
})

/** A webhook that has effects of its own cannot be tried. */
const cannotTry = /does not support dry run/

/** What the steps of a change meet: who may, who owns, and what the admission chain says, without changing anything. */
export function createCheck(parts: {
  requests: Requests
  access: Access
  versions: Pick<Versions, "current">
}) {
  const { requests, access, versions } = parts

  type Look = { live: KubeObject | null; failure: Failure | null }

  async function look(step: WireStep, place: Place, signal: AbortSignal): Promise<Look> {
    try {
      return { live: await requests.live(place, signal), failure: null }
    } catch (error) {
      if (signal.aborted) throw error
      return { live: null, failure: failureOf(error, step.object) }
    }
  }

  async function tryOut(
    step: WireStep,
    place: Place,
    { request, options }: { request: Request; options: Options },
  ): Promise<DryRun> {
    if (request.how === "none") return passed("it is so already", null)
    try {
      const { object, warnings } = await requests.send(place, request, { ...options, dryRun: true })
      return passed(warnings.join("; "), object && plain(object))
    } catch (error) {
      if (options.signal.aborted) throw error
      const failure = failureOf(error, step.object)
      return cannotTry.test(failure.message) ? { ...not(failure), state: "unknown" } : not(failure)
    }
  }

  /** The steps about one object, one after the other: each is tried together with those before it, since none was carried out. */
  async function checkObject(
    steps: readonly WireStep[],
    conflicts: Conflicts,
    options: Options,
  ): Promise<StepCheck[]> {
    const [first] = steps
    if (!first) return []
    const place = placeOf(first.object, first.apiVersion)
    const { live, failure } =
      "code" in place ? { live: null, failure: place } : await look(first, place, options.signal)
    const checks: StepCheck[] = []
    let chained: WireStep | null = null
    for (const step of steps) {
      const line = await access.line(step.verb, step.object, options)
      chained = together(chained, step)
      const { owners, dryRun } =
        failure !== null || "code" in place
          ? { owners: [], dryRun: not(failure ?? (place as Failure)) }
          : await checkOne(chained, { place, live, conflicts }, options)
      checks.push({ live: live && plain(live), access: line, owners, dryRun })
    }
    return checks
  }

  async function checkOne(
    step: WireStep,
    { place, live, conflicts }: { place: Place; live: KubeObject | null; conflicts: Conflicts },
    options: Options,
  ): Promise<{ owners: FieldOwner[]; dryRun: DryRun }> {
    const { object, uid } = step
    const expected = { resourceVersion: versions.current(object, step.resourceVersion, live), uid }
    const planned = planStep(step, live, conflicts, expected)
    if (!("failure" in planned))
      return {
        owners: planned.owners,
        dryRun: await tryOut(step, place, { request: planned.request, options }),
      }
    // Whose fields they are is asked of the person; what the admission chain says is told all the same.
    if (planned.failure.code !== "conflict") return { owners: planned.owners, dryRun: not(planned.failure) }
    const taken = planStep(step, live, "take-over", expected)
    if ("failure" in taken) return { owners: planned.owners, dryRun: not(taken.failure) }
    return { owners: planned.owners, dryRun: await tryOut(step, place, { request: taken.request, options }) }
  }

  return {
    async steps(steps: readonly WireStep[], conflicts: Conflicts, options: Options): Promise<StepCheck[]> {
      const groups = Map.groupBy(steps, ({ object }) => idOf(object))
      const checks = new Map<WireStep, StepCheck>()
      await inParallel([...groups.values()], stepsAtOnce, async (group) => {
        const found = await checkObject(group, conflicts, options)
        for (const [index, step] of group.entries()) {
          const check = found[index]
          if (check) checks.set(step, check)
        }
      })
      return steps.flatMap((step) => checks.get(step) ?? [])
    },
  }
}

/** Two steps of one object as one: a patch behind a patch adds its operations, a patch behind a creation edits what is made. */
function together(before: WireStep | null, step: WireStep): WireStep {
  if (before === null || step.verb !== "patch") return step
  if (before.verb === "patch") return { ...before, patch: [...(before.patch ?? []), ...(step.patch ?? [])] }
  const create = before.create && patched(before.create, step.patch ?? [])
  return create ? { ...before, create } : step
}

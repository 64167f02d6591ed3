import { type KubeObject, type ObjectRef, idOf } from "#shared/kube/object.ts"
import type { Conflicts, StepOutcome, WireStep } from "#shared/protocol/command.ts"
import { createBackoff } from "../backoff.ts"
import type { Clock } from "../clock.ts"
import type { Failure } from "./command.ts"
import { failureOf, isUncertain, ownersIn } from "./failure.ts"
import { inParallel } from "./parallel.ts"
import { applied, failed, notBegun, stopped, unchanged } from "./outcome.ts"
import { type Place, placeOf, words } from "./place.ts"
import { plain, type PlannedWrite, planStep } from "./plan-step.ts"
import type { Entry, JournalStep } from "./record.ts"
import type { Requests } from "./request.ts"
import { type Foundation, isUntouched, type Settled, settled } from "./settle.ts"
import type { Versions } from "./versions.ts"

/** Objects as they were last seen in a command, by their place; null: not there. */
export type Lives = Map<string, KubeObject | null>

export type Apply = {
  /** Reads what the steps are about and holds each against it, before anything is written. */
  prepare(
    steps: readonly WireStep[],
    conflicts: Conflicts,
    signal: AbortSignal,
  ): Promise<{ steps: JournalStep[]; lives: Lives } | { outcomes: StepOutcome[] }>
  /**
   * Does the steps that are not done, in order, up to the first that fails. `done` is told after each. @throws only when the signal ends it
   */
  carryOut(
    entry: Progress,
    options: { lives: Lives; signal: AbortSignal; done: () => Promise<void> },
  ): Promise<void>
  /** The same for an entry of before a restart: finds out first whether the step under way was done. */
  resume(entry: Progress, options: { signal: AbortSignal; done: () => Promise<void> }): Promise<void>
}

type Progress = Pick<Entry, "steps" | "outcomes" | "conflicts" | "as" | "expiresAt">

const late: Failure = {
  code: "command",
  message: "the agent was stopped before this step, and the command expired before it was back",
}

/** Reads at once of one command. */
const readsAtOnce = 8
/** A write that was not done, of which nobody knows why, is tried again so often. */
const tries = 3

/** How long to wait before a step: not at all when nothing was written since the wait before. */
function waitBefore({ steps, outcomes }: Pick<Entry, "steps" | "outcomes">, index: number): number {
  const since = steps.findLastIndex(({ step }, at) => at < index && (step.settleMs ?? 0) > 0)
  const isWritten = outcomes.slice(Math.max(since, 0), index).some(({ state }) => state === "applied")
  return isWritten ? (steps[index]?.step.settleMs ?? 0) : 0
}

type Doing = { step: JournalStep; place: Place; foundation: Foundation; signal: AbortSignal }

/** The version to find, which may be a newer one by now that says the same. */
const current = (foundation: Foundation, live: KubeObject | null): Foundation =>
  live && isUntouched(live, foundation)
    ? { ...foundation, resourceVersion: live.metadata.resourceVersion ?? null }
    : foundation

const unchangedWords = ({ step: { object } }: JournalStep, conflicts: Conflicts): string =>
  conflicts === "drop"
    ? `${words(object)} stays as it is: what others own was left out`
    : `${words(object)} is so already`

export function createApply(options: {
  requests: Requests
  /** Told before an object is removed. */
  removing: (ref: ObjectRef) => void
  versions: Pick<Versions, "current">
  clock: Clock
}): Apply {
  const { requests, clock } = options
  const placed = ({ object, apiVersion }: WireStep): Place => {
    const place = placeOf(object, apiVersion)
    if ("code" in place) throw new Error(place.message)
    return place
  }

  /** Waits for as long as the API server does not answer: a result that is not known is not made up. */
  async function look(place: Place, signal: AbortSignal): Promise<KubeObject | null> {
    const backoff = createBackoff(clock, { minMs: 200, maxMs: 5_000 })
    for (;;) {
      try {
        return await requests.live(place, signal)
      } catch (error) {
        if (signal.aborted || !isUncertain(error)) throw error
        await backoff.wait(signal)
        if (signal.aborted) throw error
      }
    }
  }

  /** What cannot be read is a failure of the steps about it. */
  async function readAll(
    steps: readonly WireStep[],
    signal: AbortSignal,
  ): Promise<{ lives: Lives; failures: Map<string, Failure> }> {
    const wanted = new Map(steps.map((step) => [idOf(step.object), step]))
    const lives: Lives = new Map()
    const failures = new Map<string, Failure>()
    await inParallel([...wanted], readsAtOnce, async ([id, step]) => {
      try {
        lives.set(id, await requests.live(placed(step), signal))
      } catch (error) {
        if (signal.aborted) throw error
        failures.set(id, failureOf(error, step.object))
      }
    })
    return { lives, failures }
  }

  function holdAgainst(
    steps: readonly WireStep[],
    { lives, failures }: { lives: Lives; failures: ReadonlyMap<string, Failure> },
    conflicts: Conflicts,
  ): { steps: JournalStep[] } | { outcomes: StepOutcome[] } {
    const states = new Map(lives)
    const changed = new Set<string>()
    const held: JournalStep[] = []
    for (const [index, step] of steps.entries()) {
      const id = idOf(step.object)
      const live = states.get(id) ?? null
      const { resourceVersion = null, uid = null } = live?.metadata ?? {}
      const seen = options.versions.current(step.object, step.resourceVersion, live)
      const expected = changed.has(id)
        ? { resourceVersion, uid: null }
        : { resourceVersion: seen, uid: step.uid }
      const failure = failures.get(id)
      const planned = failure ? { failure, owners: [] } : planStep(step, live, conflicts, expected)
      if ("failure" in planned) {
        return { outcomes: notBegun(steps.length, index, failed(planned.failure, planned.owners)) }
      }
      held.push({
        step,
        before: live && plain(live),
        resourceVersion: changed.has(id) ? null : resourceVersion,
        uid,
      })
      if (planned.request.how === "none") continue
      states.set(id, planned.after)
      changed.add(id)
    }
    return { steps: held }
  }

  /** What a step is to find: what the command itself made last, else what was there when it began. */
  function foundationOf({ steps, outcomes }: Pick<Entry, "steps" | "outcomes">, index: number): Foundation {
    const own = steps[index]
    if (!own) throw new Error(`there is no step ${index}`)
    const id = idOf(own.step.object)
    const before = outcomes.findLastIndex(
      ({ state }, at) =>
        state === "applied" && at < index && idOf(steps[at]?.step.object ?? own.step.object) === id,
    )
    if (before < 0) return { resourceVersion: own.resourceVersion, uid: own.uid, seen: own.before }
    const { resourceVersion = null, after = null } = outcomes[before] ?? {}
    return { resourceVersion, uid: after?.metadata.uid ?? null, seen: after }
  }

  async function send(doing: Doing, planned: PlannedWrite, entry: Progress): Promise<StepOutcome> {
    const { request } = planned
    if (request.how === "none") throw new Error("there is nothing to send")
    if (request.how === "delete") options.removing(doing.step.step.object)
    const sending = { as: entry.as, dryRun: false, signal: doing.signal }
    const { object, warnings } = await requests.send(doing.place, request, sending)
    return applied(object, warnings.join("; "), planned.owners)
  }

  /** What became of a write that failed: its outcome, or what is there, for another try. */
  async function afterFailure(
    doing: Doing,
    { error, planned, live }: { error: unknown; planned: PlannedWrite; live: KubeObject | null },
    tried: { attempt: number; expiresAt: number },
  ): Promise<StepOutcome | { live: KubeObject | null }> {
    const { object } = doing.step.step
    const failure = failureOf(error, object)
    const isRace = failure.code === "outdated" || planned.request.how === "json-patch"
    const isOpen = isUncertain(error) || isRace
    const end = failed(failure, ownersIn(error, object))
    if (!isOpen && tried.attempt === 1) return end
    // The write of an attempt before may have come through late: then this one finds its work.
    const present = await look(doing.place, doing.signal)
    const known = settled(doing.step, present, doing.foundation)
    if (known.state === "done") return known.outcome
    if (known.state === "lost") return failed(known.failure)
    const isSame = present?.metadata.resourceVersion === live?.metadata.resourceVersion
    const isOver = tried.attempt >= tries || clock.now() >= tried.expiresAt
    return isOver || !isOpen || (isSame && !isUncertain(error)) ? end : { live: present }
  }

  /** One write, until it is known what became of it. */
  async function write(entry: Progress, doing: Doing, first: KubeObject | null): Promise<StepOutcome> {
    const backoff = createBackoff(clock, { minMs: 250, maxMs: 2_000 })
    let live = first
    for (let attempt = 1; ; attempt++) {
      const expected = current(doing.foundation, live)
      const planned = planStep(doing.step.step, live, entry.conflicts, expected)
      if ("failure" in planned) return failed(planned.failure, planned.owners)
      if (planned.request.how === "none") return unchanged(live, unchangedWords(doing.step, entry.conflicts))
      try {
        return await send(doing, planned, entry)
      } catch (error) {
        if (doing.signal.aborted) throw error
        const { expiresAt } = entry
        const next = await afterFailure(doing, { error, planned, live }, { attempt, expiresAt })
        if ("state" in next) return next
        live = next.live
        await backoff.wait(doing.signal)
      }
    }
  }

  async function doStep(
    entry: Progress,
    index: number,
    { lives, signal }: { lives: Lives; signal: AbortSignal },
  ): Promise<StepOutcome> {
    const step = entry.steps[index]
    if (!step) throw new Error(`there is no step ${index}`)
    const place = placed(step.step)
    const id = idOf(step.step.object)
    try {
      const live = lives.has(id) ? (lives.get(id) ?? null) : await look(place, signal)
      // What comes next is read again, with the owners that it has then.
      lives.delete(id)
      return await write(entry, { step, place, foundation: foundationOf(entry, index), signal }, live)
    } catch (error) {
      if (signal.aborted) throw error
      return failed(failureOf(error, step.step.object))
    }
  }

  async function settle(doing: Doing): Promise<Settled> {
    try {
      return settled(doing.step, await look(doing.place, doing.signal), doing.foundation)
    } catch (error) {
      if (doing.signal.aborted) throw error
      return { state: "lost", failure: failureOf(error, doing.step.step.object) }
    }
  }

  return {
    async prepare(steps, conflicts, signal) {
      const { lives, failures } = await readAll(steps, signal)
      const held = holdAgainst(steps, { lives, failures }, conflicts)
      return "outcomes" in held ? held : { ...held, lives }
    },
    async resume(entry, { signal, done }) {
      const index = entry.outcomes.length
      const step = entry.steps[index]
      if (!step) return
      const foundation = foundationOf(entry, index)
      const known = await settle({ step, place: placed(step.step), foundation, signal })
      if (known.state !== "not_done") {
        take(entry, known.state === "done" ? known.outcome : failed(known.failure))
        await done()
      } else if (clock.now() >= entry.expiresAt) {
        take(entry, failed(late))
        await done()
      }
      await carryOut(entry, { lives: new Map(), signal, done })
    },
    carryOut,
  }

  async function carryOut(
    entry: Progress,
    { lives, signal, done }: { lives: Lives; signal: AbortSignal; done: () => Promise<void> },
  ): Promise<void> {
    while (entry.outcomes.length < entry.steps.length) {
      const waitMs = waitBefore(entry, entry.outcomes.length)
      if (waitMs > 0) {
        await clock.sleep(waitMs, signal)
        lives.clear()
      }
      take(entry, await doStep(entry, entry.outcomes.length, { lives, signal }))
      await done()
    }
  }

  function take(entry: Progress, result: StepOutcome): void {
    entry.outcomes.push(result)
    if (result.state === "failed") entry.outcomes = stopped(entry.outcomes, entry.steps.length)
  }
}

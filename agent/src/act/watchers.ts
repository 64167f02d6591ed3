import { ending, firing, observe } from "#shared/edit/guard-state.ts"
import type { Watched } from "#shared/protocol/message/act.ts"
import type { Tick } from "#shared/telemetry/edge.ts"
import { createBackoff } from "../backoff.ts"
import type { Clock } from "../clock.ts"
import type { CommandLane } from "../link/command-lane.ts"
import type { Log } from "../log.ts"
import type { Failure } from "./command.ts"
import type { Executor } from "./executor.ts"
import type { Gate } from "./gate.ts"
import type { Journal } from "./journal.ts"
import { sampleOf } from "./measure.ts"
import type { Watch } from "./record.ts"
import type { Requests } from "./request.ts"
import { undo, type Undone } from "./undo.ts"

/** Changes under a guard or with an expiry: what undoes them when it is time, with the link up or down. */
export type Watchers = {
  tick(tick: Tick): void
  /** A change is watched, or not any more. */
  changed(): void
  /** Resolves after the signal. */
  done: Promise<void>
}

const restMs = 60 * 60_000
/** What another try may mend, and for how long it is tried. */
const passing: readonly Failure["code"][] = ["unavailable", "outdated", "exists", "gone"]
const patienceMs = 60 * 60_000
const mostReason = 1_000

export const isWatching = ({ end }: Watch): boolean => end === null

export function createWatchers(options: {
  journal: Journal
  executor: Pick<Executor, "serially" | "undo">
  requests: Requests
  gate: Pick<Gate, "state">
  lane: CommandLane
  /** How many are watched, or guarded, is another number. */
  counted: () => void
  clock: Clock
  /** While this agent leads. */
  signal: AbortSignal
  /** While the process lives. */
  alive: AbortSignal
  log: Log
}): Watchers {
  const { journal, executor, requests, gate, lane, clock, signal, log } = options
  const firedNow = new Set<string>()
  let wake = new AbortController()

  const find = (changeId: string): Watch | undefined =>
    journal.watches().find((watch) => watch.changeId === changeId && isWatching(watch))

  const keep = (watch: Watch): Promise<void> => journal.keep({ watch }, signal)

  function tell({ changeId, end }: Watch): void {
    if (end === null) return
    const message: Omit<Watched, "seq"> = { type: "watched", changeId, ...end }
    lane.push(`watched ${changeId}`, message, () => {
      journal.forget({ watch: changeId }, options.alive).catch(() => undefined)
    })
  }

  async function finish(watch: Watch, end: Omit<NonNullable<Watch["end"]>, "at">): Promise<void> {
    const reason = end.reason.slice(0, mostReason)
    log.info(
      { changeId: watch.changeId, end: end.end, why: end.why, reason },
      "a change is not watched any more",
    )
    // What it did is needed no more.
    const ended: Watch = { ...watch, done: [], end: { ...end, reason, at: clock.now() } }
    await keep(ended)
    tell(ended)
    options.counted()
  }

  const wordsOf = ({ outcome, kept }: Undone): string => {
    const rest = kept.length === 0 ? "" : `; kept, since others changed it: ${kept.join("; ")}`
    return outcome === null ? `; nothing of it was left to undo${rest}` : rest
  }

  /** One try. Whether there is to be another. */
  async function attempt(changeId: string, fired: NonNullable<Watch["fired"]>): Promise<boolean> {
    const watch = find(changeId)
    if (!watch) return false
    const marked: Watch = { ...watch, fired: watch.fired ?? fired }
    if (watch.fired === null) await keep(marked)
    const { why, reason, at } = marked.fired ?? fired
    log.warn({ changeId, why, reason }, "undoing a change")
    const result = await undo(marked, { requests, executor, gate, signal })
    const { failure, outcome } = result
    if (failure === null) {
      await finish(marked, { end: "undone", why, reason: reason + wordsOf(result), outcome })
      return false
    }
    if (passing.includes(failure.code) && clock.now() - at <= patienceMs) {
      log.warn({ changeId, reason: failure.message }, "a change could not be undone yet; trying again")
      return true
    }
    const words = `${reason}; it could not be undone: ${failure.message}`
    await finish(marked, { end: "failed", why, reason: words, outcome })
    return false
  }

  /** Undoes a change for good. Other commands go in between the tries. */
  async function fire(changeId: string, fired: NonNullable<Watch["fired"]>): Promise<void> {
    const backoff = createBackoff(clock, { minMs: 500, maxMs: 60_000 })
    while (await executor.serially(() => attempt(changeId, fired))) {
      await backoff.wait(signal)
      if (signal.aborted) return
    }
  }

  function startFiring(watch: Watch, why: "guard" | "expiry", reason: string): void {
    const { changeId } = watch
    if (firedNow.has(changeId)) return
    firedNow.add(changeId)
    fire(changeId, { why, reason, at: clock.now() })
      .catch((error: unknown) => {
        if (!signal.aborted) log.error({ changeId, reason: String(error) }, "undoing a change broke off")
      })
      .finally(() => firedNow.delete(changeId))
  }

  async function endGuard(watch: Watch): Promise<void> {
    const { guard, guardState: state, since, revertAt } = watch
    if (guard === null) return
    const verdict = ending(guard, { state, since }, clock.now())
    if (verdict.state === "watching" || verdict.state === "fired") return
    // With an expiry the change is watched on; how that ends is what is told.
    if (revertAt !== null) return keep({ ...watch, guard: null }).then(options.counted)
    const end = verdict.state === "passed" ? "passed" : "failed"
    await finish(watch, { end, why: "guard", reason: verdict.reason, outcome: null })
  }

  /** What is due by the clock alone. */
  async function look(): Promise<void> {
    for (const watch of journal.watches()) {
      if (!isWatching(watch) || firedNow.has(watch.changeId)) continue
      const { fired, revertAt } = watch
      if (fired) startFiring(watch, fired.why, fired.reason)
      else if (revertAt !== null && revertAt <= clock.now())
        startFiring(watch, "expiry", `its time was over at ${new Date(revertAt).toISOString()}`)
      else await endGuard(watch)
    }
  }

  const deadlines = (): number[] =>
    journal
      .watches()
      .filter((watch) => isWatching(watch) && !firedNow.has(watch.changeId))
      .flatMap(({ guard, revertAt, since }) => [
        ...(guard === null ? [] : [since + guard.withinMs]),
        ...(revertAt === null ? [] : [revertAt]),
      ])

  async function run(): Promise<void> {
    for (const watch of journal.watches()) tell(watch)
    while (!signal.aborted) {
      wake = new AbortController()
      await look().catch((error: unknown) => {
        if (!signal.aborted) log.error({ reason: String(error) }, "watched changes could not be looked at")
      })
      const next = Math.min(clock.now() + restMs, ...deadlines())
      await clock.sleep(Math.max(100, next - clock.now()), AbortSignal.any([signal, wake.signal]))
    }
  }

  function guardTick(watch: Watch, tick: Tick): void {
    const { guard, guardState, since, services } = watch
    if (guard === null || firedNow.has(watch.changeId)) return
    const sample = sampleOf(tick, services)
    const state = observe(guard, { state: guardState, since }, sample)
    if (state === guardState) return
    watch.guardState = state
    const reason = firing(guard, state, sample)
    if (reason !== null) return startFiring(watch, "guard", reason)
    // A restart is not to begin the count anew; each window alone is not worth a write.
    if ((state.exceededSince === null) !== (guardState.exceededSince === null))
      void keep(watch).catch(() => undefined)
  }

  return {
    tick(tick) {
      for (const watch of journal.watches()) if (isWatching(watch)) guardTick(watch, tick)
    },
    changed() {
      wake.abort()
      options.counted()
    },
    done: run(),
  }
}

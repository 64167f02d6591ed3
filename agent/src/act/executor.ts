import { freshGuard } from "#shared/edit/guard-state.ts"
import type { KubeIdentity } from "#shared/act/policy.ts"
import type {
  Command,
  CommandAction,
  CommandOutcome,
  CommandPayload,
  StepOutcome,
  WireStep,
} from "#shared/protocol/command.ts"
import type { Clock } from "../clock.ts"
import type { CommandLane } from "../link/command-lane.ts"
import type { Log } from "../log.ts"
import type { Access } from "./access.ts"
import type { Apply } from "./apply.ts"
import type { createCheck } from "./check.ts"
import { checkCommand, type Failure, type Standing, timeFailure } from "./command.ts"
import type { Gate } from "./gate.ts"
import type { Journal } from "./journal.ts"
import { failed, notBegun } from "./outcome.ts"
import { stepFailure } from "./place.ts"
import type { Entry, Watch } from "./record.ts"
import { createSerial } from "./serial.ts"

type ApplyAction = Extract<CommandAction, { type: "apply" }>
type ReadAction = Extract<CommandAction, { type: "check" | "access" }>

export type Executor = {
  /** A command of the cloud, as often as it comes. */
  take(command: Command): void
  /** Carries on what was begun before a restart, and tells again what the cloud has not acknowledged. */
  resume(): Promise<void>
  /** The steps of an undo of the agent's own, written as a command is. To be called within `serially`. */
  undo(watch: Watch, steps: readonly WireStep[]): Promise<CommandOutcome>
  /** One write after the other. */
  serially<T>(work: () => Promise<T>): Promise<T>
}

/** Of undos by the agent itself. */
const undoMark = "undo_"
/** How long an undo is carried on after a restart. */
const undoLifeMs = 24 * 60 * 60_000
/** Reads that were answered, or are: more than the cloud asks for while they live. */
const mostReads = 2_000

export function createExecutor(options: {
  gate: Pick<Gate, "admit" | "allows" | "state">
  journal: Journal
  apply: Apply
  check: ReturnType<typeof createCheck>
  access: Access
  lane: CommandLane
  standing: () => Standing | null
  /** The cloud's time. */
  cloudNow: () => number
  /** A change is to be watched, or not any more. */
  watched: () => void
  clock: Clock
  /** While this agent leads. */
  signal: AbortSignal
  /** While the process lives: what the cloud has is forgotten also when another leads by then. */
  alive: AbortSignal
  log: Log
}): Executor {
  const { gate, journal, apply, check, access, lane, cloudNow, clock, signal, log } = options
  const underWay = new Set<string>()
  /** Ids and nonces of commands that left nothing in the journal. */
  const answered = new Set<string>()
  const serially = createSerial()

  function remember(...words: string[]): void {
    for (const word of words) answered.add(word)
    for (const word of answered) {
      if (answered.size <= mostReads) break
      answered.delete(word)
    }
  }

  function tell(commandId: string, { at, outcome }: NonNullable<Entry["result"]>, acked?: () => void): void {
    log.info({ commandId, outcome: outcome.type, failure: codeOf(outcome) }, "a command has its result")
    lane.push(commandId, { type: "result", commandId, at, outcome }, acked)
  }

  function tellEntry({ id, result }: Entry): void {
    if (result)
      tell(id, result, () => {
        journal.forget({ entry: id }, options.alive).catch(() => undefined)
      })
  }

  /** Is carried out, or has a result that waits in the lane until the cloud has it. */
  const isOpen = (commandId: string): boolean =>
    underWay.has(commandId) || journal.entries().some(({ id }) => id === commandId)

  const refuse = (commandId: string | null, failure: Failure): void => {
    log.warn({ commandId, reason: failure.message }, "a command was refused")
    if (commandId !== null && !isOpen(commandId))
      tell(commandId, { at: clock.now(), outcome: { type: "refused", failure } })
  }

  /** Whether it came before. */
  function cameBefore({ id, nonce }: CommandPayload): boolean {
    if (isOpen(id)) return true
    if (!journal.hasSeen(id, nonce) && !answered.has(id) && !answered.has(nonce)) return false
    refuse(id, {
      code: "command",
      message: `the command ${id} was carried out already; it is not done twice`,
    })
    return true
  }

  async function read(action: ReadAction, payload: CommandPayload, digest: string): Promise<CommandOutcome> {
    const { caller, assertion } = payload
    const admission = await gate.admit({ caller, assertion, digest })
    const refusal = "failure" in admission ? admission.failure : null
    const as = "as" in admission ? admission.as : null
    if (action.type === "access") {
      const lines = refusal ? [] : await access.lines(action.namespace, { as, signal })
      return { type: "access", as, failure: refusal, lines }
    }
    const failure = refusal ?? firstOf(action.steps, stepFailure)?.failure ?? null
    const steps = failure ? [] : await check.steps(action.steps, action.conflicts, { as, signal })
    return { type: "check", as, failure, steps }
  }

  /** Of all steps, before anything is asked: what the policy forbids is not begun. */
  function forbidden(steps: readonly WireStep[]): { index: number; failure: Failure } | null {
    return firstOf(steps, (step) => stepFailure(step) ?? gate.allows(step.verb, step.object))
  }

  const applyOutcome = (as: KubeIdentity | null, steps: StepOutcome[], failure?: Failure): CommandOutcome => {
    const failed = steps.find(({ state }) => state === "failed")
    const own = failed ? { code: failed.code ?? "internal", message: failed.message } : null
    return { type: "apply", as, failure: failure ?? own, steps }
  }

  /** Writes an entry to its end. */
  async function carryOut(
    entry: Entry,
    { nonce, as }: { nonce: string; as: KubeIdentity | null },
    steps: readonly WireStep[],
  ): Promise<CommandOutcome> {
    const refusal = forbidden(steps)
    if (refusal) return applyOutcome(as, notBegun(steps.length, refusal.index, failed(refusal.failure)))
    const prepared = await apply.prepare(steps, entry.conflicts, signal)
    if ("outcomes" in prepared) return applyOutcome(as, prepared.outcomes)
    entry.steps = prepared.steps
    const failure = await journal.begin(entry, nonce, signal)
    if (failure) return applyOutcome(as, notBegun(steps.length, 0, failed(failure)), failure)
    await apply.carryOut(entry, { lives: prepared.lives, signal, done: () => keepStep(entry) })
    return finish(entry)
  }

  /** The last step is kept with the result. */
  async function keepStep(entry: Entry): Promise<void> {
    if (entry.outcomes.length < entry.steps.length) await journal.keep({ entry }, signal)
  }

  async function finish(entry: Entry): Promise<CommandOutcome> {
    const outcome = applyOutcome(entry.as, entry.outcomes)
    const watch = watchOf(entry, clock.now())
    entry.result = { at: clock.now(), outcome }
    entry.steps = []
    entry.outcomes = []
    await journal.keep({ entry, ...(watch ? { watch } : {}) }, signal)
    if (watch) options.watched()
    return outcome
  }

  async function runApply(
    action: ApplyAction,
    payload: CommandPayload,
    digest: string,
  ): Promise<CommandOutcome> {
    const { caller, assertion, nonce, id, expiresAt } = payload
    const { changeId, conflicts, services, guard, revertAt, steps } = action
    const admission = await gate.admit({ caller, assertion, digest })
    if ("failure" in admission)
      return applyOutcome(null, notBegun(steps.length, 0, failed(admission.failure)), admission.failure)
    const { as } = admission
    // From here on in our own time, which goes on when the link is down.
    const ahead = cloudNow() - clock.now()
    const entry: Entry = {
      ...{ id, changeId, as, conflicts, at: clock.now(), expiresAt: expiresAt - ahead },
      ...{ services, guard, revertAt: revertAt && revertAt - ahead },
      ...{ steps: [], outcomes: [], result: null },
    }
    return carryOut(entry, { nonce, as }, steps)
  }

  async function release(changeId: string, payload: CommandPayload, digest: string): Promise<CommandOutcome> {
    const { caller, assertion } = payload
    const admission = await gate.admit({ caller, assertion, digest })
    if ("failure" in admission) return { type: "release", failure: admission.failure }
    const watch = journal.watches().find((candidate) => candidate.changeId === changeId)
    if (watch && watch.end === null) {
      await journal.forget({ watch: changeId }, signal)
      options.watched()
    }
    return { type: "release", failure: null }
  }

  async function write(payload: CommandPayload, digest: string): Promise<void> {
    const { id, nonce, action } = payload
    const late = timeFailure(payload, cloudNow())
    if (late !== null) {
      underWay.delete(id)
      return refuse(id, { code: "command", message: late })
    }
    const outcome =
      action.type === "release"
        ? await release(action.changeId, payload, digest)
        : await runApply(action as ApplyAction, payload, digest)
    const entry = journal.entries().find((candidate) => candidate.id === id)
    underWay.delete(id)
    if (entry) return tellEntry(entry)
    remember(id, nonce)
    tell(id, { at: clock.now(), outcome })
  }

  async function ask(payload: CommandPayload, digest: string): Promise<void> {
    const { id, nonce, action } = payload
    const outcome = await read(action as ReadAction, payload, digest)
    underWay.delete(id)
    remember(id, nonce)
    tell(id, { at: clock.now(), outcome })
  }

  /** Whatever goes wrong here is ours; the cloud is told, and the command is not tried again by itself. */
  async function guarded(payload: CommandPayload, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      underWay.delete(payload.id)
      if (signal.aborted) return
      const message = error instanceof Error ? error.message : String(error)
      log.error({ commandId: payload.id, reason: message }, "a command could not be carried out")
      refuse(payload.id, { code: "internal", message: `the agent failed: ${message}` })
    }
  }

  return {
    serially,
    take(command) {
      const checked = checkCommand(command, options.standing(), cloudNow())
      if ("failure" in checked) return refuse(checked.commandId, checked.failure)
      const { payload, digest } = checked
      if (cameBefore(payload)) return
      underWay.add(payload.id)
      const isRead = payload.action.type === "check" || payload.action.type === "access"
      if (isRead) void guarded(payload, () => ask(payload, digest))
      else void serially(() => guarded(payload, () => write(payload, digest)))
    },
    async resume() {
      for (const entry of journal.entries()) {
        if (entry.result === null) {
          log.info({ commandId: entry.id, done: entry.outcomes.length }, "carrying on what a restart has cut")
          await apply.resume(entry, { signal, done: () => keepStep(entry) })
          await finish(entry)
        }
        if (entry.id.startsWith(undoMark)) await journal.forget({ entry: entry.id }, signal)
        else tellEntry(entry)
      }
    },
    async undo(watch, steps) {
      const { changeId, as, services } = watch
      const id = `${undoMark}${changeId}_${clock.now()}`
      const entry: Entry = {
        ...{ id, changeId, as, conflicts: "take-over", at: clock.now(), expiresAt: clock.now() + undoLifeMs },
        ...{ services, guard: null, revertAt: null, steps: [], outcomes: [], result: null },
      }
      const outcome = await carryOut(entry, { nonce: id, as }, steps)
      await journal.forget({ entry: id }, signal)
      return outcome
    },
  }
}

const codeOf = (outcome: CommandOutcome): string | null => outcome.failure?.code ?? null

function firstOf(
  steps: readonly WireStep[],
  failureOf: (step: WireStep) => Failure | null,
): { index: number; failure: Failure } | null {
  for (const [index, step] of steps.entries()) {
    const failure = failureOf(step)
    if (failure) return { index, failure }
  }
  return null
}

/** What has to be watched after a change: only what was done. */
function watchOf(entry: Entry, now: number): Watch | null {
  const { changeId, as, services, guard, revertAt } = entry
  if (guard === null && revertAt === null) return null
  const done = entry.steps.flatMap(({ step, before }, index) => {
    const outcome = entry.outcomes[index]
    return outcome?.state === "applied" ? [{ object: step.object, before, after: outcome.after }] : []
  })
  if (done.length === 0) return null
  return {
    ...{ changeId, as, services, since: now, guard, revertAt, done },
    ...{ guardState: freshGuard, fired: null, end: null },
  }
}

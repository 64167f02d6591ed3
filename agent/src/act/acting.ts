import type { ObjectRef } from "#shared/kube/object.ts"
import type { Command, KeyCertificate } from "#shared/protocol/command.ts"
import type { Tick } from "#shared/telemetry/edge.ts"
import { createBackoff } from "../backoff.ts"
import type { Clock } from "../clock.ts"
import type { KubeApi } from "../cluster/api.ts"
import type { ConfigEvent } from "../cluster/cluster.ts"
import type { CommandLane } from "../link/command-lane.ts"
import type { Leadership } from "../link/lease.ts"
import type { Membership } from "../link/membership.ts"
import type { Log } from "../log.ts"
import { createAccess } from "./access.ts"
import { createApply } from "./apply.ts"
import { createCheck } from "./check.ts"
import { createExecutor, type Executor } from "./executor.ts"
import type { Gate } from "./gate.ts"
import { createJournal, isRefusal } from "./journal.ts"
import type { JournalStore } from "./journal-store.ts"
import { createRequests } from "./request.ts"
import { createVersions } from "./versions.ts"
import { createWatchers, isWatching, type Watchers } from "./watchers.ts"

/** The part of the agent that writes. It does so while this agent leads, with the link up or down. */
export type Acting = {
  /** A command of the cloud. */
  take(command: Command): void
  /** What a welcome says: the cloud's time, and its keys. */
  welcome(welcome: { serverAt: number; commandKeys?: readonly KeyCertificate[] | undefined }): void
  /** What the watch shows of configuration: a version that only a status has moved is no other. */
  notice(event: ConfigEvent): void
  /** A measurement, of which guards make their own. */
  tick(tick: Tick): void
  /** Changes under guard or with an expiry. */
  watching(): number
  /** Resolves after the signal. */
  done: Promise<void>
}

/** Commands that came before the journal was read. The cloud brings them again. */
const mostWaiting = 200

export function startActing(options: {
  api: KubeApi
  gate: Gate
  store: JournalStore
  lane: CommandLane
  leadership: Leadership
  membership: Pick<Membership, "standing" | "learn">
  /** Told before an object is removed, since a removal does not say whose it was. */
  removing: (ref: ObjectRef) => void
  /** Told how many changes are watched, and how many of them by a guard, which wants to be measured for. */
  counted: (count: { watching: number; guarded: number }) => void
  clock: Clock
  signal: AbortSignal
  log: Log
}): Acting {
  const { api, gate, lane, membership, clock, signal, log } = options
  const journal = createJournal({ store: options.store, clock, log })
  const requests = createRequests(api)
  const access = createAccess({ api, gate })
  const versions = createVersions()
  const parts = {
    apply: createApply({ requests, clock, versions, removing: options.removing }),
    check: createCheck({ requests, access, versions }),
    access,
  }
  let ahead = 0
  let executor: Executor | undefined
  let watchers: Watchers | undefined
  let waiting: Command[] = []

  async function load(until: AbortSignal): Promise<void> {
    const backoff = createBackoff(clock, { minMs: 200, maxMs: 10_000 })
    while (!until.aborted) {
      try {
        return await journal.load(until)
      } catch (error) {
        if (until.aborted) break
        const words = { place: options.store.place, reason: String(error) }
        // Checks go without a journal; each write asks for it again, and is refused with these words.
        if (isRefusal(error)) return log.warn(words, "there is no journal; nothing can be written")
        log.warn(words, "the journal cannot be read; nothing is written until it can")
        await backoff.wait(until)
      }
    }
  }

  /** While this agent leads. What is begun when it stops to lead is found in the journal by the next one. */
  async function session(until: AbortSignal): Promise<void> {
    await load(until)
    if (until.aborted) return
    const own = createExecutor({
      ...{ ...parts, gate, journal, lane, clock, log },
      standing: () => membership.standing(),
      cloudNow: () => clock.now() + ahead,
      watched: () => watchers?.changed(),
      signal: until,
      alive: signal,
    })
    await own.serially(() => own.resume())
    const watching = createWatchers({
      ...{ journal, requests, gate, lane, clock, log },
      counted: () => options.counted(watch()),
      executor: own,
      signal: until,
      alive: signal,
    })
    watchers = watching
    executor = own
    options.counted(watch())
    for (const command of waiting.splice(0)) own.take(command)
    await watching.done
  }

  const watch = (): { watching: number; guarded: number } => {
    const watches = journal.watches().filter(isWatching)
    return { watching: watches.length, guarded: watches.filter(({ guard }) => guard !== null).length }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const lead = await options.leadership.lead(signal)
      if (!lead) continue
      await session(AbortSignal.any([signal, lead.lost])).catch((error: unknown) => {
        if (!signal.aborted)
          log.warn({ reason: String(error) }, "writing was cut off; the journal says how far it came")
      })
      executor = undefined
      watchers = undefined
      await clock.sleep(1_000, signal)
    }
  }

  return {
    take(command) {
      if (executor) executor.take(command)
      else waiting = [...waiting, command].slice(-mostWaiting)
    },
    welcome({ serverAt, commandKeys = [] }) {
      ahead = serverAt - clock.now()
      membership.learn(commandKeys).catch((error: unknown) => {
        log.warn(
          { reason: String(error) },
          "the keys of the cloud's commands could not be kept; asking again at the next connection",
        )
      })
    },
    notice: (event) => versions.note(event),
    tick: (tick) => watchers?.tick(tick),
    watching: () => watch().watching,
    done: run(),
  }
}

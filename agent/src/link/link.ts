import { AppError, type ErrorCode } from "#shared/error.ts"
import type { Command } from "#shared/protocol/command.ts"
import { Bye, type Welcome } from "#shared/protocol/down.ts"
import { limits } from "#shared/protocol/limits.ts"
import { protocolVersion } from "#shared/protocol/version.ts"
import { createBackoff } from "../backoff.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { CommandLane } from "./command-lane.ts"
import { type Connection, type End, type Meter, openConnection } from "./connection.ts"
import type { Lead, Leadership } from "./lease.ts"
import { type Facts, type Membership, MembershipEnded } from "./membership.ts"
import type { MetricsLane } from "./metrics-lane.ts"
import type { Outgoing } from "./outgoing.ts"
import type { StateLane } from "./state-lane.ts"
import type { StatusLane } from "./status-lane.ts"
import type { Steps } from "./steps.ts"

export type LinkState = {
  state: "joining" | "standby" | "connecting" | "connected" | "waiting" | "ended"
  /** Since when, ms. */
  since: number
  /** Why it is not connected; empty when it is. */
  reason: string
  clusterId: string
  name: string
  session: number
  /** Connections made since the start, and planned rotations among them. */
  connections: number
  rotations: number
}

export type Link = {
  /** Something may be due to be sent. */
  wake(): void
  state(): LinkState
  /** Resolves after the signal. @throws MembershipEnded when only a person can help */
  done: Promise<void>
}

/** A connection that lived so long was a good one: the next failure starts its delays anew. */
const settledMs = 30_000

export function startLink(options: {
  steps: Steps
  membership: Membership
  leadership: Leadership
  lanes: { command: CommandLane; state: StateLane; status: StatusLane; metrics: MetricsLane }
  /** Told what a welcome says, before anything else of its connection. */
  welcomed: (welcome: Welcome) => void
  command: (command: Command) => void
  facts: () => Promise<Facts>
  instance: string
  startedAt: number
  meter: Meter
  pace: (tickMs: number) => void
  clock: Clock
  signal: AbortSignal
  log: Log
}): Link {
  const { steps, membership, leadership, lanes, clock, signal, log } = options
  const backoff = createBackoff(clock, { minMs: 1_000, maxMs: 60_000 })
  let active: Connection | undefined
  let alarm = new AbortController()
  let facts: Facts = { clusterUid: "", kubernetesVersion: "", agentVersion: "" }
  const state: LinkState = {
    state: "joining",
    since: clock.now(),
    reason: "",
    clusterId: "",
    name: "",
    session: 0,
    connections: 0,
    rotations: 0,
  }

  function become(next: LinkState["state"], reason = ""): void {
    if (state.state !== next) state.since = clock.now()
    state.state = next
    state.reason = reason
  }

  /** Messages that are due later wake us then; those that wait for credit go with the next acknowledgement. */
  function arm(): void {
    alarm.abort()
    const waits = [lanes.state.dueIn(), lanes.status.dueIn()].filter((ms) => ms !== undefined && ms > 0)
    if (waits.length === 0 || !active) return
    const own = (alarm = new AbortController())
    const until = AbortSignal.any([own.signal, signal])
    void clock.sleep(Math.min(...(waits as number[])), until).then(() => {
      if (!until.aborted) active?.pump()
    })
  }

  function next(seq: number): Outgoing | undefined {
    const message =
      lanes.command.next(seq) ??
      lanes.metrics.next(seq) ??
      lanes.state.nextChange(seq) ??
      lanes.status.next(seq) ??
      lanes.state.nextBucket(seq) ??
      lanes.metrics.nextLate(seq)
    if (!message) arm()
    return message
  }

  async function connect(lead: Lead): Promise<Connection> {
    await membership.rotate().catch((error: unknown) => {
      log.warn({ error: String(error) }, "the key was not rotated; trying again at the next connection")
    })
    const { instance } = options
    const { epoch } = lead
    const { url } = await steps.ticket(membership.credential(), { instance, epoch })
    const connection = await openConnection({
      url,
      hello: {
        protocol: protocolVersion,
        agent: facts.agentVersion,
        instance,
        epoch,
        clusterUid: facts.clusterUid,
        kubernetes: facts.kubernetesVersion,
        startedAt: options.startedAt,
      },
      clock,
      signal: AbortSignal.any([signal, lead.lost]),
      meter: options.meter,
    })
    // Not kept, the new key is tried again at the next start, and the connection is good all the same.
    await membership.proven().catch((error: unknown) => {
      log.warn({ error: String(error) }, "that the new key is in use could not be kept")
    })
    return connection
  }

  /** From now on this connection speaks. What the one before had under way it ends by itself. */
  function promote(connection: Connection, planned: "planned" | "new"): void {
    active = connection
    state.connections += 1
    state.session = connection.welcome.session
    become("connected")
    lanes.state.begin()
    if (planned === "new") lanes.metrics.markLate()
    lanes.status.touch()
    options.welcomed(connection.welcome)
    options.pace(connection.welcome.tickMs)
    connection.attach({
      next: (seq) => (active === connection ? next(seq) : undefined),
      need: (need) => lanes.state.need(need),
      pace: options.pace,
      command: options.command,
    })
  }

  const rotateAfter = (): number =>
    limits.rotateMinMs + clock.random() * (limits.rotateMaxMs - limits.rotateMinMs)

  /** Serves connections one after the other, each up before the last one goes. Resolves when the last one ended. */
  async function serve(first: Connection, lead: Lead): Promise<End> {
    let connection = first
    const over = AbortSignal.any([signal, lead.lost])
    try {
      promote(connection, "new")
      for (let wait = rotateAfter(); ;) {
        const timer = new AbortController()
        const end = await Promise.race([
          connection.closed,
          clock.sleep(wait, AbortSignal.any([timer.signal, over])),
        ])
        timer.abort()
        if (end) return end
        if (over.aborted) return await connection.closed
        try {
          const successor = await connect(lead)
          const before = connection
          connection = successor
          state.rotations += 1
          promote(successor, "planned")
          void before.drain()
          wait = rotateAfter()
        } catch (error) {
          log.warn({ error: String(error) }, "the planned new connection failed; keeping the old one")
          wait = 30_000 + clock.random() * 30_000
        }
      }
    } finally {
      active = undefined
      alarm.abort()
    }
  }

  async function recover(error: unknown): Promise<void> {
    if (error instanceof MembershipEnded) throw error
    const { code, words, refused, retryAfterMs } = verdictOf(error)
    become("waiting", words)
    log.warn({ code, reason: words }, "the link is down")
    if (refused && state.clusterId !== "") {
      await membership.refused(code, words)
      state.clusterId = ""
    }
    await backoff.wait(signal, retryAfterMs)
  }

  async function session(): Promise<void> {
    become(state.clusterId === "" ? "joining" : "standby", state.reason)
    const lead = await leadership.lead(signal)
    if (!lead) return
    if (state.clusterId === "") {
      facts = await options.facts()
      const { clusterId, name } = await membership.enter(facts)
      Object.assign(state, { clusterId, name })
    }
    become("connecting", state.reason)
    const begin = clock.now()
    const end = await serve(await connect(lead), lead)
    if (clock.now() - begin >= settledMs) backoff.reset()
    if (signal.aborted) return
    if (lead.lost.aborted) return
    throw new Error(end.reason, { cause: end.bye ?? undefined })
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await session()
      } catch (error) {
        if (signal.aborted) break
        try {
          await recover(error)
        } catch (fatal) {
          become("ended", fatal instanceof Error ? fatal.message : String(fatal))
          if (fatal instanceof MembershipEnded) throw fatal
          log.warn({ error: String(fatal) }, "the identity could not be read")
          await backoff.wait(signal)
        }
      }
    }
    become("ended", "the agent stops")
  }

  return {
    wake() {
      active?.pump()
    },
    state: () => ({ ...state }),
    done: run(),
  }
}

type Verdict = {
  code: ErrorCode
  words: string
  /** The cloud does not take this identity. */
  refused: boolean
  /** 0: as the backoff says. */
  retryAfterMs: number
}

/** Another agent speaks: it stays so for a while. */
const fencedMs = 10_000

/** What a failure of the link means: from the cloud's bye, from the answer of a step over HTTPS, or from a connection that broke. */
function verdictOf(error: unknown): Verdict {
  const words = error instanceof Error ? error.message : String(error)
  const bye = Bye.safeParse(error instanceof Error ? error.cause : undefined).data
  const answer = error instanceof AppError ? error : undefined
  const code = bye?.code ?? answer?.code ?? "unavailable"
  const refused = code === "link.revoked" || code === "link.denied" || bye?.retryAfterMs === null
  const asked = bye?.retryAfterMs ?? (answer?.detail.retryAfterSeconds ?? 0) * 1000
  return { code, words, refused, retryAfterMs: code === "link.fenced" ? Math.max(asked, fencedMs) : asked }
}

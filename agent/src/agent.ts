import { randomUUID } from "node:crypto"
import { z } from "zod"
import { textHash } from "#shared/kube/bucket.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Status, TelemetryState } from "#shared/protocol/message/status.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { startActing } from "./act/acting.ts"
import { createAssertionCheck } from "./act/assertion.ts"
import { createGate } from "./act/gate.ts"
import { configMapJournal, fileJournal } from "./act/journal-store.ts"
import { createObserved } from "./act/observed.ts"
import { policySource } from "./act/policy-source.ts"
import { type Clock, systemClock } from "./clock.ts"
import { createKubeApi, type KubeApi } from "./cluster/api.ts"
import { createCache } from "./cluster/cache.ts"
import { createClusterView } from "./cluster/cluster-view.ts"
import { watchCluster } from "./cluster/cluster.ts"
import { followMeshConfig } from "./cluster/mesh-config.ts"
import type { Placement } from "./cluster/config.ts"
import { markEarlyRefusals } from "./cluster/early-refusal.ts"
import type { ClusterView } from "./cluster/view.ts"
import { createCommandLane } from "./link/command-lane.ts"
import type { Meter } from "./link/connection.ts"
import { fileIdentity, secretIdentity } from "./link/identity.ts"
import { holdLease, soleLeadership } from "./link/lease.ts"
import { type LinkState, startLink } from "./link/link.ts"
import { createMembership } from "./link/membership.ts"
import { createMetricsLane } from "./link/metrics-lane.ts"
import { createStateLane } from "./link/state-lane.ts"
import { createStatusLane } from "./link/status-lane.ts"
import { post, type Post } from "./link/post.ts"
import { createSteps } from "./link/steps.ts"
import type { Log } from "./log.ts"
import { metricsText } from "./process/metrics.ts"
import { type Probes, startProbes } from "./process/probes.ts"
import { startTicker } from "./process/ticker.ts"
import { createUsage, held } from "./process/usage.ts"
import type { Telemetry } from "./telemetry/telemetry.ts"
import { startValidation } from "./validation/validation.ts"

export type AgentOptions = {
  placement: Placement
  /** Address of the cloud, as `https://host`. */
  server: string
  /** The join token, read when it is needed. */
  token: () => Promise<string | undefined>
  /** Folder of the identity; undefined: in the Secret of the agent's namespace. */
  stateFolder?: string
  /** File with the policy for writing; undefined: the ConfigMap of the agent's namespace. */
  policyFile?: string
  /** Name of the pod, for the Lease. */
  pod: string
  version: string
  /** Where the probes listen; undefined: nowhere. */
  probes?: { host: string; port: number }
  /** No measurements more often, ms. */
  tickFloorMs?: number
  createTelemetry: (cluster: ClusterView) => Telemetry
  log: Log
  clock?: Clock
  post?: Post
}

export type AgentState = {
  link: LinkState
  kinds: Status["kinds"]
  telemetry: TelemetryState
  progress: Status["progress"]
  root: Status["root"]
  /** Where the probes listen; null when they do not. */
  port: number | null
}

export type Agent = {
  state(): AgentState
  /** Ends every loop and connection. */
  close(): Promise<void>
  /** Resolves after `close`. @throws MembershipEnded when only a person can help; everything is closed then */
  ended: Promise<void>
}

const Version = z.object({ gitVersion: z.string() })
const SystemNamespace = z.object({ metadata: z.object({ uid: z.uuid() }) })

async function identify(api: KubeApi, signal: AbortSignal): Promise<{ uid: string; kubernetes: string }> {
  const version = Version.parse(await api.json({ path: "/version", signal }))
  const system = SystemNamespace.parse(await api.json({ path: "/api/v1/namespaces/kube-system", signal }))
  return { uid: system.metadata.uid, kubernetes: version.gitVersion.slice(0, 64) }
}

/** A watch over pods and services: what telemetry wants to know before it begins. */
const wantedFirst = ["Pod", "Service"] as const
const firstTickPatienceMs = 20_000

/** Starts an agent: watches the cluster, measures, and keeps the cloud told. @throws Error when a port is taken */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { placement, log, clock = systemClock } = options
  const stop = new AbortController()
  const { signal } = stop
  const now = (): number => clock.now()
  const startedAt = now()
  const instance = randomUUID()
  const self = `${options.pod}_${instance}`
  const api = markEarlyRefusals(createKubeApi(placement.config), clock)
  const cache = createCache(now)
  const usage = createUsage(now)
  const meter: Meter = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, ignored: 0 }
  let uid = ""

  const cluster = watchCluster({
    ...{ api, cache, clock, signal, log },
    configChanged(event) {
      observed.notice(event)
      acting.notice(event)
    },
  })
  const settings = followMeshConfig({ api, cache, clock, signal, log })
  const validation = startValidation({ cache, clock, signal, log })
  const telemetry = options.createTelemetry(createClusterView(cache, () => uid))

  const wake = (): void => link.wake()
  const lanes = {
    command: createCommandLane(wake),
    state: createStateLane({ cache, now, wake }),
    metrics: createMetricsLane(now),
    status: createStatusLane({ read: readStatus, now, wake }),
  }
  const observed = createObserved({
    lane: lanes.command,
    speaks: () => ["connecting", "connected", "waiting"].includes(link.state().state),
    clock,
    signal,
  })
  function readStatus(): Omit<Status, "type" | "seq"> {
    return {
      at: now(),
      kinds: cache.kinds(),
      telemetry: telemetry.state(),
      progress: cache.progress(),
      process: usage(),
      root: lanes.state.sentRoot(),
      act: { ...gate.state(), watching: acting.watching() },
    }
  }

  const steps = createSteps({ server: options.server, post: options.post ?? post, signal })
  const folder = options.stateFolder ?? ".smm-agent"
  const store =
    options.stateFolder === undefined && placement.namespace !== null
      ? secretIdentity(api, placement.namespace)
      : fileIdentity(folder)
  const leadership =
    placement.namespace === null
      ? soleLeadership(self)
      : holdLease({ api, namespace: placement.namespace, self, clock, signal, log })
  const ticker = startTicker({
    measure: (windowMs, until) => telemetry.measure(windowMs, until),
    take(tick) {
      acting.tick(tick)
      lanes.metrics.add(packTick(tick))
      wake()
    },
    measured: (outcome) => lanes.status.measured(outcome),
    ready: untilListed(),
    phase: () => (textHash(uid) % 1000) / 1000,
    floorMs: options.tickFloorMs ?? limits.tickFloorMs,
    clock,
    signal,
    log,
  })
  const pace: { asked: number; guarded: boolean } = { asked: limits.tickDefaultMs, guarded: false }
  /** A guard is measured for as closely as somebody who looks on. */
  const setPace = (): void =>
    ticker.setPace(pace.guarded ? Math.min(pace.asked, limits.tickWatchedMs) : pace.asked)
  const membership = createMembership({
    steps,
    store,
    server: options.server,
    token: options.token,
    clock,
    signal,
    log,
  })
  const gate = createGate({
    source: policySource({ api, namespace: placement.namespace, file: options.policyFile }),
    assertions: createAssertionCheck({ clock, signal }),
    clock,
    signal,
    log,
    changed: () => lanes.status.touch(),
  })
  const acting = startActing({
    ...{ api, gate, membership, leadership, clock, signal, log },
    lane: lanes.command,
    removing: (ref) => observed.removing(ref),
    counted: ({ guarded }) => {
      pace.guarded = guarded > 0
      setPace()
      lanes.status.touch()
    },
    store: placement.namespace === null ? fileJournal(folder) : configMapJournal(api, placement.namespace),
  })
  const link = startLink({
    steps,
    membership,
    leadership,
    lanes,
    welcomed: (welcome) => acting.welcome(welcome),
    command: (command) => acting.take(command),
    async facts() {
      const known = await identify(api, signal)
      uid = known.uid
      return { clusterUid: uid, kubernetesVersion: known.kubernetes, agentVersion: options.version }
    },
    instance,
    startedAt,
    meter,
    pace: (tickMs) => {
      pace.asked = tickMs
      setPace()
    },
    clock,
    signal,
    log,
  })
  cache.listen({
    changed: () => undefined,
    known: () => undefined,
    state: () => lanes.status.touch(),
  })

  async function untilListed(): Promise<void> {
    const until = now() + firstTickPatienceMs
    while (!signal.aborted && now() < until && wantedFirst.some((kind) => cache.stateOf(kind) === "syncing"))
      await clock.sleep(200, signal)
  }

  const syncing = (): string[] =>
    cache
      .kinds()
      .filter(({ state }) => state === "syncing")
      .map(({ kind }) => kind)
  async function tellProgress(): Promise<void> {
    while (!signal.aborted && syncing().length > 0) {
      lanes.status.touch()
      await clock.sleep(2_000, signal)
    }
  }

  function ready(): { ok: boolean; words: string } {
    const { state, reason } = link.state()
    const waiting = syncing()
    if (waiting.length > 0) return { ok: false, words: `listing ${waiting.join(", ")}` }
    if (state === "standby") return { ok: true, words: `standing by; ${leadership.holder()} speaks` }
    return { ok: state === "connected", words: reason === "" ? state : `${state}: ${reason}` }
  }

  const measures = () => ({
    kinds: cache.kinds(),
    link: link.state(),
    meter,
    usage: usage(),
    ...held(),
    watchReconnects: cluster.reconnects(),
    ticksKept: lanes.metrics.size(),
    ticksDropped: lanes.metrics.dropped(),
    tickFailures: ticker.failures(),
    tickMs: ticker.pace(),
  })

  let probes: Probes | undefined
  async function shut(): Promise<void> {
    stop.abort(new Error("the agent stops"))
    lanes.state.close()
    await Promise.allSettled([
      link.done,
      cluster.done,
      ticker.done,
      leadership.done,
      settings,
      validation.done,
      gate.done,
      acting.done,
      observed.done,
    ])
    await Promise.allSettled([probes?.close(), telemetry.close()])
    api.close()
  }
  const ended = link.done.finally(shut)
  ended.catch(() => undefined)
  void tellProgress()
  if (options.probes) {
    try {
      probes = await startProbes({
        ...options.probes,
        health: () => ({ ok: !signal.aborted, words: "the agent runs" }),
        ready,
        metrics: () => metricsText(measures()),
      })
    } catch (error) {
      await shut()
      throw error
    }
  }

  return {
    state: () => ({
      link: link.state(),
      kinds: cache.kinds(),
      telemetry: telemetry.state(),
      progress: cache.progress(),
      root: lanes.state.sentRoot(),
      port: probes?.port ?? null,
    }),
    async close() {
      stop.abort(new Error("the agent stops"))
      await ended.catch(() => undefined)
    },
    ended,
  }
}

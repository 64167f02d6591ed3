import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Command } from "#shared/protocol/command.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Up } from "#shared/protocol/up.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { startTestCloud, type TestCloud, type TestConnection } from "../../test/cloud.ts"
import { createTestClock, type TestClock } from "../../test/clock.ts"
import { type Cache, createCache } from "../cluster/cache.ts"
import { silentLog } from "../log.ts"
import { type CommandLane, createCommandLane, type Told } from "./command-lane.ts"
import { fileIdentity, type IdentityStore } from "./identity.ts"
import { type Lead, soleLeadership } from "./lease.ts"
import { type Link, startLink } from "./link.ts"
import { createMembership, MembershipEnded } from "./membership.ts"
import { createMetricsLane, type MetricsLane } from "./metrics-lane.ts"
import { post } from "./post.ts"
import { createStateLane, type StateLane } from "./state-lane.ts"
import { createStatusLane } from "./status-lane.ts"
import { createSteps } from "./steps.ts"

const uid = "0b0f4e3a-6c6a-4d6a-9d59-6a4ac9b9b6a1"

const podOf = (name: string, extra: object = {}, namespace = "shop"): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  ...extra,
})

/** Text that gzip cannot make small. */
const noise = (seed: number, length: number): string => {
  let state = seed + 1
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return String.fromCharCode(33 + ((state >>> 16) % 90))
  }).join("")
}

type Rig = {
  link: Link
  command: CommandLane
  commands: Command[]
  state: StateLane
  metrics: MetricsLane
  pace: number[]
  stop(): Promise<void>
}

describe("the link", () => {
  let cloud: TestCloud
  let cache: Cache
  let clock: TestClock
  let folder: string
  let rigs: Rig[]

  beforeEach(async () => {
    cloud = await startTestCloud()
    clock = createTestClock()
    folder = await mkdtemp(join(tmpdir(), "smm-link-"))
    rigs = []
    cache = createCache(() => clock.now())
    for (const { kind } of cache.kinds()) cache.setState(kind, "live", "")
    for (let i = 0; i < 20; i++) cache.put("Pod", podOf(`pod-${i}`))
    for (const { kind } of cache.kinds()) cache.setKnown(kind, true)
  })
  afterEach(async () => {
    await Promise.all(rigs.map((rig) => rig.stop()))
    await cloud.close()
    await rm(folder, { recursive: true, force: true })
  })

  function start(
    options: {
      token?: string | null
      lead?: (signal: AbortSignal) => Promise<Lead | undefined>
      store?: IdentityStore
    } = {},
  ): Rig {
    const stop = new AbortController()
    const { signal } = stop
    const now = (): number => clock.now()
    const wake = (): void => link.wake()
    const state = createStateLane({ cache, now, wake })
    const metrics = createMetricsLane(now)
    const command = createCommandLane(wake)
    const commands: Command[] = []
    const status = createStatusLane({
      read: () => ({
        at: now(),
        kinds: cache.kinds(),
        telemetry: { source: "none", state: "waiting", target: "", lastTickAt: null, reason: "", queryMs: 0 },
        progress: cache.progress(),
        process: { rssBytes: 1, cpuMillicores: 0 },
        root: state.sentRoot(),
      }),
      now,
      wake,
    })
    const steps = createSteps({ server: cloud.url, post, signal })
    const token = options.token === undefined ? cloud.token : options.token
    const leadership = soleLeadership("self")
    const pace: number[] = []
    const link = startLink({
      steps,
      membership: createMembership({
        steps,
        store: options.store ?? fileIdentity(folder),
        server: cloud.url,
        token: async () => token ?? undefined,
        clock,
        signal,
        log: silentLog,
      }),
      leadership: options.lead ? { ...leadership, lead: options.lead } : leadership,
      lanes: { command, state, status, metrics },
      welcomed: () => undefined,
      command: (message) => commands.push(message),
      facts: () => Promise.resolve({ clusterUid: uid, kubernetesVersion: "v1.36.0", agentVersion: "0.1.0" }),
      instance: crypto.randomUUID(),
      startedAt: now(),
      meter: { sentMessages: 0, sentBytes: 0, receivedMessages: 0, ignored: 0 },
      pace: (ms) => pace.push(ms),
      clock,
      signal,
      log: silentLog,
    })
    link.done.catch(() => undefined)
    const rig: Rig = {
      link,
      command,
      commands,
      state,
      metrics,
      pace,
      async stop() {
        stop.abort()
        state.close()
        await link.done.catch(() => undefined)
      },
    }
    rigs.push(rig)
    return rig
  }

  const eventually = (check: () => void, stepMs = 100) =>
    vi.waitFor(
      () => {
        clock.advance(stepMs)
        check()
      },
      { timeout: 15_000, interval: 5 },
    )
  const last = (): TestConnection => {
    const connection = cloud.connections.at(-1)
    if (!connection) throw new Error("no connection yet")
    return connection
  }
  const typesOf = (connection: TestConnection): string[] => connection.got.map(({ type }) => type)
  const ofType = <T extends Up["type"]>(connection: TestConnection, type: T) =>
    connection.got.filter((message): message is Extract<Up, { type: T }> => message.type === type)
  const converged = () =>
    eventually(() => {
      const here = [...cache.objects("Pod")].map((pod) => JSON.stringify(pod)).sort()
      expect([...cloud.objects.values()].map((pod) => JSON.stringify(pod)).sort()).toEqual(here)
    })
  const tick = (at = clock.now()) =>
    packTick({ at, windowMs: 60_000, source: "prometheus", edges: [], gaps: [] })

  test("joins, says hello, compares sums, sends what differs, and counts every message from 1 without a gap", async () => {
    const rig = start()
    await converged()
    const connection = last()
    expect(connection.got[0]).toMatchObject({
      type: "hello",
      seq: 1,
      epoch: 0,
      clusterUid: uid,
      kubernetes: "v1.36.0",
    })
    expect(typesOf(connection).filter((type) => type === "hashes" || type === "bucket")).toEqual([
      "hashes",
      "bucket",
    ])
    expect(connection.got.map(({ seq }) => seq)).toEqual(connection.got.map((_, index) => index + 1))
    expect(rig.pace).toEqual([60_000])
    expect(rig.link.state()).toMatchObject({ state: "connected", name: "test", session: 1 })
    const kept = await stat(join(folder, "identity.json"))
    expect(kept.mode & 0o777).toBe(0o600)
  })

  test("comes back with its key after a restart: the token is spent once", async () => {
    const first = start()
    await converged()
    await first.stop()
    start({ token: null })
    await eventually(() => expect(cloud.connections).toHaveLength(2))
    expect(cloud.joins).toBe(1)
  })

  test("tells changes as deltas, of an object that changed often only the last", async () => {
    start()
    await converged()
    for (let i = 0; i < 10; i++) cache.put("Pod", podOf("pod-1", { spec: { nodeName: `n${i}` } }))
    cache.remove("Pod", "shop", "pod-2")
    await converged()
    const deltas = ofType(last(), "delta")
    expect(deltas.flatMap(({ put }) => put)).toHaveLength(1)
    expect(deltas.flatMap(({ remove }) => remove)).toEqual([["Pod", "shop", "pod-2"]])
  })

  test("after a comparison sends the buckets that differ, and no other", async () => {
    for (let i = 0; i < 5; i++) cache.put("Pod", podOf(`other-${i}`, {}, "other"))
    start()
    await converged()
    last().terminate()
    cloud.objects.delete("Pod|other|other-3")
    await eventually(() => expect(cloud.connections).toHaveLength(2), 1_000)
    await converged()
    expect(ofType(last(), "bucket").map(({ kind, namespace }) => [kind, namespace])).toEqual([
      ["Pod", "other"],
    ])
    expect(ofType(last(), "delta")).toEqual([])
  })

  test("compares again when the cloud asks for the sums, as after a gap", async () => {
    start()
    await converged()
    cloud.objects.delete("Pod|shop|pod-7")
    last().send({ type: "need", buckets: [], hashes: true })
    await converged()
    expect(ofType(last(), "hashes")).toHaveLength(2)
  })

  test("a bucket that the cloud holds and the cluster does not is emptied; one of a kind that is not known is kept", async () => {
    cloud.objects.set("Service|gone|x", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "x", namespace: "gone" },
    })
    cloud.objects.set("Job.batch|kept|y", {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "y", namespace: "kept" },
    })
    cache.setKnown("Job.batch", false)
    start()
    await eventually(() => expect(cloud.objects.has("Service|gone|x")).toBe(false))
    expect(cloud.objects.has("Job.batch|kept|y")).toBe(true)
    expect(ofType(last(), "hashes")[0]?.unknown).toEqual(["Job.batch"])
  })

  test("has at most four messages unacknowledged, and keeps conflating meanwhile", async () => {
    start()
    await converged()
    await eventually(() => expect(last().acked).toBe(last().got.length))
    cloud.mute = true
    const before = last().got.length
    for (let i = 0; i < 50; i++) {
      cache.put("Pod", podOf("pod-1", { spec: { nodeName: `n${i}` } }))
      clock.advance(60)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => expect(last().got).toHaveLength(before + limits.maxUnacked), 1)
    expect(last().got).toHaveLength(before + limits.maxUnacked)
  })

  test("cuts a large bucket into messages of one frame below 31 KB whose ranges follow each other", async () => {
    for (let i = 0; i < 400; i++) cache.put("Pod", podOf(`big-${i}`, { spec: { text: noise(i, 700) } }))
    start()
    await converged()
    const buckets = ofType(last(), "bucket").filter(({ namespace }) => namespace === "shop")
    expect(buckets.length).toBeGreaterThan(5)
    expect(Math.max(...last().frames)).toBeLessThan(limits.cutBytes)
    expect(last().frames).toHaveLength(last().got.length)
    expect(buckets.map(({ after }) => after)).toEqual(["", ...buckets.slice(0, -1).map(({ upTo }) => upTo)])
    expect(buckets.at(-1)?.upTo).toBeNull()
  })

  test("5,000 pods that are created at once converge in messages of one frame", async () => {
    start()
    await converged()
    for (let i = 0; i < 5_000; i++)
      cache.put("Pod", podOf(`burst-${i}`, { status: { podIP: `10.0.${i >> 8}.${i & 255}` } }))
    await converged()
    expect(ofType(last(), "delta").length).toBeGreaterThan(1)
    expect(Math.max(...last().frames)).toBeLessThan(limits.cutBytes)
    expect(last().frames).toHaveLength(last().got.length)
  })

  test("an object larger than a frame goes in several frames of one message", async () => {
    cache.put("Pod", podOf("huge", { spec: { text: noise(1, 200_000) } }))
    start()
    await converged()
    expect(Math.max(...last().frames)).toBeLessThan(limits.cutBytes)
    expect(last().frames.length).toBeGreaterThan(last().got.length + 4)
  })

  test("ticks that the link could not bring are kept and back-filled late; a live one is not late", async () => {
    const rig = start()
    await converged()
    rig.metrics.add(tick())
    rig.link.wake()
    await eventually(() => expect(cloud.ticks).toHaveLength(1), 1)
    cloud.refuse.set("challenge", { code: "unavailable" })
    last().terminate()
    await eventually(() => expect(rig.link.state().state).toBe("waiting"))
    const missed = [clock.now() + 60_000, clock.now() + 120_000]
    for (const at of missed) {
      clock.advance(60_000)
      rig.metrics.add(tick(at))
    }
    cloud.refuse.clear()
    await eventually(() => expect(cloud.ticks).toHaveLength(3), 1_000)
    rig.metrics.add(tick())
    rig.link.wake()
    await eventually(() => expect(cloud.ticks).toHaveLength(4), 1)
    expect(cloud.ticks.map(({ late }) => late)).toEqual([false, true, true, false])
    expect(cloud.ticks.slice(1, 3).map(({ at }) => at)).toEqual(missed)
    await eventually(() => expect(rig.metrics.size()).toBe(0), 1)
  })

  test("a tick that was sent but not acknowledged when the link broke comes again, late", async () => {
    const rig = start()
    await converged()
    await eventually(() => expect(last().acked).toBe(last().got.length))
    cloud.mute = true
    rig.metrics.add(tick())
    rig.link.wake()
    await eventually(() => expect(ofType(last(), "tick")).toHaveLength(1), 1)
    last().terminate()
    cloud.mute = false
    await eventually(() => expect(cloud.ticks).toEqual([expect.objectContaining({ late: true })]), 1_000)
  })

  test("the planned rotation has the new connection up before the old one goes", async () => {
    const rig = start()
    await converged()
    const first = last()
    clock.advance(limits.rotateMaxMs)
    await vi.waitFor(() => expect(cloud.connections).toHaveLength(2))
    await eventually(() => expect(typesOf(last())).toContain("hashes"), 10)
    await eventually(() => expect(first.open).toBe(false), 10)
    expect(rig.link.state()).toMatchObject({ state: "connected", session: 2, rotations: 1 })
    cache.put("Pod", podOf("after-rotation"))
    await converged()
    expect(ofType(last(), "bucket")).toEqual([])
  })

  test("keeps the old connection when the planned new one fails, and tries again", async () => {
    const rig = start()
    await converged()
    cloud.refuse.set("ticket", { code: "unavailable" })
    clock.advance(limits.rotateMaxMs)
    await eventually(() => expect(rig.link.state().state).toBe("connected"), 1)
    expect(last().open).toBe(true)
    cloud.refuse.clear()
    await eventually(() => expect(cloud.connections).toHaveLength(2), 1_000)
  })

  test("waits as long as the cloud says before it comes back", async () => {
    const rig = start()
    await converged()
    last().send({ type: "bye", code: "rate.limited", message: "too many agents", retryAfterMs: 50_000 })
    await eventually(
      () => expect(rig.link.state()).toMatchObject({ state: "waiting", reason: "too many agents" }),
      1,
    )
    const left = clock.now()
    await eventually(() => expect(cloud.connections).toHaveLength(2), 1_000)
    expect(clock.now() - left).toBeGreaterThanOrEqual(49_000)
  })

  test("a fenced agent is silent for a while and does not give up", async () => {
    const rig = start()
    await converged()
    last().send({ type: "bye", code: "link.fenced", message: "another one speaks", retryAfterMs: 60_000 })
    await eventually(
      () => expect(rig.link.state()).toMatchObject({ state: "waiting", reason: "another one speaks" }),
      1,
    )
    await eventually(() => expect(cloud.connections).toHaveLength(2), 1_000)
  })

  test("a revoked agent ends and says why", async () => {
    const rig = start()
    await converged()
    last().send({ type: "bye", code: "link.revoked", message: "the keys were revoked", retryAfterMs: null })
    await expect(rig.link.done).rejects.toThrow("the keys were revoked")
    await expect(rig.link.done).rejects.toBeInstanceOf(MembershipEnded)
  })

  test("a token that is spent ends the agent with what to do about it", async () => {
    cloud.refuse.set("join", { code: "join.used" })
    await expect(start().link.done).rejects.toThrow("cannot join: refused with join.used")
    await expect(start({ token: null }).link.done).rejects.toThrow("make a new join token")
  })

  test("an answer to the join that is lost is asked for again with the same key", async () => {
    cloud.refuse.set("join", { code: "unavailable" })
    const rig = start()
    await eventually(() => expect(rig.link.state().state).toBe("waiting"))
    const kept = await fileIdentity(folder).load(AbortSignal.timeout(5_000))
    cloud.refuse.clear()
    await eventually(() => expect(cloud.connections).toHaveLength(1), 1_000)
    expect([...cloud.keys.values()]).toEqual([kept?.key.publicKey])
  })

  test("a new token that turns out to be dead takes nothing away, though the agent was restarted meanwhile", async () => {
    const first = start()
    await converged()
    await first.stop()
    const token = `smj_${"b".repeat(43)}`
    cloud.refuse.set("join", { code: "unavailable" })
    const second = start({ token })
    await eventually(() => expect(second.link.state().state).toBe("waiting"))
    await second.stop()
    cloud.refuse.set("join", { code: "join.expired" })
    start({ token })
    await eventually(() => expect(cloud.connections).toHaveLength(2), 1_000)
    expect(cloud.joins).toBe(1)
    const kept = await fileIdentity(folder).load(AbortSignal.timeout(5_000))
    expect(kept).toMatchObject({ key: { publicKey: [...cloud.keys.values()][0] } })
    expect(kept?.previous).toBeUndefined()
  })

  test("a key older than 30 days is followed by a new one, which the next connection proves", async () => {
    start()
    await converged()
    const before = [...cloud.keys.keys()]
    clock.advance(31 * 24 * 60 * 60_000)
    last().terminate()
    await eventually(() => expect(cloud.keys.size).toBe(2), 1_000)
    await eventually(() => expect(cloud.connections.at(-1)?.open).toBe(true), 1)
    await vi.waitFor(async () => {
      const kept = await fileIdentity(folder).load(AbortSignal.timeout(5_000))
      expect(kept?.next).toBeUndefined()
      expect(before).not.toContain(kept?.key.keyId)
    })
  })

  test("a new key that cannot be kept leaves no connection behind, and the one that is up is used", async () => {
    const kept = fileIdentity(folder)
    let full = false
    const store: IdentityStore = {
      ...kept,
      async save(identity, signal) {
        if (full && identity.next === undefined) throw new Error("no space left")
        await kept.save(identity, signal)
      },
    }
    const rig = start({ store })
    await converged()
    clock.advance(31 * 24 * 60 * 60_000)
    full = true
    last().terminate()
    await eventually(() => expect(cloud.keys.size).toBe(2), 1_000)
    await eventually(() => expect(rig.link.state()).toMatchObject({ state: "connected", connections: 2 }), 1)
    expect(cloud.connections.filter(({ open }) => open)).toHaveLength(1)
    expect(cloud.connections).toHaveLength(2)
  })

  test("takes a pace that is told behind the welcome", async () => {
    cloud.paceAtOnce = 10_000
    const rig = start()
    await converged()
    expect(rig.pace).toEqual([60_000, 10_000])
  })

  test("speaks only while it holds the Lease, with its epoch", async () => {
    const lost = new AbortController()
    const leads = [{ epoch: 7, lost: lost.signal }]
    const rig = start({
      lead: (signal) => {
        const lead = leads.shift()
        if (lead) return Promise.resolve(lead)
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined)))
      },
    })
    await converged()
    expect(last().epoch).toBe(7)
    lost.abort()
    await eventually(() => expect(last().open).toBe(false), 10)
    await eventually(() => expect(rig.link.state().state).toBe("standby"), 10)
    expect(cloud.connections).toHaveLength(1)
  })

  test("pings after four minutes without anything to say", async () => {
    start()
    await converged()
    await eventually(() => expect(typesOf(last())).toContain("ping"), 5_000)
  })

  test("a cloud that acknowledges nothing is left for another connection", async () => {
    const rig = start()
    await converged()
    await eventually(() => expect(last().acked).toBe(last().got.length))
    cloud.mute = true
    rig.metrics.add(tick())
    rig.link.wake()
    await eventually(() => expect(last().open).toBe(false), 5_000)
    cloud.mute = false
    await converged()
  })

  test("takes a new pace at once", async () => {
    const rig = start()
    await converged()
    last().send({ type: "pace", tickMs: 10_000 })
    await eventually(() => expect(rig.pace).toEqual([60_000, 10_000]), 1)
  })

  test("the root of the status is the sum of what was sent before it", async () => {
    const rig = start()
    await converged()
    cache.put("Pod", podOf("pending"))
    const held = rig.state.sentRoot()
    expect(held.count).toBe(20)
    expect(cache.root().count).toBe(21)
    await converged()
    expect(rig.state.sentRoot()).toEqual(cache.root())
  })

  const result = (commandId: string): Told => ({
    type: "result",
    commandId,
    at: clock.now(),
    outcome: { type: "release", failure: null },
  })

  test("brings commands to who carries them out", async () => {
    const rig = start()
    await converged()
    const command = { type: "command", keyId: "ck_1", payload: "{}", signature: "A".repeat(86) } as const
    last().send(command)
    await eventually(() => expect(rig.commands).toEqual([command]))
  })

  test("results go before all else, and again in each connection until the cloud has stored them", async () => {
    const rig = start()
    await converged()
    const stored: string[] = []
    cloud.mute = true
    rig.metrics.add(tick())
    rig.command.push("a", result("cmd_01ARZ3NDEKTSV4RRFFQ69G5FA1"), () => stored.push("a"))
    rig.command.push("a", result("cmd_01ARZ3NDEKTSV4RRFFQ69G5FA1"), () => stored.push("twice"))
    await eventually(() => expect(ofType(last(), "result")).toHaveLength(1))
    last().terminate()
    cloud.mute = false
    await eventually(() => expect(stored).toEqual(["a"]), 1_000)
    expect(typesOf(last())[1]).toBe("result")
    expect(rig.command.waiting()).toBe(0)
    last().terminate()
    await eventually(() => expect(cloud.connections).toHaveLength(3), 1_000)
    await converged()
    expect(ofType(last(), "result")).toEqual([])
  })

  test("an outcome too large for any message goes without its objects", async () => {
    const rig = start()
    await converged()
    const after = { ...podOf("large"), data: noise(1, 3_000_000) }
    const message: Told = {
      type: "result",
      commandId: "cmd_01ARZ3NDEKTSV4RRFFQ69G5FA2",
      at: clock.now(),
      outcome: {
        type: "apply",
        as: null,
        failure: null,
        steps: [{ state: "applied", code: null, message: "done", resourceVersion: "1", after, owners: [] }],
      },
    }
    rig.command.push("b", message)
    await eventually(() => expect(ofType(last(), "result")).toHaveLength(1))
    expect(ofType(last(), "result")[0]).toMatchObject({
      outcome: { steps: [{ state: "applied", resourceVersion: "1", after: null }] },
    })
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createTestClock, type TestClock } from "../../test/clock.ts"
import { type KubeApi, KubeError } from "../cluster/api.ts"
import { silentLog } from "../log.ts"
import { holdLease, type Lead, type Leadership } from "./lease.ts"

type Spec = Record<string, unknown>

/** One Lease, with the optimistic concurrency of a real API server. */
function leaseServer(): { api: KubeApi; spec: () => Spec; down: boolean; hangs: boolean } {
  let version = 1
  let spec: Spec = {}
  const server = {
    down: false,
    hangs: false,
    spec: () => spec,
    api: {
      server: "",
      json(call) {
        if (server.hangs)
          return new Promise((_, reject) => {
            call.signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true })
          })
        if (server.down) return Promise.reject(new Error("connection refused"))
        if (call.method !== "PUT")
          return Promise.resolve({ metadata: { resourceVersion: String(version) }, spec: { ...spec } })
        const body = call.body as { metadata: { resourceVersion: string }; spec: Spec }
        if (body.metadata.resourceVersion !== String(version))
          return Promise.reject(new KubeError(409, "Conflict", "the object has been modified"))
        version += 1
        spec = body.spec
        return Promise.resolve(body)
      },
      lines: () => Promise.reject(new Error("a Lease is not watched")),
      close: () => undefined,
    } satisfies KubeApi,
  }
  return server
}

describe("two agents and one Lease", () => {
  let server: ReturnType<typeof leaseServer>
  let clock: TestClock
  const running: { stop: AbortController; leadership: Leadership }[] = []

  beforeEach(() => {
    server = leaseServer()
    clock = createTestClock()
  })
  afterEach(async () => {
    server.down = false
    server.hangs = false
    for (const { stop, leadership } of running.splice(0)) {
      stop.abort()
      await leadership.done
    }
  })

  function begin(self: string): {
    leadership: Leadership
    lead: () => Lead | undefined
    stop: () => Promise<void>
  } {
    const stop = new AbortController()
    const leadership = holdLease({
      api: server.api,
      namespace: "smm",
      self,
      clock,
      signal: stop.signal,
      log: silentLog,
    })
    running.push({ stop, leadership })
    let lead: Lead | undefined
    void leadership.lead(stop.signal).then((won) => {
      lead = won
    })
    return {
      leadership,
      lead: () => lead,
      async stop() {
        stop.abort()
        await leadership.done
      },
    }
  }
  const eventually = (check: () => void, stepMs = 1_000) =>
    vi.waitFor(
      () => {
        clock.advance(stepMs)
        check()
      },
      { timeout: 10_000, interval: 2 },
    )

  test("the first one leads with a new epoch, the second waits", async () => {
    const first = begin("pod-a_1")
    await eventually(() => expect(first.lead()?.epoch).toBe(1))
    const second = begin("pod-b_1")
    for (let i = 0; i < 60; i++) {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(second.lead()).toBeUndefined()
    expect(second.leadership.holder()).toBe("pod-a_1")
    expect(first.lead()?.lost.aborted).toBe(false)
  })

  test("an agent that stops hands over at once, and the epoch grows", async () => {
    const first = begin("pod-a_1")
    await eventually(() => expect(first.lead()?.epoch).toBe(1))
    const second = begin("pod-b_1")
    await eventually(() => expect(second.leadership.holder()).toBe("pod-a_1"))
    await first.stop()
    expect(first.lead()?.lost.aborted).toBe(true)
    const stopped = clock.now()
    await eventually(() => expect(second.lead()?.epoch).toBe(2))
    expect(clock.now() - stopped).toBeLessThan(10_000)
  })

  test("an agent that cannot renew falls silent before another one may begin", async () => {
    const first = begin("pod-a_1")
    await eventually(() => expect(first.lead()?.epoch).toBe(1))
    server.down = true
    const down = clock.now()
    await eventually(() => expect(first.lead()?.lost.aborted).toBe(true))
    expect(clock.now() - down).toBeLessThan(30_000)
  })

  test("an agent whose API server takes calls and answers none falls silent as early", async () => {
    const first = begin("pod-a_1")
    await eventually(() => expect(first.lead()?.epoch).toBe(1))
    server.hangs = true
    const hung = clock.now()
    await eventually(() => expect(first.lead()?.lost.aborted).toBe(true))
    expect(clock.now() - hung).toBeLessThan(30_000)
  })

  test("the Lease of a killed agent is taken when its record has not changed for its duration", async () => {
    const first = begin("pod-a_1")
    await eventually(() => expect(first.lead()?.epoch).toBe(1))
    server.down = true
    await eventually(() => expect(first.lead()?.lost.aborted).toBe(true))
    await first.stop()
    server.down = false
    const second = begin("pod-b_1")
    const begun = clock.now()
    await eventually(() => expect(second.lead()?.epoch).toBe(2))
    expect(clock.now() - begun).toBeGreaterThanOrEqual(30_000)
  })

  test("a container that was restarted takes over from itself without waiting", async () => {
    const first = begin("pod-a_1")
    await eventually(() => expect(first.lead()?.epoch).toBe(1))
    server.down = true
    await first.stop()
    server.down = false
    const again = begin("pod-a_2")
    const begun = clock.now()
    await eventually(() => expect(again.lead()?.epoch).toBe(2))
    expect(clock.now() - begun).toBeLessThan(5_000)
  })
})

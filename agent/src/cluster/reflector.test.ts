import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { startTestApiServer, type TestApiServer } from "../../test/api-server.ts"
import { createTestClock, type TestClock } from "../../test/clock.ts"
import { createKubeApi, type KubeApi } from "./api.ts"
import { reflect, type Sink } from "./reflector.ts"

type Kept = Sink & { names: Set<string>; states: string[]; expected: number[] }

/** Keeps what a reflector tells. */
function keeper(): Kept {
  const names = new Set<string>()
  const states: string[] = []
  const expected: number[] = []
  return {
    names,
    states,
    expected,
    put: (object) => names.add(String(object.metadata["name"])),
    remove: (object) => names.delete(String(object.metadata["name"])),
    expect: (count) => expected.push(count),
    listed: (seen) => {
      for (const name of [...names]) if (!seen.has(`shop/${name}`)) names.delete(name)
    },
    live: () => states.push("live"),
    broken: (state, reason) => states.push(`${state}: ${reason}`),
  }
}

const pod = (name: string) => ({ metadata: { name, namespace: "shop" } })

describe("a reflector of one kind", () => {
  let server: TestApiServer
  let api: KubeApi
  let clock: TestClock
  let sink: Kept
  let stop: AbortController
  let done: Promise<void>

  beforeEach(async () => {
    server = await startTestApiServer()
    api = createKubeApi(server.config)
    clock = createTestClock()
    sink = keeper()
    stop = new AbortController()
    for (const name of ["a", "b", "c", "d", "e"]) server.put(pod(name))
  })
  afterEach(async () => {
    stop.abort()
    await done
    api.close()
    await server.close()
  })

  const begin = (pageSize = 2): void => {
    done = reflect(api, { path: "/api/v1/pods", namesOnly: false, pageSize }, sink, {
      clock,
      signal: stop.signal,
    })
  }
  const eventually = (check: () => void) =>
    vi.waitFor(
      () => {
        clock.advance(1_000)
        check()
      },
      { timeout: 10_000, interval: 10 },
    )
  /** For what must happen without any time passing. */
  const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
  const synced = () => soon(() => expect(server.open()).toBe(1))

  test("lists page by page, tells how many are to come, then watches with bookmarks from there", async () => {
    begin()
    await synced()
    expect([...sink.names]).toEqual(["a", "b", "c", "d", "e"])
    expect(server.lists.map((query) => query.get("continue"))).toEqual([null, "2", "4"])
    expect(sink.expected).toEqual([5, 5, 5])
    const watch = server.watches[0]
    expect(watch?.get("resourceVersion")).toBe(String(server.version()))
    expect(watch?.get("allowWatchBookmarks")).toBe("true")
    expect(Number(watch?.get("timeoutSeconds"))).toBeGreaterThanOrEqual(240)
    expect(Number(watch?.get("timeoutSeconds"))).toBeLessThanOrEqual(300)
  })

  test("follows what comes and goes", async () => {
    begin()
    await synced()
    server.put(pod("f"))
    server.remove("a")
    await soon(() => expect([...sink.names]).toEqual(["b", "c", "d", "e", "f"]))
  })

  test("goes on after a TCP reset from where it was, without listing and without a word", async () => {
    begin()
    await synced()
    server.put(pod("f"))
    await soon(() => expect(sink.names.has("f")).toBe(true))
    const at = String(server.version())
    server.resetWatches()
    server.put(pod("g"))
    await soon(() => expect(sink.names.has("g")).toBe(true))
    expect(server.watches[1]?.get("resourceVersion")).toBe(at)
    expect(server.lists).toHaveLength(3)
    expect(sink.states).toEqual(["live", "live"])
  })

  test("takes the version of a bookmark for the next watch", async () => {
    begin()
    await synced()
    server.send({ type: "BOOKMARK", object: { metadata: { resourceVersion: "900" } } })
    server.endWatches()
    await eventually(() => expect(server.watches[1]?.get("resourceVersion")).toBe("900"))
  })

  test.each([
    [
      "answered",
      () => server.fail.push({ watch: true, status: 410, body: { reason: "Expired", message: "too old" } }),
    ],
    ["told in the stream", () => server.send({ type: "ERROR", object: { code: 410, message: "too old" } })],
  ])("lists again after a 410 that is %s, and drops what has gone meanwhile", async (_how, gone) => {
    begin()
    await synced()
    server.items.delete("b")
    gone()
    server.endWatches()
    await eventually(() => expect([...sink.names]).toEqual(["a", "c", "d", "e"]))
    expect(server.lists).toHaveLength(5)
  })

  test("begins a list anew when its pages expire under way", async () => {
    server.fail.push({ watch: false, skip: 1, status: 410, body: { reason: "Expired" } })
    begin()
    await synced()
    expect(server.lists.map((query) => query.get("continue"))).toEqual([null, "2", null, "2", "4"])
    expect([...sink.names]).toHaveLength(5)
  })

  test("says denied with the server's words, keeps asking, and becomes live when it may", async () => {
    const body = { reason: "Forbidden", message: 'pods is forbidden: User "x" cannot list' }
    server.fail.push({ watch: false, status: 403, body }, { watch: false, status: 403, body })
    begin()
    await soon(() => expect(sink.states).toEqual([`denied: ${body.message}`]))
    await eventually(() => expect(sink.states.at(-1)).toBe("live"))
    expect(sink.states.slice(0, 2)).toEqual([`denied: ${body.message}`, `denied: ${body.message}`])
    expect(sink.names.size).toBe(5)
  })

  test("says absent where there is no such kind", async () => {
    server.fail.push({
      watch: false,
      status: 404,
      body: { message: "the server could not find the requested resource" },
    })
    begin()
    await soon(() =>
      expect(sink.states).toEqual(["absent: the server could not find the requested resource"]),
    )
  })

  test("is stale when the way back fails too, keeps what it knows, and backs off", async () => {
    begin()
    await synced()
    const error = { watch: true, status: 500, body: { message: "etcd is away" } }
    server.fail.push(error, error, error)
    server.resetWatches()
    await soon(() => expect(sink.states.at(-1)).toBe("stale: etcd is away"))
    expect(sink.names.size).toBe(5)
    const asked = server.watches.length
    expect(clock.sleepers()).toBeGreaterThan(0)
    expect(server.watches).toHaveLength(asked)
    await eventually(() => expect(sink.states.at(-1)).toBe("live"))
    expect(server.lists).toHaveLength(3)
  })

  test("takes a server that comes back and refuses everybody for one that starts, unless it goes on refusing", async () => {
    begin()
    await synced()
    const error = { watch: true, status: 403, body: { message: "pods is forbidden" } }
    server.fail.push(error, error)
    server.resetWatches()
    await soon(() => expect(sink.states.at(-1)).toBe("stale: pods is forbidden"))
    await eventually(() => expect(sink.states.at(-1)).toBe("live"))
    expect(sink.states.join()).not.toContain("denied")
    expect(server.lists).toHaveLength(3)

    server.fail.push(...Array.from({ length: 50 }, () => error))
    server.resetWatches()
    await eventually(() => expect(sink.states.at(-1)).toBe("denied: pods is forbidden"))
  })

  test("lists again once a day, whatever the watch says", async () => {
    begin()
    await synced()
    server.items.delete("b")
    clock.advance(24 * 60 * 60_000)
    server.endWatches()
    await eventually(() => expect([...sink.names]).toEqual(["a", "c", "d", "e"]))
    expect(server.lists).toHaveLength(5)
  })

  test("gives up a connection that says nothing for minutes, and opens another", async () => {
    begin()
    await synced()
    clock.advance(151_000)
    await soon(() => expect(server.watches).toHaveLength(2))
  })

  test("leaves a connection alone as long as bookmarks come", async () => {
    begin()
    await synced()
    for (let minute = 1; minute <= 4; minute++) {
      clock.advance(60_000)
      server.put(pod(`minute-${minute}`))
      await soon(() => expect(sink.names.has(`minute-${minute}`)).toBe(true))
    }
    expect(server.watches).toHaveLength(1)
  })
})

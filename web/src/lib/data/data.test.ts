import { describe, expect, test } from "vitest"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import type { TopologyFact } from "#shared/topology/fact.ts"
import { freshnessOf, oldestOf, sourceFreshness } from "./freshness.ts"
import { Link, type LinkState, type Patch, type Platform, type Socket } from "./link.ts"
import { withFacts, withLinks, withTick } from "./sources.ts"

const tick = (at: number): PackedTick => ({
  v: 1,
  at,
  windowMs: 60_000,
  source: "scrape",
  gaps: [],
  d: [],
  c: "",
})
const fact = (name: string): TopologyFact => ({
  type: "namespace",
  id: `Namespace//${name}`,
  name,
  injection: "none",
})
const sources: TopologySources = {
  clusters: [
    {
      cluster: "a",
      clusterName: "one",
      link: "live",
      linkSince: 0,
      istioClusterId: null,
      facts: [fact("x")],
      ticks: [tick(10)],
      notices: [],
    },
    {
      cluster: "b",
      clusterName: "two",
      link: "live",
      linkSince: 0,
      istioClusterId: null,
      facts: [],
      ticks: [],
      notices: [],
    },
  ],
}
const ticksOf = (changed: TopologySources, cluster: string) =>
  changed.clusters.find((source) => source.cluster === cluster)?.ticks.map((one) => one.at)

describe("changes of the sources", () => {
  test("a tick becomes the newest of its cluster, and only there", () => {
    const changed = withTick(sources, "a", tick(20))
    expect(ticksOf(changed, "a")).toEqual([10, 20])
    expect(changed.clusters[1]).toBe(sources.clusters[1])
  })

  test("a tick that comes late does not become the newest; one that is known changes nothing", () => {
    expect(ticksOf(withTick(sources, "a", tick(5)), "a")).toEqual([5, 10])
    expect(withTick(sources, "a", tick(10))).toBe(sources)
    expect(withTick(sources, "nobody", tick(10))).toBe(sources)
  })

  test("only the last three ticks are kept", () => {
    const many = [20, 30, 40].reduce((all, at) => withTick(all, "a", tick(at)), sources)
    expect(ticksOf(many, "a")).toEqual([20, 30, 40])
    expect(withTick(many, "a", tick(1))).toBe(many)
  })

  test("facts are put and removed in a new list, and a reset starts from nothing", () => {
    const put = withFacts(sources, { cluster: "a", reset: false, put: [fact("y")], remove: [] })
    expect(put.clusters[0]?.facts.map((one) => one.id)).toEqual(["Namespace//x", "Namespace//y"])
    expect(put.clusters[0]?.facts).not.toBe(sources.clusters[0]?.facts)
    const reset = withFacts(sources, { cluster: "a", reset: true, put: [fact("z")], remove: [] })
    expect(reset.clusters[0]?.facts.map((one) => one.id)).toEqual(["Namespace//z"])
    expect(withFacts(sources, { cluster: "a", reset: false, put: [], remove: [] })).toBe(sources)
  })

  test("the list of clusters renames, marks stale and removes", () => {
    const info = { clusterId: "a", name: "renamed", link: "stale", linkSince: 7 } as ClusterInfo
    const changed = withLinks(sources, [info])
    expect(changed.clusters).toMatchObject([
      { cluster: "a", clusterName: "renamed", link: "stale", linkSince: 7 },
    ])
    expect(withLinks(changed, [info])).toBe(changed)
  })
})

describe("freshness", () => {
  const source = { link: "live" as const, linkSince: 0, tickMs: 10_000 }
  const now = 10_000_000

  test.each([
    [4_000, "live", "Live, 4 s"],
    [24_000, "live", "Live, 24 s"],
    [41_000, "late", "Late, 41 s"],
    [400_000, "stale", "Stale since 02:40"],
  ])("a tick %i ms old is %s", (age, state, text) => {
    expect(freshnessOf({ ...source, lastTickAt: now - age }, now)).toMatchObject({ state, text })
  })

  test("a link that is down makes its numbers stale, whatever their age", () => {
    expect(freshnessOf({ ...source, link: "stale", lastTickAt: now - 1_000 }, now).state).toBe("stale")
    expect(freshnessOf({ ...source, link: "waiting", lastTickAt: null }, now).text).toBe(
      "Waiting for the agent",
    )
    expect(freshnessOf({ ...source, lastTickAt: null }, now)).toMatchObject({
      state: "none",
      text: "No metrics yet",
    })
  })

  test("the bar shows the worst source, and of those the oldest", () => {
    const one = { cluster: "a", name: "a", text: "", at: 3 }
    expect(
      oldestOf([
        { ...one, state: "live" },
        { ...one, state: "stale", cluster: "b" },
        { ...one, state: "late", at: 1 },
      ])?.cluster,
    ).toBe("b")
    expect(
      oldestOf([
        { ...one, state: "live", at: 3 },
        { ...one, state: "live", at: 2 },
      ])?.at,
    ).toBe(2)
  })

  test("an agent that was just made faster is not late before its next tick", () => {
    const info = {
      clusterId: "a",
      name: "one",
      link: "live",
      linkSince: 0,
      tickMs: 10_000,
      lastTickAt: now - 42_000,
    } as ClusterInfo
    const paced: TopologySources = {
      clusters: sources.clusters.map((cluster) => ({
        ...cluster,
        ticks: [tick(now - 102_000), tick(now - 42_000)],
      })),
    }
    expect(sourceFreshness(paced, [info], now)[0]?.state).toBe("live")
    const opened: TopologySources = {
      clusters: sources.clusters.map((cluster) => ({ ...cluster, ticks: [tick(now - 42_000)] })),
    }
    expect(sourceFreshness(opened, [info], now)[0]?.state).toBe("live")
  })
})

class Wire {
  sockets: (Socket & { sent: { type: string; id?: string; seq?: number }[]; closed: boolean })[] = []
  timers: { at: number; call: () => void }[] = []
  drawings: (() => void)[] = []
  states: LinkState[] = []
  time = 0
  reachable = true

  platform(): Platform {
    return {
      ticket: () => (this.reachable ? Promise.resolve("wss://x") : Promise.reject(new Error("down"))),
      open: () => {
        const socket = {
          sent: [] as { type: string }[],
          closed: false,
          onopen: null,
          onmessage: null,
          onclose: null,
          send: (text: string) => void socket.sent.push(JSON.parse(text) as { type: string }),
          close: () => void (socket.closed = true),
        }
        this.sockets.push(socket)
        return socket
      },
      now: () => this.time,
      random: () => 1,
      after: (ms, call) => {
        const timer = { at: this.time + ms, call }
        this.timers.push(timer)
        return () => void (this.timers = this.timers.filter((one) => one !== timer))
      },
      drawn: (call) => void this.drawings.push(call),
    }
  }
  link(): Link {
    return new Link(this.platform(), (state) => this.states.push(state))
  }
  async pass(ms: number): Promise<void> {
    this.time += ms
    for (const timer of this.timers.filter((one) => one.at <= this.time)) {
      this.timers = this.timers.filter((one) => one !== timer)
      timer.call()
    }
    await settled()
  }
  get last() {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error("no socket was opened")
    return socket
  }
  receive(message: unknown): void {
    this.last.onmessage?.({ data: JSON.stringify(message) })
  }
}
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}

const clustersPatch = { type: "clusters", id: "v1", seq: 1, reset: false, put: [], remove: ["a"] }

describe("the console's socket", () => {
  const connected = async () => {
    const wire = new Wire()
    const link = wire.link()
    const got: Patch[] = []
    let reloads = 0
    link.subscribe({
      view: { type: "clusters" },
      patch: (patch) => void got.push(patch),
      reload: () => void reloads++,
    })
    link.start()
    await settled()
    wire.last.onopen?.()
    return { wire, link, got, reloads: () => reloads }
  }

  test("subscribes when it is up, and reads the whole once the cloud sends changes", async () => {
    const { wire, reloads } = await connected()
    expect(wire.last.sent).toEqual([{ type: "subscribe", id: "v1", view: { type: "clusters" } }])
    expect(reloads()).toBe(0)
    wire.receive({ type: "subscribed", id: "v1" })
    expect(reloads()).toBe(1)
  })

  test("acknowledges a patch when it has been drawn, not before", async () => {
    const { wire, got } = await connected()
    wire.receive(clustersPatch)
    expect(got).toHaveLength(1)
    expect(wire.last.sent).toHaveLength(1)
    wire.drawings.forEach((drawn) => drawn())
    expect(wire.last.sent.at(-1)).toEqual({ type: "ack", id: "v1", seq: 1 })
  })

  test("reads again when something was left out", async () => {
    const { wire, reloads, got } = await connected()
    wire.receive({ type: "reload", id: "v1", seq: 4, reset: false })
    expect([reloads(), got.length]).toEqual([1, 0])
  })

  test("says since when it is down, tries again with growing waits, and subscribes anew", async () => {
    const { wire, reloads } = await connected()
    wire.time = 1_000
    wire.reachable = false
    wire.last.onclose?.()
    expect(wire.states.at(-1)).toEqual({ state: "offline", downSince: 1_000, retryAt: 2_000 })
    await wire.pass(1_000)
    expect(wire.states.at(-1)).toEqual({ state: "offline", downSince: 1_000, retryAt: 4_000 })
    wire.reachable = true
    await wire.pass(2_000)
    wire.last.onopen?.()
    expect(wire.states.at(-1)).toEqual({ state: "live", downSince: undefined })
    expect(wire.last.sent).toHaveLength(1)
    wire.receive({ type: "subscribed", id: "v1" })
    expect(reloads()).toBe(1)
  })

  test("pings each 30 s and gives a silent link up", async () => {
    const { wire } = await connected()
    await wire.pass(30_000)
    expect(wire.last.sent.at(-1)).toEqual({ type: "ping" })
    wire.receive({ type: "pong" })
    await wire.pass(30_000)
    await wire.pass(20_000)
    expect(wire.last.closed).toBe(true)
    expect(wire.states.at(-1)?.state).toBe("offline")
  })

  test("ignores what it does not know, and stops for good when it is told to", async () => {
    const { wire, link, got } = await connected()
    wire.last.onmessage?.({ data: "not json" })
    wire.receive({ type: "of a newer cloud", id: "v1", seq: 2 })
    expect(got).toHaveLength(0)
    link.stop()
    expect(wire.last.closed).toBe(true)
    await wire.pass(60_000)
    expect(wire.sockets).toHaveLength(1)
  })

  test("retries at once when the reader asks", async () => {
    const { wire, link } = await connected()
    wire.last.onclose?.()
    link.retry()
    await settled()
    expect(wire.sockets).toHaveLength(2)
  })
})

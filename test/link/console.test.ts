import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import type { ClusterInfo, ClusterInstall } from "#shared/api/cluster.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import type { EdgeSample } from "#shared/telemetry/edge.ts"
import { recheckMs } from "#cloud/console/rights.ts"
import { Tokens } from "#cloud/store/token.ts"
import { Cache, type Identity, type Peer, join, meet, pod, service } from "./agent.ts"
import { Viewer, api, view } from "./console.ts"
import { type Stage, transports } from "./transport.ts"

const edge = (name: string): EdgeSample => ({
  source: { cluster: "", namespace: "shop", workload: name, app: name, version: "v1" },
  destination: {
    cluster: "",
    namespace: "shop",
    workload: `to-${name}`,
    app: `to-${name}`,
    version: "v1",
    service: `to-${name}`,
    serviceNamespace: "shop",
  },
  protocol: "http",
  reporter: "both",
  requestsPerSecond: 1,
  responses: [{ code: "200", flags: "", grpc: "", requestsPerSecond: 1 }],
  latencyMs: { p50: 1, p95: 2, p99: 3 },
  bytesPerSecond: { sent: 1, received: 1 },
  tcp: null,
  mtlsRatio: 1,
})

describe.each(transports)("a console over %s", (_, start) => {
  let stage: Stage
  let identity: Identity
  let peer: Peer
  let count = 0
  const cache = new Cache().put(pod("a"), service("a"))
  beforeAll(async () => {
    stage = await start()
    ;({ identity, peer } = await add())
  })
  afterAll(() => stage.close())

  async function add(): Promise<{ identity: Identity; peer: Peer }> {
    const { token } = (
      await api<ClusterInstall>(stage.server, stage.tenant.tokens.owner, "POST", "/clusters", {
        name: `c${count++}`,
      })
    ).body
    const joined = await join(stage.server, token)
    const own = await meet(stage.server, joined)
    await cache.sync(own, stage.clock.at)
    return { identity: joined, peer: own }
  }
  const viewer = (token = stage.tenant.tokens.viewer) => view(stage.server, token)
  const tickAt = (at: number, edges: EdgeSample[] = []) =>
    packTick({ at, windowMs: 10_000, source: "prometheus", edges, gaps: [] })
  const tick = (edges: EdgeSample[] = []) =>
    peer.store({ type: "tick", late: false, tick: tickAt(stage.clock.at, edges) })

  test("comes from a page of ours, or from no page", async () => {
    const ticket = async () =>
      (await api<{ url: string }>(stage.server, stage.tenant.tokens.viewer, "POST", "/socket-tickets")).body
        .url
    await expect(new Viewer(await ticket(), "https://evil.example").opened()).rejects.toThrow("403")
    await expect(new Viewer(await ticket(), "null").opened()).rejects.toThrow("403")
    const ours = new Viewer(await ticket(), stage.server)
    await ours.opened()
    await ours.close()
    await expect(new Viewer(`${(await ticket()).split("?")[0]}?ticket=smt_x`).opened()).rejects.toThrow("401")
  })

  test("is told what is wrong with its message, and stays connected", async () => {
    const own = await viewer()
    for (const text of [
      "{",
      "[]",
      JSON.stringify({ type: "subscribe", id: "", view: { type: "clusters" } }),
      JSON.stringify({ type: "ack", id: "i".repeat(2_000), seq: 1 }),
      JSON.stringify({
        type: "subscribe",
        id: "many",
        view: { type: "topology", clusters: Array.from({ length: 500 }, () => "cls_x") },
      }),
    ]) {
      own.socket.send(text)
      expect((await own.next("error")).problem.code).toBe("input.invalid")
    }
    own.send({ type: "subscribe", id: "k", view: { type: "objects", kind: "secrets", clusters: [] } })
    expect((await own.next("error")).problem.code).toBe("kind.not_found")
    await own.settled()
    await own.close()
  })

  test("of another organization finds no cluster and hears nothing", async () => {
    const stranger = await viewer(stage.other.tokens.owner)
    for (const wanted of [
      { type: "topology" as const, clusters: [identity.clusterId] },
      { type: "objects" as const, kind: "Pod", clusters: [identity.clusterId] },
      { type: "object" as const, cluster: identity.clusterId, kind: "Pod", namespace: "shop", name: "a" },
    ]) {
      stranger.send({ type: "subscribe", id: "x", view: wanted })
      expect((await stranger.next("error")).problem.code).toBe("cluster.not_found")
    }
    await stranger.watch("all", { type: "topology", clusters: [] })
    await stranger.watch("list", { type: "clusters" })
    await tick()
    await peer.store({ type: "delta", put: [service("quiet")], remove: [] })
    await stranger.settled()
    expect(stranger.received.filter(({ type }) => ["tick", "facts", "clusters"].includes(type))).toEqual([])
    await stranger.close()
  })

  test("of a token that is limited to one cluster hears of that one only", async () => {
    const second = await add()
    const { secret } = await Tokens.create(stage.cloud, stage.tenant.organizationId, {
      name: "limited",
      role: "viewer",
      clusters: [second.identity.clusterId],
      expiresInDays: 1,
      createdBy: "test",
    })
    const own = await viewer(secret)
    await own.watch("graph", { type: "topology", clusters: [] })
    await own.watch("pods", { type: "objects", kind: "Pod", clusters: [] })
    await peer.store({ type: "delta", put: [pod("hidden")], remove: [] })
    await tick()
    await second.peer.store({ type: "delta", put: [pod("shown")], remove: [] })
    const { put } = await own.next("objects")
    expect(put.map(({ object }) => object.metadata.name)).toEqual(["shown"])
    expect(own.received.some((message) => message.type === "tick")).toBe(false)
    await own.close()
    await second.peer.close()
  })

  test("that does not draw gets eight patches, then one reload once it does", async () => {
    const own = await viewer()
    await own.watch("graph", { type: "topology", clusters: [identity.clusterId] })
    for (let i = 0; i < 12; i++) {
      stage.clock.at += 1_000
      await tick()
    }
    await own.settled()
    const ticks = () => own.received.filter((message) => message.type === "tick")
    await vi.waitFor(() => expect(ticks().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]))
    own.send({ type: "ack", id: "graph", seq: 99 })
    await own.settled()
    expect(own.received.some(({ type }) => type === "reload")).toBe(false)
    own.send({ type: "ack", id: "graph", seq: 8 })
    expect(await own.next("reload")).toEqual({ type: "reload", id: "graph", seq: 9, reset: false })
    await tick()
    expect((await own.next("tick", ({ seq }) => seq > 8)).seq).toBe(10)
    await own.close()
  })

  test("gets a large change in pieces below a frame, and one that is too large as a reload", async () => {
    const own = await viewer()
    await own.watch("pods", { type: "objects", kind: "Pod", clusters: [identity.clusterId] })
    const filler = "x".repeat(600)
    const pods = (from: number, to: number) =>
      Array.from({ length: to - from }, (_unused, i) => pod(`p${from + i}`, { spec: { filler } }))
    await peer.store({ type: "delta", put: pods(0, 100), remove: [] })
    const names = () =>
      own.received
        .filter((message) => message.type === "objects")
        .flatMap(({ put }) => put.map(({ object }) => object.metadata.name))
    await vi.waitFor(() => expect(names()).toHaveLength(100))
    const pieces = own.received.filter(({ type }) => type === "objects")
    expect(pieces.length).toBeGreaterThan(1)
    for (const piece of pieces) expect(JSON.stringify(piece).length).toBeLessThan(32 * 1024)
    await peer.store({ type: "delta", put: pods(100, 500), remove: [] })
    expect((await own.next("reload")).id).toBe("pods")
    await peer.store({
      type: "delta",
      put: [],
      remove: pods(0, 500).map(({ metadata }) => ["Pod", "shop", metadata.name]),
    })
    await own.close()
  })

  test("gets the tick of a large mesh as one message", async () => {
    const own = await viewer()
    await own.watch("graph", { type: "topology", clusters: [identity.clusterId] })
    const edges = Array.from({ length: 800 }, (_unused, i) => edge(`workload-${i}`))
    await tick(edges)
    const message = await own.next("tick")
    expect(JSON.stringify(message).length).toBeGreaterThan(32 * 1024)
    expect(message.tick).toEqual(tickAt(stage.clock.at, edges))
    await own.close()
  })

  test("whose token is removed hears nothing more after a minute, and is sent away", async () => {
    const { secret, tokenId } = await Tokens.create(stage.cloud, stage.tenant.organizationId, {
      name: "short",
      role: "viewer",
      clusters: null,
      expiresInDays: 1,
      createdBy: "test",
    })
    const own = await viewer(secret)
    await own.watch("graph", { type: "topology", clusters: [identity.clusterId] })
    await Tokens.remove(stage.cloud, stage.tenant.organizationId, tokenId)
    stage.clock.at += recheckMs
    await tick()
    expect((await own.next("error")).problem.code).toBe("auth.required")
    await own.closed
    expect(own.received.some(({ type }) => type === "tick")).toBe(false)
  })

  test("that shows one object hears of it and of no other", async () => {
    const own = await viewer()
    await own.watch("one", {
      type: "object",
      cluster: identity.clusterId,
      kind: "pods",
      namespace: "shop",
      name: "one",
    })
    await peer.store({ type: "delta", put: [pod("other"), pod("one")], remove: [] })
    await peer.store({
      type: "delta",
      put: [],
      remove: [
        ["Pod", "shop", "other"],
        ["Pod", "shop", "one"],
      ],
    })
    const first = await own.next("objects")
    expect(first.put.map(({ object }) => object.metadata.name)).toEqual(["one"])
    const second = await own.next("objects")
    expect(second.remove).toEqual([
      { cluster: identity.clusterId, kind: "Pod", namespace: "shop", name: "one" },
    ])
    own.send({ type: "unsubscribe", id: "one" })
    await own.settled()
    await peer.store({ type: "delta", put: [pod("one")], remove: [] })
    await own.settled()
    expect(own.received.filter(({ type }) => type === "objects")).toHaveLength(2)
    await own.close()
  })

  test("that lists clusters sees one come, be renamed, fall silent, and go", async () => {
    const own = await viewer()
    await own.watch("list", { type: "clusters" })
    const second = await add()
    const of = (link: string) =>
      own.next("clusters", ({ put }) =>
        put.some((c) => c.clusterId === second.identity.clusterId && c.link === link),
      )
    await of("live")
    own.send({ type: "ack", id: "list", seq: 8 })
    const call = (method: string, body?: unknown) =>
      api(stage.server, stage.tenant.tokens.owner, method, `/clusters/${second.identity.clusterId}`, body)
    await own.settled()
    own.received
      .filter(({ type }) => type === "clusters")
      .forEach((message) => {
        if (message.type === "clusters") own.send({ type: "ack", id: "list", seq: message.seq })
      })
    await call("PATCH", { name: "renamed" })
    expect((await own.next("clusters", ({ put }) => put[0]?.name === "renamed")).put[0]?.link).toBe("live")
    stage.clock.at += 130_000
    own.send({ type: "ping" })
    await of("late")
    await second.peer.close()
    await of("stale")
    await call("DELETE")
    await own.next("clusters", ({ remove }) => remove.includes(second.identity.clusterId))
    await own.close()
  })

  test("that draws one view keeps its quiet ones, without a ping", async () => {
    const own = await viewer()
    await own.watch("graph", { type: "topology", clusters: [identity.clusterId] })
    await own.watch("quiet", {
      type: "object",
      cluster: identity.clusterId,
      kind: "Pod",
      namespace: "shop",
      name: "q",
    })
    for (let minute = 0; minute < 5; minute++) {
      stage.clock.at += 60_000
      await tick()
      const { seq } = await own.next("tick")
      own.send({ type: "ack", id: "graph", seq })
      own.socket.send("{")
      await own.next("error")
    }
    await peer.store({ type: "delta", put: [pod("q")], remove: [] })
    expect((await own.next("objects")).id).toBe("quiet")
    await own.close()
  })

  test("that begins to watch does not make a cluster late that was told only now to hurry", async () => {
    const second = await add()
    stage.clock.at += 50_000
    const own = await viewer()
    await own.watch("graph", { type: "topology", clusters: [second.identity.clusterId] })
    await second.peer.next("pace", ({ tickMs }) => tickMs === 10_000)
    const link = async () =>
      (
        await api<ClusterInfo>(
          stage.server,
          stage.tenant.tokens.viewer,
          "GET",
          `/clusters/${second.identity.clusterId}`,
        )
      ).body.link
    expect(await link()).toBe("live")
    stage.clock.at += 26_000
    expect(await link()).toBe("late")
    await own.close()
    await second.peer.close()
  })

  test("that was lost without a word makes nobody measure faster for long", async () => {
    const own = await viewer()
    await own.watch("graph", { type: "topology", clusters: [] })
    expect((await peer.next("pace", ({ tickMs }) => tickMs === 10_000)).tickMs).toBe(10_000)
    // Its watch is renewed by pings; three minutes without one, and it belongs to nobody.
    stage.clock.at += 4 * 60_000
    await tick()
    expect((await peer.next("pace")).tickMs).toBe(60_000)
    await own.close()
  })
})

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import type { ClusterInfo, ClusterInstall } from "#shared/api/cluster.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { Cache, type Identity, type Peer, join, meet, pod, service } from "./agent.ts"
import { api, view } from "./console.ts"
import { type Stage, transports } from "./transport.ts"

describe.each(transports)("a cluster joins over %s", (_, start) => {
  let stage: Stage
  const cache = new Cache().put(pod("a"), pod("b"), service("a"))
  beforeAll(async () => {
    stage = await start()
  })
  afterAll(() => stage.close())

  const call = <T>(method: string, path: string, body?: unknown) =>
    api<T>(stage.server, stage.tenant.tokens.owner, method, path, body)
  const add = async (name: string) => (await call<ClusterInstall>("POST", "/clusters", { name })).body
  const info = async (identity: Identity) =>
    (await call<ClusterInfo>("GET", `/clusters/${identity.clusterId}`)).body
  async function joined(name: string): Promise<{ identity: Identity; peer: Peer }> {
    const identity = await join(stage.server, (await add(name)).token)
    return { identity, peer: await meet(stage.server, identity) }
  }
  const tickOf = (at: number) => packTick({ at, windowMs: 60_000, source: "prometheus", edges: [], gaps: [] })

  test("from the token to live inventory and first metrics, each step with its moment", async () => {
    const added = await add("prod")
    expect(added.cluster.link).toBe("waiting")
    const identity = await join(stage.server, added.token)
    const peer = await meet(stage.server, identity)
    expect((await info(identity)).join.identifiedAt).toBe(stage.clock.at)
    expect(await cache.sync(peer, stage.clock.at)).toEqual(
      expect.arrayContaining([
        ["Pod", "shop"],
        ["Service", "shop"],
      ]),
    )
    await peer.store({ type: "tick", late: false, tick: tickOf(stage.clock.at) })
    await vi.waitFor(async () => {
      expect(await info(identity)).toMatchObject({
        link: "live",
        objects: 3,
        lastTickAt: stage.clock.at,
        join: {
          connectedAt: stage.clock.at,
          inventory: { objects: 3, expected: 3, doneAt: stage.clock.at },
          firstMetricsAt: stage.clock.at,
        },
      })
    })
    await peer.close()
    await vi.waitFor(async () => expect((await info(identity)).link).toBe("stale"))
    await vi.waitFor(async () => {
      const { body } = await call<{ items: { kind: string }[] }>(
        "GET",
        `/clusters/${identity.clusterId}/events`,
      )
      expect(body.items.map(({ kind }) => kind).sort()).toEqual(
        ["created", "token", "joined", "connected", "disconnected"].sort(),
      )
    })
  })

  test("a second connection asks only for what changed meanwhile", async () => {
    const { identity, peer } = await joined("again")
    await cache.sync(peer, stage.clock.at)
    await peer.close()
    const changed = new Cache().put(...cache.objects.values()).put(pod("b", { spec: { nodeName: "n2" } }))
    const second = await meet(stage.server, identity)
    expect(await changed.sync(second, stage.clock.at)).toEqual([["Pod", "shop"]])
    const third = await meet(stage.server, identity)
    expect(await changed.sync(third, stage.clock.at)).toEqual([])
    await third.close()
  })

  test("kinds that only a newer agent knows are shown as not taken, and the rest stands as it is", async () => {
    const { identity, peer } = await joined("newer")
    const novelty = {
      apiVersion: "future.smm.io/v1",
      kind: "Novelty",
      metadata: { name: "n", namespace: "shop" },
    }
    const all = new Cache().put(pod("a"), novelty)
    expect(await all.sync(peer, stage.clock.at)).toEqual([["Pod", "shop"]])
    expect(peer.received.some((message) => message.type === "need" && message.hashes)).toBe(true)
    await peer.store(all.hashes())
    await peer.store({
      type: "delta",
      put: [service("a"), novelty],
      remove: [["Novelty.future.smm.io", "shop", "x"]],
    })
    all.put(service("a"))
    await peer.store(all.status(stage.clock.at))
    const { objects, kinds, join: steps } = await info(identity)
    expect([objects, steps.inventory.doneAt]).toEqual([2, stage.clock.at])
    expect(kinds.map(({ kind, state, count }) => [kind, state, count])).toEqual(
      expect.arrayContaining([
        ["Pod", "live", 1],
        ["Novelty.future.smm.io", "denied", 0],
      ]),
    )
    expect(kinds.find(({ state }) => state === "denied")?.reason).toMatch(/the agent is newer/)
    const path = `/clusters/${identity.clusterId}/events`
    const { body } = await call<{ items: { kind: string }[] }>("GET", path)
    expect(body.items.map(({ kind }) => kind)).not.toContain("resync")
    await peer.close()
  })

  test("a change reaches the console that shows it, and nobody of another organization", async () => {
    const { identity, peer } = await joined("watched")
    await cache.sync(peer, stage.clock.at)
    const viewer = await view(stage.server, stage.tenant.tokens.viewer, stage.server)
    const stranger = await view(stage.server, stage.other.tokens.owner)
    await viewer.watch("pods", { type: "objects", kind: "pods", clusters: [] })
    await stranger.watch("pods", { type: "objects", kind: "pods", clusters: [] })
    await stranger.watch("graph", { type: "topology", clusters: [] })
    await viewer.watch("graph", { type: "topology", clusters: [identity.clusterId] })
    expect(await peer.next("pace")).toEqual({ type: "pace", tickMs: 10_000 })
    await peer.store({ type: "delta", put: [pod("c"), service("c")], remove: [["Pod", "shop", "a"]] })
    expect(await viewer.next("objects")).toMatchObject({
      id: "pods",
      seq: 1,
      put: [{ cluster: identity.clusterId, object: { metadata: { name: "c" } } }],
      remove: [{ cluster: identity.clusterId, kind: "Pod", namespace: "shop", name: "a" }],
    })
    const tick = tickOf(stage.clock.at)
    await peer.store({ type: "tick", late: false, tick })
    expect(await viewer.next("tick")).toMatchObject({
      id: "graph",
      cluster: identity.clusterId,
      late: false,
      tick,
    })
    const facts = viewer.received.filter((message) => message.type === "facts")
    expect(facts.flatMap(({ put }) => put.map(({ id }) => id))).toContain("Service/shop/c")
    await stranger.settled()
    expect(stranger.received.filter(({ type }) => !["subscribed", "pong"].includes(type))).toEqual([])
    await viewer.close()
    expect(await peer.next("pace")).toEqual({ type: "pace", tickMs: 60_000 })
    await stranger.close()
    await peer.close()
  })

  test("an object that is too large for one frame arrives whole", async () => {
    const { peer, identity } = await joined("large")
    // Random text does not compress: this takes several frames.
    const blob = Array.from({ length: 90_000 }, (_unused, i) =>
      String.fromCharCode(33 + ((i * i * 7919 + i) % 90)),
    ).join("")
    const large = pod("large", { spec: { blob } })
    await peer.store({ type: "delta", put: [large], remove: [] })
    const { body } = await call<{ object: unknown }>(
      "GET",
      `/clusters/${identity.clusterId}/objects/Pod/large?namespace=shop`,
    )
    expect(body.object).toEqual(large)
    await peer.close()
  })

  test("a cluster that is removed while connected is sent away at once and for good", async () => {
    const { peer, identity } = await joined("removed")
    await call("DELETE", `/clusters/${identity.clusterId}`)
    expect(await peer.next("bye")).toMatchObject({ code: "link.revoked", retryAfterMs: null })
    await peer.closed
    await expect(meet(stage.server, identity)).rejects.toThrow(/challenge answered 401.*link\.denied/)
  })

  test("a cluster that is revoked is sent away at once, and comes back with a new token", async () => {
    const { peer, identity } = await joined("revoked")
    await cache.sync(peer, stage.clock.at)
    await call("POST", `/clusters/${identity.clusterId}/revoke`)
    expect(await peer.next("bye")).toMatchObject({ code: "link.revoked", retryAfterMs: null })
    await expect(meet(stage.server, identity)).rejects.toThrow(/challenge answered 403.*link\.revoked/)
    const { token } = (await call<ClusterInstall>("POST", `/clusters/${identity.clusterId}/join-tokens`, {}))
      .body
    const again = await join(stage.server, token, identity.clusterUid)
    const second = await meet(stage.server, again)
    expect(await cache.sync(second, stage.clock.at)).toEqual([])
    expect((await info(again)).link).toBe("live")
    await second.close()
  })
})

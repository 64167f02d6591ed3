import { randomUUID } from "node:crypto"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import type { ClusterInfo, ClusterInstall, LinkEvent } from "#shared/api/cluster.ts"
import { limits } from "#shared/protocol/limits.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { AgentKeys } from "#cloud/store/agent-key.ts"
import { Clusters } from "#cloud/store/cluster.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { Ticks } from "#cloud/store/tick.ts"
import {
  Cache,
  type Identity,
  Peer,
  challenge,
  connect,
  helloOf,
  instanceOf,
  join,
  joinBody,
  meet,
  newKey,
  pod,
  post,
  rotateKey,
  service,
  ticket,
  ticketBody,
} from "./agent.ts"
import { api } from "./console.ts"
import { type Stage, transports } from "./transport.ts"

const who = { instance: instanceOf("one"), epoch: 0 }

describe.each(transports)("over %s", (_transport, start) => {
  let stage: Stage
  let count = 0
  beforeAll(async () => {
    stage = await start()
  })
  afterAll(() => stage.close())

  const call = <T>(method: string, path: string, body?: unknown) =>
    api<T>(stage.server, stage.tenant.tokens.owner, method, path, body)
  const add = async () => (await call<ClusterInstall>("POST", "/clusters", { name: `c${count++}` })).body
  const joined = async (): Promise<Identity> => join(stage.server, (await add()).token)
  const ownerOf = ({ clusterId }: Identity) => ({ organizationId: stage.tenant.organizationId, clusterId })
  const info = async ({ clusterId }: Identity) =>
    (await call<ClusterInfo>("GET", `/clusters/${clusterId}`)).body
  const events = async ({ clusterId }: Identity) =>
    (await call<{ items: LinkEvent[] }>("GET", `/clusters/${clusterId}/events`)).body.items
  const joinWith = (token: string, publicKey = newKey().publicKey, uid: string = randomUUID()) =>
    post<{ code: string; keyId: string }>(`${stage.server}/link/join`, joinBody(token, publicKey, uid))
  const tickAt = (at: number) => packTick({ at, windowMs: 60_000, source: "prometheus", edges: [], gaps: [] })

  describe("a join token", () => {
    test.each(['"', "'", "\n", "$(id)", "\u0000", "%0a", " "])(
      "with %j in it is refused early",
      async (piece) => {
        const { token } = await add()
        const bad = token.slice(0, -1) + piece
        expect(await joinWith(bad)).toMatchObject({ status: 401, body: { code: "join.invalid" } })
        if (/^[\x20-\x7e]*$/.test(bad)) {
          const answer = await fetch(`${stage.server}/install`, {
            headers: { authorization: `Bearer ${bad}` },
          })
          expect(answer.status).toBe(401)
          expect(answer.headers.get("content-type")).toMatch(/^text\/plain/)
          expect(await answer.text()).toMatch(/^smm: /)
        }
      },
    )

    test("is spent once; the same agent that lost the answer gets it again", async () => {
      const { token } = await add()
      const { publicKey } = newKey()
      const uid = randomUUID()
      const first = await joinWith(token, publicKey, uid)
      const again = await joinWith(token, publicKey, uid)
      expect(again).toEqual(first)
      expect(first.status).toBe(200)
      expect(await joinWith(token)).toMatchObject({ status: 409, body: { code: "join.used" } })
      const answer = await fetch(`${stage.server}/install`, { headers: { authorization: `Bearer ${token}` } })
      expect(answer.status).toBe(409)
    })

    test("of two agents that come together is spent by one", async () => {
      const { token } = await add()
      const uid = randomUUID()
      const answers = await Promise.all([1, 2, 3].map(() => joinWith(token, newKey().publicKey, uid)))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    })

    test("expires after 15 minutes", async () => {
      const { token } = await add()
      stage.clock.at += limits.joinTokenMs
      expect(await joinWith(token)).toMatchObject({ status: 401, body: { code: "join.expired" } })
    })

    test("stops working when another one is made, and when its cluster is removed", async () => {
      const { token, cluster } = await add()
      const next = await call<ClusterInstall>("POST", `/clusters/${cluster.clusterId}/join-tokens`, {})
      expect(await joinWith(token)).toMatchObject({ status: 401, body: { code: "join.invalid" } })
      await call("DELETE", `/clusters/${cluster.clusterId}`)
      expect(await joinWith(next.body.token)).toMatchObject({ status: 401, body: { code: "join.invalid" } })
    })

    test("that lost the race to be the newest one is none, though nobody took it out", async () => {
      const { token, cluster } = await add()
      const owner = { organizationId: stage.tenant.organizationId, clusterId: cluster.clusterId }
      await Clusters.change(stage.cloud, owner.organizationId, owner.clusterId, { tokenHash: "of-another" })
      expect(await joinWith(token)).toMatchObject({ status: 401, body: { code: "join.invalid" } })
    })

    test("that is revoked while an agent joins with it leaves no key, and the cluster revoked", async () => {
      const { token, cluster } = await add()
      const { clusterId } = cluster
      const owner = { organizationId: stage.tenant.organizationId, clusterId }
      const { put } = stage.cloud.table
      stage.cloud.table.put = async (item, condition) => {
        if (item.sk.startsWith("key#")) await call("POST", `/clusters/${clusterId}/revoke`)
        return put(item, condition)
      }
      try {
        expect(await joinWith(token)).toMatchObject({ status: 401, body: { code: "join.invalid" } })
      } finally {
        stage.cloud.table.put = put
      }
      expect(await AgentKeys.list(stage.cloud, owner)).toEqual([])
      expect((await call<ClusterInfo>("GET", `/clusters/${clusterId}`)).body.link).toBe("revoked")
    })

    test("that two clusters spend at once binds the one that got it, and the other may join by itself", async () => {
      const { token } = await add()
      const uids = [randomUUID(), randomUUID()]
      const answers = await Promise.all(uids.map((uid) => joinWith(token, newKey().publicKey, uid)))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const loser = uids[answers.findIndex(({ status }) => status !== 200)]
      expect(await joinWith((await add()).token, newKey().publicKey, loser)).toMatchObject({ status: 200 })
    })

    test("of a second cluster is not spent by a cluster that has joined already", async () => {
      const identity = await joined()
      const { token } = await add()
      const wrong = await joinWith(token, newKey().publicKey, identity.clusterUid)
      expect(wrong).toMatchObject({ status: 409, body: { code: "join.wrong_cluster" } })
      expect((await joinWith(token)).status).toBe(200)
    })

    test("of another organization joins that one's cluster, and nothing of the first one's", async () => {
      const identity = await joined()
      const { body } = await api<ClusterInstall>(
        stage.server,
        stage.other.tokens.owner,
        "POST",
        "/clusters",
        { name: `o${count++}` },
      )
      const theirs = await join(stage.server, body.token, identity.clusterUid)
      expect(theirs.clusterId).toBe(body.cluster.clusterId)
      expect((await call("GET", `/clusters/${theirs.clusterId}`)).status).toBe(404)
      const mixed = { clusterId: identity.clusterId, keyId: theirs.keyId }
      expect(await challenge(stage.server, mixed)).toMatchObject({
        status: 401,
        body: { code: "link.denied" },
      })
      const peer = await meet(stage.server, identity)
      expect(await new Cache().put(pod("a")).sync(peer, stage.clock.at)).toEqual([["Pod", "shop"]])
      const seen = await api<{ items: unknown[] }>(
        stage.server,
        stage.other.tokens.owner,
        "GET",
        "/objects/Pod",
      )
      expect(seen.body.items).toEqual([])
      await peer.close()
    })

    test("guessed over and over is refused before it is looked at, for a while", async () => {
      const guess = () => joinWith(`smj_${"b".repeat(43)}`)
      const answers = await Promise.all(Array.from({ length: 80 }, guess))
      expect(answers.map(({ status }) => status)).toContain(429)
      expect((await guess()).body.code).toBe("rate.limited")
      stage.clock.at += 120_000
      expect((await guess()).body.code).toBe("join.invalid")
    })

    test("that was never given out is not known", async () => {
      expect(await joinWith(`smj_${"a".repeat(43)}`)).toMatchObject({
        status: 401,
        body: { code: "join.invalid" },
      })
    })
  })

  describe("a ticket", () => {
    test("wants a signature with the cluster's own key over a nonce that is used once", async () => {
      const identity = await joined()
      const other = await join(
        stage.server,
        (
          await api<ClusterInstall>(stage.server, stage.other.tokens.owner, "POST", "/clusters", {
            name: `o${count++}`,
          })
        ).body.token,
      )
      const url = `${stage.server}/link/ticket`
      const good = await ticketBody(stage.server, identity, who)
      expect((await post(url, good)).status).toBe(200)
      expect(await post(url, good)).toMatchObject({ status: 401, body: { code: "link.denied" } })
      const forged = await ticketBody(stage.server, { ...identity, privateKey: other.privateKey }, who)
      expect(await post(url, forged)).toMatchObject({ status: 401, body: { code: "link.denied" } })
      const moved = { ...(await ticketBody(stage.server, identity, who)), epoch: 7 }
      expect(await post(url, moved)).toMatchObject({ status: 401, body: { code: "link.denied" } })
      const crossed = await challenge(stage.server, { clusterId: identity.clusterId, keyId: other.keyId })
      expect(crossed).toMatchObject({ status: 401, body: { code: "link.denied" } })
      const late = await ticketBody(stage.server, identity, who)
      stage.clock.at += limits.nonceMs
      expect(await post(url, late)).toMatchObject({ status: 401, body: { code: "link.denied" } })
    })

    test("opens one connection, within 60 seconds, and of its own kind", async () => {
      const identity = await joined()
      const { url } = (await ticket(stage.server, identity, who)).body
      await expect(new Peer(url.replace("/link?", "/socket?")).opened()).rejects.toThrow("401")
      const peer = new Peer(url)
      await peer.opened()
      await expect(new Peer(url).opened()).rejects.toThrow("401")
      const late = (await ticket(stage.server, identity, who)).body.url
      stage.clock.at += limits.ticketMs
      await expect(new Peer(late).opened()).rejects.toThrow("401")
      const socket = await api<{ url: string }>(
        stage.server,
        stage.tenant.tokens.owner,
        "POST",
        "/socket-tickets",
      )
      await expect(new Peer(socket.body.url.replace("/socket?", "/link?")).opened()).rejects.toThrow("401")
      await peer.close()
    })

    test("may be signed with either key until the new one has connected", async () => {
      const identity = await joined()
      stage.clock.at += 1
      const lost = await rotateKey(stage.server, identity)
      const next = await rotateKey(stage.server, identity)
      expect((await challenge(stage.server, lost)).status).toBe(401)
      await (await meet(stage.server, identity)).close()
      const peer = await meet(stage.server, next)
      await vi.waitFor(async () =>
        expect((await AgentKeys.list(stage.cloud, ownerOf(identity))).map(({ keyId }) => keyId)).toEqual([
          next.keyId,
        ]),
      )
      expect((await challenge(stage.server, identity)).status).toBe(401)
      await peer.close()
    })
  })

  describe("a message", () => {
    test.each([
      ["that is no frame", "hello?"],
      ["that is no JSON inside", JSON.stringify({ g: "a", i: 0, n: 1, d: gzipSync("{").toString("base64") })],
      ["that is no gzip", JSON.stringify({ g: "a", i: 0, n: 1, d: "AAAA" })],
      ["of a group that is none of an agent", JSON.stringify({ g: "=sums", i: 0, n: 2, d: "" })],
      ["of more parts than are allowed", JSON.stringify({ g: "a", i: 0, n: 65, d: "" })],
      ["with a part beyond its number", JSON.stringify({ g: "a", i: 1, n: 1, d: "" })],
      [
        "without a type",
        JSON.stringify({ g: "a", i: 0, n: 1, d: gzipSync(JSON.stringify({ seq: 2 })).toString("base64") }),
      ],
      [
        "that inflates beyond what a message may have",
        JSON.stringify({
          g: "a",
          i: 0,
          n: 1,
          d: gzipSync(Buffer.alloc(16 * 1024 * 1024, 32)).toString("base64"),
        }),
      ],
    ])("%s ends the connection with words, and the agent may come back", async (_, text) => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      peer.raw(text)
      const bye = await peer.next("bye")
      expect(bye.retryAfterMs).toBeGreaterThan(0)
      expect(["link.protocol", "input.too_large"]).toContain(bye.code)
      await peer.closed
      const again = await meet(stage.server, identity)
      expect(await new Cache().put(pod("a")).sync(again, stage.clock.at)).toEqual([["Pod", "shop"]])
      await again.close()
    })

    test("that inflates to a gigabyte, in as many frames as are allowed, costs the memory of what is allowed", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      // gzip may be written in members one after the other
      const member = gzipSync(Buffer.alloc(16 * 1024 * 1024, 32))
      const text = Buffer.concat(Array.from({ length: 64 }, () => member)).toString("base64")
      const size = Math.ceil(text.length / 64)
      const before = process.memoryUsage().rss
      for (let i = 0; i < 64; i++)
        peer.raw(JSON.stringify({ g: "bomb", i, n: 64, d: text.slice(i * size, (i + 1) * size) }))
      expect((await peer.next("bye")).code).toBe("link.protocol")
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024)
      await peer.closed
      const again = await meet(stage.server, identity)
      expect(await new Cache().put(pod("a")).sync(again, stage.clock.at)).toEqual([["Pod", "shop"]])
      await again.close()
    })

    test("of an unknown type is acknowledged, left out, and told", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      await peer.store({ type: "dance", steps: 3 })
      await peer.store({ type: "delta", put: [pod("a")], remove: [], hint: "of a newer agent" })
      expect((await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).length).toBe(1)
      await vi.waitFor(async () =>
        expect((await events(identity)).map(({ message }) => message).join()).toContain("type dance"),
      )
      await peer.close()
    })

    test("that was taken before is acknowledged again and changes nothing", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const seq = await peer.store({ type: "delta", put: [pod("a")], remove: [] })
      await peer.store({ type: "delta", put: [], remove: [["Pod", "shop", "a"]] })
      peer.send({ type: "delta", seq, put: [pod("a")], remove: [] })
      expect(await peer.next("ack")).toEqual({ type: "ack", seq: seq + 1 })
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).toEqual([])
      await peer.close()
    })

    test("that is missing makes the cloud compare everything, and it converges", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const cache = new Cache().put(pod("a"), service("a"))
      await cache.sync(peer, stage.clock.at)
      cache.put(pod("b"))
      // The delta with pod b is lost; the next one comes.
      peer.seq++
      cache.put(pod("c"))
      const before = peer.received.length
      await peer.store({ type: "delta", put: [pod("c")], remove: [] })
      expect(peer.received.slice(before)).toContainEqual({ type: "need", buckets: [], hashes: true })
      expect(await cache.sync(peer, stage.clock.at)).toEqual([["Pod", "shop"]])
      expect((await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).length).toBe(3)
      expect((await events(identity)).map(({ kind }) => kind)).toContain("resync")
      await peer.close()
    })

    test("with a root that differs from what is stored makes the cloud compare, at most once a minute", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const cache = new Cache().put(pod("a"))
      await cache.sync(peer, stage.clock.at)
      await Inventory.applyDelta(stage.cloud, ownerOf(identity), 1, { put: [pod("stray")], remove: [] })
      stage.clock.at += 61_000
      cache.put(pod("b"))
      await peer.store({ type: "delta", put: [pod("b")], remove: [] })
      const asked = () => peer.received.filter((message) => message.type === "need" && message.hashes).length
      await peer.store(cache.status(stage.clock.at))
      expect(asked()).toBe(1)
      await peer.store(cache.status(stage.clock.at))
      expect(asked()).toBe(1)
      expect(await cache.sync(peer, stage.clock.at)).toEqual([["Pod", "shop"]])
      expect(
        (await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).map(({ metadata }) => metadata.name),
      ).toEqual(["a", "b"])
      await peer.close()
    })

    test("with the root of ten minutes ago makes the cloud look again at what is stored", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const cache = new Cache().put(pod("a"))
      await cache.sync(peer, stage.clock.at)
      await Inventory.applyDelta(stage.cloud, ownerOf(identity), 1, { put: [pod("stray")], remove: [] })
      const asked = () => peer.received.filter((message) => message.type === "need" && message.hashes).length
      await peer.store(cache.status(stage.clock.at))
      expect(asked()).toBe(0)
      stage.clock.at += 10 * 60_000
      await peer.store(cache.status(stage.clock.at))
      expect(asked()).toBe(1)
      await peer.close()
    })

    test("of the sums in several parts is compared once all are there, whatever comes between", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const cache = new Cache().put(pod("a"), service("a"), { ...pod("a"), kind: "ServiceAccount" })
      await cache.sync(peer, stage.clock.at)
      cache.remove(service("a")).put(pod("b"))
      const buckets = cache.sums()
      const part = (index: number) => ({
        type: "hashes",
        part: index,
        parts: 2,
        buckets: [buckets[index]],
        unknown: ["Node"],
      })
      await peer.store(part(0))
      await peer.store({ type: "tick", late: false, tick: tickAt(stage.clock.at) })
      const before = peer.received.length
      await peer.store(part(1))
      expect(peer.received.slice(before).find(({ type }) => type === "need")).toMatchObject({
        buckets: [["Pod", "shop"]],
      })
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Service")).toEqual([])
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "ServiceAccount")).toHaveLength(1)
      await peer.close()
    })

    test("never empties a kind that the agent does not know now", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      await new Cache().put(pod("a"), service("a")).sync(peer, stage.clock.at)
      await peer.store({ ...new Cache().hashes(["Pod"]) })
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).toHaveLength(1)
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Service")).toEqual([])
      await peer.close()
    })

    test("with a Secret in it stores the rest, never the Secret", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const secret = { ...pod("password"), kind: "Secret", data: { password: "aHVudGVyMg==" } }
      await peer.store({ type: "delta", put: [secret, pod("a")], remove: [] })
      const bucket = {
        type: "bucket",
        kind: "Secret",
        namespace: "shop",
        after: "",
        upTo: null,
        objects: [secret],
      }
      await peer.store(bucket)
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Secret")).toEqual([])
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).toHaveLength(1)
      await peer.close()
    })

    test.each([
      ...["a#b", "a/b", "größe", "a\u0000", "x".repeat(254)].map(
        (name): [string, Record<string, unknown>] => [
          `the name ${JSON.stringify(name.slice(0, 8))} that no Kubernetes object has`,
          { type: "delta", put: [pod(name)], remove: [] },
        ],
      ),
      ["a namespace that is none", { type: "delta", put: [], remove: [["Pod", "a#b", "c"]] }],
      [
        "a status of a thousand kinds",
        {
          ...new Cache().status(1),
          kinds: Array.from({ length: 1_000 }, (_, i) => ({
            kind: `Kind${i}`,
            state: "live",
            since: 1,
            count: 0,
            reason: "",
          })),
        },
      ],
      [
        "an object outside of its bucket's range",
        { type: "bucket", kind: "Pod", namespace: "shop", after: "b", upTo: "c", objects: [pod("a")] },
      ],
      [
        "an object of another kind than its bucket's",
        { type: "bucket", kind: "Pod", namespace: "shop", after: "", upTo: null, objects: [service("a")] },
      ],
      ["a second hello", { ...helloOf({ clusterUid: "x" } as Identity, who) }],
    ])("with %s ends the connection", async (_, message) => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      peer.send(message)
      expect((await peer.next("bye")).code).toBe("link.protocol")
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).toEqual([])
      await peer.closed
    })

    test("before the hello, or a hello of another cluster or version, ends the connection", async () => {
      const identity = await joined()
      const early = await connect(stage.server, identity, who)
      early.send({ type: "ping" })
      expect((await early.next("bye")).code).toBe("link.protocol")
      const strange = await connect(stage.server, identity, who)
      strange.send(helloOf({ ...identity, clusterUid: randomUUID() }, who))
      expect(await strange.next("bye")).toMatchObject({ code: "link.denied", retryAfterMs: null })
      const long = await connect(stage.server, identity, who)
      long.send({ ...helloOf(identity, who), agent: "a".repeat(500_000) })
      expect((await long.next("bye")).code).toBe("link.protocol")
      const future = await connect(stage.server, identity, who)
      future.send({ ...helloOf(identity, who), protocol: 99 })
      expect((await future.next("bye")).message).toContain("version 99")
    })

    test("with a tick whose columns do not fit is refused with words, and readers are not hurt", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      const tick = { ...tickAt(stage.clock.at), c: "9zz" }
      await peer.store({ type: "tick", late: false, tick })
      expect(await Ticks.newest(stage.cloud, ownerOf(identity))).toBeUndefined()
      await vi.waitFor(async () =>
        expect((await events(identity)).map(({ message }) => message).join()).toContain("columns do not fit"),
      )
      expect((await call("GET", `/topology/sources?cluster=${identity.clusterId}`)).status).toBe(200)
      await peer.close()
    })
  })

  describe("two agents with one identity", () => {
    test("the newer session wins, the older gets bye and is not heard", async () => {
      const identity = await joined()
      const first = await meet(stage.server, identity, { instance: instanceOf("first"), epoch: 0 })
      const second = await meet(stage.server, identity, { instance: instanceOf("second"), epoch: 0 })
      const bye = await first.next("bye")
      expect(bye).toMatchObject({ code: "link.duplicate" })
      expect(bye.retryAfterMs).toBeGreaterThanOrEqual(60_000)
      await first.closed
      await second.store({ type: "delta", put: [pod("a")], remove: [] })
      expect((await info(identity)).link).toBe("live")
      await second.close()
    })

    test("a lower lease epoch is refused at the ticket, and at the hello when it was faster there", async () => {
      const identity = await joined()
      const old = await connect(stage.server, identity, { instance: instanceOf("old"), epoch: 3 })
      const leader = await meet(stage.server, identity, { instance: instanceOf("leader"), epoch: 4 })
      old.send(helloOf(identity, { instance: instanceOf("old"), epoch: 3 }))
      expect(await old.next("bye")).toMatchObject({ code: "link.fenced" })
      const refused = await ticket(stage.server, identity, { instance: instanceOf("old"), epoch: 3 })
      expect(refused).toMatchObject({ status: 409, body: { code: "link.fenced" } })
      const heir = await meet(stage.server, identity, { instance: instanceOf("heir"), epoch: 5 })
      expect((await leader.next("bye")).code).toBe("link.fenced")
      await heir.close()
    })

    test("a Lease that counts anew is taken when the one before has been silent for five minutes", async () => {
      const identity = await joined()
      const before = await meet(stage.server, identity, { instance: instanceOf("before"), epoch: 41 })
      const anew = { instance: instanceOf("anew"), epoch: 1 }
      expect((await ticket(stage.server, identity, anew)).body.code).toBe("link.fenced")
      await before.close()
      expect((await ticket(stage.server, identity, anew)).body.code).toBe("link.fenced")
      stage.clock.at += 5 * 60_000
      const peer = await meet(stage.server, identity, anew)
      expect(await new Cache().put(pod("a")).sync(peer, stage.clock.at)).toEqual([["Pod", "shop"]])
      const after = { instance: instanceOf("after"), epoch: 2 }
      await (await meet(stage.server, identity, after)).close()
      expect((await peer.next("bye")).code).toBe("link.fenced")
    })

    test("a planned rotation leaves the old connection to its agent, which is fenced if it goes on", async () => {
      const identity = await joined()
      const old = await meet(stage.server, identity)
      const next = await meet(stage.server, identity)
      await next.store({ type: "delta", put: [pod("a")], remove: [] })
      expect(old.received.some(({ type }) => type === "bye")).toBe(false)
      old.send({ type: "delta", put: [], remove: [["Pod", "shop", "a"]] })
      expect((await old.next("bye")).code).toBe("link.fenced")
      await old.closed
      expect(await Inventory.all(stage.cloud, ownerOf(identity), "Pod")).toHaveLength(1)
      expect((await info(identity)).link).toBe("live")
      expect((await events(identity)).map(({ kind }) => kind)).toContain("rotated")
      await next.close()
    })
  })

  test("a message of an old connection that is written after the new one has compared is found and put right", async () => {
    const identity = await joined()
    const old = await meet(stage.server, identity)
    const { batch } = stage.cloud.table
    const slow = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    stage.cloud.table.batch = async (put, remove) => {
      if (put.some(({ sk }) => sk.endsWith("#stale"))) {
        begun.resolve()
        await slow.promise
      }
      return batch(put, remove)
    }
    try {
      const objects = [pod("stale")]
      old.send({ type: "bucket", kind: "Pod", namespace: "shop", after: "", upTo: null, objects })
      await begun.promise
      const cache = new Cache().put(pod("a"))
      const next = await meet(stage.server, identity)
      await cache.sync(next, stage.clock.at)
      slow.resolve()
      expect((await old.next("bye")).code).toBe("link.fenced")
      await next.store(cache.status(stage.clock.at))
      expect(next.received).toContainEqual({ type: "need", buckets: [], hashes: true })
      await cache.sync(next, stage.clock.at)
      const pods = await Inventory.all(stage.cloud, ownerOf(identity), "Pod")
      expect(pods.map(({ metadata }) => metadata.name)).toEqual(["a"])
      await next.close()
    } finally {
      slow.resolve()
      stage.cloud.table.batch = batch
    }
  })

  describe("a clock that is 5 minutes off", () => {
    test.each([300_000, -300_000])("(by %i ms) leaves everything at the cloud's time", async (skew) => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      await new Cache().put(pod("a")).sync(peer, stage.clock.at + skew)
      await peer.store({ type: "tick", late: false, tick: tickAt(stage.clock.at + skew) })
      expect((await Ticks.newest(stage.cloud, ownerOf(identity)))?.at).toBe(stage.clock.at)
      await peer.store({ type: "tick", late: true, tick: tickAt(stage.clock.at + skew - 600_000) })
      const [back] = await Ticks.range(
        stage.cloud,
        ownerOf(identity),
        stage.clock.at - 3_600_000,
        stage.clock.at - 120_000,
      )
      expect(back).toMatchObject({ late: true, tick: { at: stage.clock.at - 600_000 } })
      const known = await info(identity)
      expect(known).toMatchObject({ link: "live", lastTickAt: stage.clock.at })
      expect(known.kinds[0]?.since).toBe(stage.clock.at)
      await vi.waitFor(async () =>
        expect((await events(identity)).map(({ message }) => message).join()).toContain(
          `300 s ${skew > 0 ? "ahead" : "behind"}`,
        ),
      )
      await peer.close()
    })

    test("a late tick of no possible time is refused with words", async () => {
      const identity = await joined()
      const peer = await meet(stage.server, identity)
      await peer.store({ type: "tick", late: true, tick: tickAt(stage.clock.at - 3 * 3_600_000) })
      expect(await Ticks.newest(stage.cloud, ownerOf(identity))).toBeUndefined()
      await vi.waitFor(async () =>
        expect((await events(identity)).map(({ message }) => message).join()).toContain(
          "late tick was refused",
        ),
      )
      await peer.close()
    })
  })
})

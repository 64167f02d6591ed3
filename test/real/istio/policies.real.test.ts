import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { skipNote } from "../skip.ts"
import { bedMissing, until } from "./bed.ts"
import { ChangingMesh, type Reply } from "./changing.ts"
import { namespace, port } from "./control-mesh.ts"
import { countBy } from "./share.ts"
import { waiting } from "./upstream.ts"

const reviews = { namespace, name: "reviews" }
const podOf = ({ echo }: Reply): string => echo?.pod ?? "none"
const pods = ["reviews-v1", "reviews-v2", "reviews-v3"]

describe.skipIf(skipNote("traffic policies on istiod and Envoy", bedMissing()))(
  "a traffic policy in a real Envoy",
  () => {
    let mesh: ChangingMesh

    beforeAll(async () => {
      mesh = await ChangingMesh.start()
    })
    afterAll(() => mesh.stop())
    afterEach(async () => {
      mesh.upstreams.broken.clear()
      await mesh.undo()
      expect(mesh.written()).toEqual(mesh.untouched)
    })

    /** One after the other. */
    async function inTurn(count: number, headers: Record<string, string> = {}): Promise<Reply[]> {
      const replies: Reply[] = []
      for (let turn = 0; turn < count; turn += 1) replies.push(await mesh.ask({ headers }))
      return replies
    }

    test("a circuit breaker refuses what is more than its connections and those who wait for one", async () => {
      const details = { namespace, name: "details" }
      const burst = { service: "details", headers: { [waiting]: "400" } }
      const statuses = async () => countBy(await mesh.many(8, burst), ({ status }) => String(status))
      expect(await statuses()).toEqual({ 200: 8 })
      const connectionPool = { maxConnections: 1, http1MaxPendingRequests: 1 }
      await mesh.change(
        { control: "circuit-breaker", service: details, scope: {}, set: { connectionPool } },
        { asking: { service: "details" }, statuses: [200, 503] },
      )
      const replies = await mesh.many(8, burst)
      const logged = await mesh.logged(replies)
      const flags = countBy(logged, (one) => `${one.status} ${one.flags}`)
      // The first waits for its connection too, so that it may be alone.
      expect(flags["200 -"]).toBeGreaterThanOrEqual(1)
      expect(flags["200 -"]).toBeLessThanOrEqual(2)
      expect(flags["503 UO"]).toBe(8 - (flags["200 -"] ?? 0))
      await mesh.change(
        { control: "circuit-breaker", service: details, scope: {}, set: null },
        { asking: { service: "details" }, statuses: [200, 503] },
      )
      expect(await statuses()).toEqual({ 200: 8 })
    })

    test("outlier detection takes a failing pod out, and the others answer everything", async () => {
      const outlierDetection = {
        ...{ consecutive5xxErrors: 3, interval: "100ms", baseEjectionTime: "60s" },
        maxEjectionPercent: 100,
      }
      await mesh.change({
        control: "circuit-breaker",
        service: reviews,
        scope: {},
        set: { outlierDetection },
      })
      expect(Object.keys(countBy(await mesh.many(60), podOf)).toSorted()).toEqual(pods)
      mesh.upstreams.broken.add("reviews-v2")
      await until("the pod is out", async () => {
        await mesh.many(8)
        const stats = await mesh.bed.stats("client", /reviews\..*outlier_detection\.ejections_active$/)
        return [...stats.values()].some((active) => active === 1)
      })
      const replies = await mesh.many(120)
      expect(countBy(replies, ({ status }) => String(status))).toEqual({ 200: 120 })
      expect(Object.keys(countBy(replies, podOf)).toSorted()).toEqual(["reviews-v1", "reviews-v3"])
    })

    test("a header's value stays at one pod", async () => {
      const users = Array.from({ length: 24 }, (_, at) => ({ "x-user": `user-${at}` }))
      const set = { consistentHash: { httpHeaderName: "x-user" } }
      await mesh.change({ control: "load-balancing", service: reviews, scope: {}, set })
      const seen = new Set<string>()
      for (const headers of users) {
        const own = new Set((await mesh.many(8, { headers })).map(podOf))
        expect([...own], headers["x-user"]).toHaveLength(1)
        for (const pod of own) seen.add(pod)
      }
      expect([...seen].toSorted()).toEqual(pods)
      await mesh.change({ control: "load-balancing", service: reviews, scope: {}, set: null })
      const spread = new Set((await mesh.many(60, { headers: { "x-user": "user-0" } })).map(podOf))
      expect([...spread].toSorted()).toEqual(pods)
    })

    test("a cookie that the proxy makes leads back to its pod, for one port", async () => {
      const set = { consistentHash: { httpCookie: { name: "seat", ttl: "60s" } } }
      await mesh.change({ control: "load-balancing", service: reviews, scope: { port }, set })
      const first = await mesh.ask()
      const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? ""
      expect(cookie).toMatch(/^seat=/)
      expect(new Set((await inTurn(12, { cookie })).map(podOf))).toEqual(new Set([podOf(first)]))
    })

    test("round robin gives every pod the same", async () => {
      const set = { simple: "ROUND_ROBIN" as const }
      await mesh.change({ control: "load-balancing", service: reviews, scope: {}, set })
      expect(countBy(await inTurn(30), podOf)).toEqual({
        ...{ "reviews-v1": 10, "reviews-v2": 10, "reviews-v3": 10 },
      })
    })

    test("client TLS is spoken to a pod that wants it, with the name that is said", async () => {
      const vault = { namespace, name: "vault" }
      const asking = { service: "vault" }
      const broken = await mesh.many(8, asking)
      expect(broken.some(({ status }) => status === 200)).toBe(false)
      const set = { mode: "SIMPLE" as const, sni: "vault.test", insecureSkipVerify: true }
      await mesh.change(
        { control: "client-tls", service: vault, scope: {}, set },
        { asking, statuses: [200, 502, 503] },
      )
      const replies = await mesh.many(24, asking)
      expect(countBy(replies, podOf)).toEqual({ "vault-v1": 24 })
      expect(mesh.upstreams.names("vault-v1")).toEqual(new Set(["vault.test"]))
    })
  },
)

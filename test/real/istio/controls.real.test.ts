import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { skipNote } from "../skip.ts"
import { bedMissing, until } from "./bed.ts"
import { ChangingMesh, type Reply } from "./changing.ts"
import { namespace } from "./control-mesh.ts"
import { boundsOf, countBy } from "./share.ts"

const service = { namespace, name: "reviews" }
const pages = { namespace, name: "pages" }
const versionOf = ({ echo }: Reply): string => echo?.version ?? "none"
const jason = { headers: { "end-user": "jason" } }
const forJason = { headers: { "end-user": { exact: "jason" } } }

describe.skipIf(skipNote("the controls on istiod and Envoy", bedMissing()))("in a real Envoy", () => {
  let mesh: ChangingMesh

  beforeAll(async () => {
    mesh = await ChangingMesh.start()
  })
  afterAll(() => mesh.stop())
  afterEach(async () => {
    await mesh.undo()
    expect(mesh.written()).toEqual(mesh.untouched)
    expect(Object.keys(countBy(await mesh.many(60), versionOf)).toSorted()).toEqual(["v1", "v2", "v3"])
  })

  function expectShares(replies: readonly Reply[], shares: Record<string, number>): void {
    const counts = countBy(replies, versionOf)
    expect(Object.keys(counts).filter((version) => shares[version] === undefined)).toEqual([])
    for (const [version, share] of Object.entries(shares)) {
      const [least, most] = boundsOf(share / 100, replies.length)
      expect(counts[version] ?? 0, version).toBeGreaterThanOrEqual(least)
      expect(counts[version] ?? 0, version).toBeLessThanOrEqual(most)
    }
  }

  test("a shift gives each version its share, and no request is lost on the way", async () => {
    await mesh.change({ control: "shift", service, set: { weights: { v1: 80, v3: 20 } } })
    expectShares(await mesh.many(600), { v1: 80, v3: 20 })
    await mesh.change({ control: "shift", service, set: { weights: { v2: 35, v3: 65 } } })
    expectShares(await mesh.many(600), { v2: 35, v3: 65 })
    await mesh.change({ control: "shift", service, set: { weights: { v1: 100 } } })
    expectShares(await mesh.many(50), { v1: 100 })
    await mesh.change({ control: "shift", service, set: null })
    expect(Object.keys(countBy(await mesh.many(60), versionOf)).toSorted()).toEqual(["v1", "v2", "v3"])
  })

  test("a shift for a match leaves the requests of others where they went", async () => {
    await mesh.change({ control: "shift", service, set: { weights: { v1: 100 } } })
    await mesh.change({ control: "shift", service, set: { match: forJason, weights: { v2: 100 } } })
    expectShares(await mesh.many(40, jason), { v2: 100 })
    expectShares(await mesh.many(40), { v1: 100 })
  })

  test("a shift of a service that an HTTPRoute routes divides its requests between the versions' Services", async () => {
    expectShares(await mesh.many(40, { service: "pages" }), { v1: 100 })
    await mesh.change(
      { control: "shift", service: pages, set: { weights: { v1: 70, v2: 30 } } },
      { asking: { service: "pages" } },
    )
    expectShares(await mesh.many(600, { service: "pages" }), { v1: 70, v2: 30 })
    expect(Object.keys(mesh.written())).toEqual(["HTTPRoute pages"])
  })

  test("an abort answers its share of the requests, which no pod sees", async () => {
    const set = { abort: { percent: 40, httpStatus: 503 } }
    await mesh.change({ control: "fault", service, set }, { statuses: [200, 503] })
    mesh.upstreams.forget()
    const replies = await mesh.many(400)
    const aborted = replies.filter(({ status }) => status === 503)
    const [least, most] = boundsOf(0.4, replies.length)
    expect(aborted.length).toBeGreaterThanOrEqual(least)
    expect(aborted.length).toBeLessThanOrEqual(most)
    expect(new Set((await mesh.logged(aborted)).map(({ flags }) => flags))).toEqual(new Set(["FI"]))
    const seen = ["reviews-v1", "reviews-v2", "reviews-v3"].flatMap((pod) => mesh.upstreams.received(pod))
    expect(seen.length).toBe(replies.length - aborted.length)
    await mesh.change({ control: "fault", service, set: null }, { statuses: [200, 503] })
    expect(countBy(await mesh.many(100), ({ status }) => String(status))).toEqual({ 200: 100 })
  })

  test("an abort for a match leaves others alone, and answers gRPC in its own way", async () => {
    const set = { match: forJason, abort: { percent: 100, grpcStatus: "UNAVAILABLE" } }
    await mesh.change({ control: "fault", service, set })
    const grpc = { ...jason.headers, "content-type": "application/grpc" }
    const aborted = await mesh.ask({ method: "POST", headers: grpc })
    expect(aborted).toMatchObject({ status: 200, echo: null, headers: { "grpc-status": "14" } })
    expect(countBy(await mesh.many(40), ({ echo }) => String(echo !== null))).toEqual({ true: 40 })
  })

  test("a delay holds its share of the requests for so long", async () => {
    const set = { delay: { percent: 50, fixedDelay: "200ms" } }
    await mesh.change({ control: "fault", service, set })
    const replies = await mesh.many(120)
    const [least, most] = boundsOf(0.5, replies.length)
    const logged = await mesh.logged(replies)
    const delayed = replies.filter((_, at) => logged[at]?.flags === "DI")
    expect(delayed.length).toBeGreaterThanOrEqual(least)
    expect(delayed.length).toBeLessThanOrEqual(most)
    // Envoy's timers count from when its loop woke, some milliseconds before the request.
    expect(Math.min(...delayed.map(({ elapsedMs }) => elapsedMs))).toBeGreaterThan(150)
    expect(replies.every(({ status }) => status === 200)).toBe(true)
  })

  test("mirrors get their copies, and the answers come from where they came from before", async () => {
    await mesh.change({ control: "shift", service, set: { weights: { v1: 100 } } })
    const mirrors = [
      { destination: { subset: "v3" }, percent: 100 },
      { destination: { subset: "v2" }, percent: 30 },
    ]
    await mesh.change({ control: "mirror", service, set: { mirrors } })
    const replies = await mesh.many(300)
    expectShares(replies, { v1: 100 })
    const ids = new Set(replies.map(({ id }) => id))
    const copies = (pod: string) => mesh.upstreams.received(pod).filter(({ id }) => ids.has(id))
    await until("all copies arrive", async () => copies("reviews-v3").length === replies.length)
    expect(new Set(copies("reviews-v3").map(({ id }) => id))).toEqual(ids)
    const [least, most] = boundsOf(0.3, replies.length)
    expect(copies("reviews-v2").length).toBeGreaterThanOrEqual(least)
    expect(copies("reviews-v2").length).toBeLessThanOrEqual(most)
    await mesh.change({ control: "mirror", service, set: null })
    const more = await mesh.many(40)
    expectShares(more, { v1: 100 })
    const later = new Set(more.map(({ id }) => id))
    expect(mesh.upstreams.received("reviews-v3").filter(({ id }) => later.has(id))).toEqual([])
  })

  test("a subset gets another name while requests go to it, and the time between the steps is enough", async () => {
    const object = (kind: string, spec: unknown) => ({
      ...{ apiVersion: "networking.istio.io/v1", kind, metadata: { name: "reviews", namespace }, spec },
    })
    const objects = (subset: string) => [
      object("VirtualService", {
        hosts: ["reviews"],
        http: [{ route: [{ destination: { host: "reviews", subset } }] }],
      }),
      object("DestinationRule", { host: "reviews", subsets: [{ name: subset, labels: { version: "v1" } }] }),
    ]
    const named = (subset: string) => ({ control: "objects" as const, put: objects(subset), remove: [] })
    await mesh.change(named("old"))
    for (const [subset, pace] of [
      ["new", "seen"],
      ["newer", "planned"],
    ] as const) {
      const steps = await mesh.change(named(subset), { pace })
      expect(steps.map(({ object: { kind } }) => kind.split(".")[0])).toEqual([
        ...["DestinationRule", "VirtualService", "DestinationRule"],
      ])
      expectShares(await mesh.many(40), { v1: 100 })
    }
  })
})

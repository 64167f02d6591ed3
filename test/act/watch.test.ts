import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Guard } from "#shared/edit/guard.ts"
import type { Watched } from "#shared/protocol/message/act.ts"
import type { EdgeSample, Tick } from "#shared/telemetry/edge.ts"
import { KubeError } from "#agent/cluster/api.ts"
import { packed, unpacked } from "#agent/act/record.ts"
import { sampleOf } from "#agent/act/measure.ts"
import { ann, applyOf, type Bed, changeId, openBed, type Process, refOf, route, rule } from "./bed.ts"

let bed: Bed
let agent: Process
beforeEach(async () => {
  bed = await openBed()
  agent = await bed.start()
  await agent.resume()
  await bed.put(route("reviews", { v1: 100 }))
})
afterEach(() => bed.close())

const guard: Guard = { errorsPercent: 2, p95Ms: 500, forMs: 0, withinMs: 10_000 }
const edits = () =>
  bed.plan(
    { create: rule("reviews", ["v1"]) },
    {
      object: refOf("VirtualService", "reviews"),
      patch: [{ op: "add", path: "/spec/http/0/timeout", value: "3s" }],
    },
  )

const end = { cluster: "", namespace: "bookinfo", workload: "reviews-v1", app: "reviews", version: "v1" }
const edge = (code: string, requestsPerSecond: number, p95: number, service = "reviews"): EdgeSample => ({
  source: { ...end, workload: "productpage" },
  destination: { ...end, service, serviceNamespace: "bookinfo" },
  protocol: "http",
  reporter: "source",
  requestsPerSecond,
  responses: [{ code, flags: "", grpc: "", requestsPerSecond }],
  latencyMs: { p50: p95 / 2, p95, p99: p95 * 2 },
  bytesPerSecond: { sent: 0, received: 0 },
  tcp: null,
  mtlsRatio: null,
})
const tickOf = (...edges: EdgeSample[]): Tick => ({
  at: Date.now() + 5,
  windowMs: 10_000,
  source: "prometheus",
  edges,
  gaps: [],
})

const told = async (process: Process = agent): Promise<Omit<Watched, "seq">> => {
  await expect.poll(() => process.told.has(`watched ${changeId}`), { timeout: 10_000 }).toBe(true)
  return process.told.get(`watched ${changeId}`) as Omit<Watched, "seq">
}
const isAsBefore = () => {
  expect(bed.get("VirtualService", "reviews")?.["spec"]).toEqual(route("reviews", { v1: 100 })["spec"])
  expect(bed.get("DestinationRule", "reviews")).toBeUndefined()
}
const isThere = () => {
  expect(bed.get("VirtualService", "reviews")).toMatchObject({ spec: { http: [{ timeout: "3s" }] } })
  expect(bed.get("DestinationRule", "reviews")).toBeDefined()
}

describe("a change under guard", () => {
  test("is undone as whoever made it when a bound is exceeded, and the numbers are told", async () => {
    expect(await agent.run(applyOf(edits(), { guard }))).toMatchObject({ failure: null })
    agent.tick(tickOf(edge("200", 99, 100), edge("503", 1, 100)))
    agent.tick(tickOf(edge("200", 10, 100), edge("503", 90, 100, "ratings")))
    isThere()
    bed.writes.length = 0
    agent.tick({ ...tickOf(edge("200", 95, 100), edge("503", 5, 100)), at: Date.now() + 50 })
    expect(await told()).toMatchObject({
      type: "watched",
      changeId,
      end: "undone",
      why: "guard",
      reason: expect.stringMatching(/^errors 5 % \(bound 2 %\) for \d+ s$/),
      outcome: { type: "apply", as: ann, failure: null, steps: [{ state: "applied" }, { state: "applied" }] },
    })
    isAsBefore()
    expect(bed.writes.map(({ as }) => as)).toEqual([ann, ann])
  })

  test("is undone when it is slow", async () => {
    await agent.run(applyOf(edits(), { guard }))
    agent.tick(tickOf(edge("200", 10, 900)))
    expect(await told()).toMatchObject({
      end: "undone",
      reason: expect.stringContaining("p95 900 ms (bound 500 ms)"),
    })
  })

  /** The next process, for which the change was made so much earlier. */
  async function later(ms: number): Promise<Process> {
    agent.kill()
    const key = `watch.${changeId}`
    const watch = unpacked(bed.store.records[key] ?? "") as { since: number }
    bed.store.records[key] = packed({ ...watch, since: watch.since - ms })
    const next = await bed.start()
    await next.resume()
    return next
  }

  test("stays when nothing was exceeded, which is told at its end", async () => {
    await agent.run(applyOf(edits(), { guard }))
    const next = await later(9_500)
    next.tick(tickOf(edge("200", 10, 100)))
    expect(await told(next)).toMatchObject({
      end: "passed",
      why: "guard",
      reason: "at most errors 0 % (bound 2 %), p95 100 ms (bound 500 ms) in 10 s",
      outcome: null,
    })
    isThere()
  })

  test("stays when nothing was measured, but that is no success", async () => {
    await agent.run(applyOf(edits(), { guard }))
    const next = await later(9_700)
    next.tick(tickOf(edge("503", 10, 100, "ratings")))
    expect(await told(next)).toMatchObject({
      end: "failed",
      reason: expect.stringContaining("could not tell"),
    })
    isThere()
  })

  test("that is released stays, whatever is measured then", async () => {
    await agent.run(applyOf(edits(), { guard }))
    expect(await agent.run({ type: "release", changeId })).toEqual({ type: "release", failure: null })
    agent.tick(tickOf(edge("503", 10, 100)))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(agent.told.has(`watched ${changeId}`)).toBe(false)
    isThere()
    await agent.acknowledge()
    expect(Object.keys(bed.store.records)).not.toContain(`watch.${changeId}`)
  })

  test("of which only a part was done is watched for that part", async () => {
    bed.fault = (call) =>
      call.method === "PATCH" ? { before: new KubeError(403, "Forbidden", "denied") } : undefined
    expect(await agent.run(applyOf(edits(), { guard }))).toMatchObject({
      steps: [{ state: "applied" }, { state: "failed" }],
    })
    bed.fault = () => undefined
    agent.tick(tickOf(edge("503", 10, 100)))
    expect(await told()).toMatchObject({ end: "undone" })
    isAsBefore()
  })
})

describe("a change with an expiry", () => {
  test("is undone in time, without anything measured and without a link", async () => {
    await agent.run(applyOf(edits(), { revertAt: Date.now() + 500 }))
    isThere()
    expect(await told()).toMatchObject({
      end: "undone",
      why: "expiry",
      reason: expect.stringContaining("its time was over at"),
    })
    isAsBefore()
  })

  test("is undone by the next process when that is late, and told until the cloud has it", async () => {
    await agent.run(applyOf(edits(), { revertAt: Date.now() + 300 }))
    agent.kill()
    await new Promise((resolve) => setTimeout(resolve, 400))
    isThere()
    const next = await bed.start()
    await next.resume()
    expect(await told(next)).toMatchObject({ end: "undone", why: "expiry" })
    isAsBefore()
    next.kill()
    const third = await bed.start()
    await third.resume()
    expect(await told(third)).toMatchObject({ end: "undone" })
    await third.acknowledge()
    expect(Object.keys(bed.store.records)).toEqual(["seen"])
  })

  test("keeps what others have written since, and says so", async () => {
    await agent.run(applyOf(edits(), { revertAt: Date.now() + 600 }))
    const live = bed.get("VirtualService", "reviews")
    const spec = structuredClone(live?.["spec"]) as { http: { timeout?: string; retries?: object }[] }
    if (spec.http[0]) Object.assign(spec.http[0], { timeout: "9s", retries: { attempts: 2 } })
    await bed.put({
      apiVersion: live?.apiVersion,
      kind: live?.kind,
      metadata: { name: "reviews", namespace: "bookinfo" },
      spec,
    })
    expect(await told()).toMatchObject({
      end: "undone",
      reason: expect.stringMatching(/kept, since others changed it: .*timeout/),
    })
    expect(bed.get("VirtualService", "reviews")).toMatchObject({
      spec: { http: [{ timeout: "9s", retries: { attempts: 2 } }] },
    })
    expect(bed.get("DestinationRule", "reviews")).toBeUndefined()
  })

  test("that Kubernetes does not let the user take back any more is told as failed, and stays", async () => {
    await agent.run(applyOf(edits(), { revertAt: Date.now() + 300 }))
    bed.demo.store.remove("RoleBinding.rbac.authorization.k8s.io", "edit", "bookinfo")
    expect(await told()).toMatchObject({
      end: "failed",
      reason: expect.stringContaining('User "ann" cannot'),
    })
    isThere()
  })

  test("is not undone under a policy that lets nobody write by now", async () => {
    const { gate } = bed
    expect(gate).toBeUndefined()
    await agent.run(applyOf(edits(), { revertAt: Date.now() + 1_000 }))
    agent.kill()
    bed.gate = {
      state: () => ({ mode: "off", reason: "switched off", problems: [], identityProvider: null, kinds: [] }),
    }
    const next = await bed.start()
    await next.resume()
    expect(await told(next)).toMatchObject({ end: "failed", reason: expect.stringContaining("switched off") })
    isThere()
  })

  test("is tried again while the API server is away, with other commands in between", async () => {
    await agent.run(applyOf(edits(), { revertAt: Date.now() + 300 }))
    let away = true
    bed.fault = (call) =>
      away && call.path.includes("virtualservices")
        ? { before: new KubeError(503, "ServiceUnavailable", "away") }
        : undefined
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(agent.told.has(`watched ${changeId}`)).toBe(false)
    const other = await agent.run(
      applyOf(bed.plan({ create: rule("ratings", ["v1"]) }), { changeId: "chg_01ARZ3NDEKTSV4RRFFQ69G5FA2" }),
    )
    expect(other).toMatchObject({ failure: null })
    away = false
    expect(await told()).toMatchObject({ end: "undone" })
    isAsBefore()
  })

  test.each(Array.from({ length: 12 }, (_, point) => point))(
    "killed at point %i of its undo it is undone all the same",
    async (point) => {
      await agent.run(applyOf(edits(), { revertAt: Date.now() + 150 }))
      let passed = 0
      bed.point = () => {
        if (passed++ !== point) return
        agent.kill()
        throw new Error("killed")
      }
      await expect
        .poll(() => passed > point || agent.told.has(`watched ${changeId}`), { timeout: 5_000 })
        .toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 50))
      bed.point = () => undefined
      agent.kill()
      const next = await bed.start()
      await next.resume()
      expect(await told(next)).toMatchObject({ end: "undone", why: "expiry" })
      isAsBefore()
      await next.acknowledge()
      expect(Object.keys(bed.store.records)).toEqual(["seen"])
    },
  )
})

test("a measurement without requests to the services says nothing", () => {
  expect(sampleOf(tickOf(edge("200", 10, 100, "ratings")), ["bookinfo/reviews"])).toMatchObject({
    errorsPercent: null,
    p95Ms: null,
  })
})

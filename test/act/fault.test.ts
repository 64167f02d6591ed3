import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { CommandOutcome } from "#shared/protocol/command.ts"
import { KubeError } from "#agent/cluster/api.ts"
import { createKeyPair } from "#agent/link/key.ts"
import { commandOf } from "../../agent/test/command.ts"
import { applyOf, type Bed, openBed, type Process, refOf, route, rule } from "./bed.ts"

let bed: Bed
let agent: Process
beforeEach(async () => {
  bed = await openBed()
  agent = await bed.start()
  await bed.put(route("reviews", { v1: 100 }))
  await bed.put(rule("ratings", ["v1"]))
})
afterEach(() => bed.close())

const timeout = (name: string) => ({
  object: refOf("VirtualService", name),
  patch: [{ op: "add" as const, path: "/spec/http/0/timeout", value: "3s" }],
})
/** A creation, a patch and a removal, in that order. */
const three = () =>
  applyOf(
    bed.plan({ create: rule("reviews", ["v1"]) }, timeout("reviews"), {
      remove: refOf("DestinationRule", "ratings"),
    }),
  )
const statesOf = (outcome: CommandOutcome) =>
  outcome.type === "apply" ? outcome.steps.map(({ state, code }) => code ?? state) : outcome
const generation = (name: string) => bed.get("VirtualService", name)?.metadata["generation"]
const isDone = () => {
  expect(bed.get("DestinationRule", "reviews")).toBeDefined()
  expect(bed.get("VirtualService", "reviews")).toMatchObject({ spec: { http: [{ timeout: "3s" }] } })
  expect(bed.get("DestinationRule", "ratings")).toBeUndefined()
  expect(generation("reviews")).toBe(2)
}

describe("a command that comes twice", () => {
  test("while it is carried out, or before its result was taken, is done once and answered once", async () => {
    const payload = agent.payload(three())
    agent.send(payload)
    agent.send(payload)
    await agent.outcome(payload.id)
    agent.send(payload)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await agent.outcome(payload.id)).toMatchObject({ type: "apply", failure: null })
    expect(bed.writes).toHaveLength(3)
    isDone()
  })

  test("after its result was taken is refused, also by the next process, and leaves nothing in the journal but its mark", async () => {
    const payload = agent.payload(three())
    agent.send(payload)
    await agent.outcome(payload.id)
    await agent.acknowledge()
    expect(Object.keys(bed.store.records)).toEqual(["seen"])
    agent.told.clear()
    agent.send(payload)
    expect(await agent.outcome(payload.id)).toMatchObject({
      type: "refused",
      failure: { code: "command", message: expect.stringContaining("not done twice") },
    })
    const next = await bed.start()
    next.send(payload)
    expect(await next.outcome(payload.id)).toMatchObject({ type: "refused" })
    next.send({ ...payload, id: "cmd_01ARZ3NDEKTSV4RRFFQ69G5FZZ" })
    expect(await next.outcome("cmd_01ARZ3NDEKTSV4RRFFQ69G5FZZ")).toMatchObject({ type: "refused" })
    expect(bed.writes).toHaveLength(3)
  })
})

describe("a command that is not good", () => {
  test.each([
    ["expired", { issuedAt: Date.now() - 120_000, expiresAt: Date.now() - 1 }, "expired"],
    ["for another cluster", { clusterId: "cls_01ARZ3NDEKTSV4RRFFQ69G5FAX" }, "this is cls_"],
  ])("%s changes nothing", async (_, more, words) => {
    expect(await agent.run(three(), more)).toMatchObject({
      type: "refused",
      failure: { code: "command", message: expect.stringContaining(words) },
    })
    expect(bed.writes).toEqual([])
  })

  test("of a key that nobody vouches for changes nothing, and does not spend the id of a good one", async () => {
    const payload = agent.payload(three())
    agent.executor.take(commandOf(payload, { ...createKeyPair(), keyId: "ck_1" }))
    expect(await agent.outcome(payload.id)).toMatchObject({ type: "refused" })
    agent.told.clear()
    await agent.acknowledge()
    agent.send(payload)
    expect(await agent.outcome(payload.id)).toMatchObject({ type: "apply", failure: null })
  })
})

describe("the API server", () => {
  test("that fails after the first of three objects leaves the others alone, and says how far it came", async () => {
    bed.fault = (call, nth) =>
      call.method === "PATCH" && nth > 1
        ? { before: new KubeError(503, "ServiceUnavailable", "etcd is away") }
        : undefined
    const outcome = await agent.run(three())
    expect(outcome).toMatchObject({
      failure: { code: "unavailable", message: expect.stringContaining("etcd is away") },
      steps: [{ state: "applied" }, { state: "failed", code: "unavailable" }, { state: "skipped" }],
    })
    expect(generation("reviews")).toBe(1)
    expect(bed.get("DestinationRule", "ratings")).toBeDefined()
  })

  test("that is away for a moment is asked again", async () => {
    let failures = 2
    bed.fault = (call) =>
      call.method === "PATCH" && failures-- > 0 ? { before: new Error("ECONNREFUSED") } : undefined
    expect(statesOf(await agent.run(three()))).toEqual(["applied", "applied", "applied"])
    isDone()
  })

  test("that refuses everybody since it has just started is asked again; what it refuses without that, it means", async () => {
    const refusal = () => ({ before: new KubeError(403, "Forbidden", 'User "ann" cannot patch resource') })
    const answers = [{ before: new Error("ECONNRESET") }, refusal(), refusal(), undefined, refusal()]
    bed.fault = (_call, nth) => (nth < 2 ? undefined : answers.shift())
    expect(statesOf(await agent.run(three()))).toEqual(["applied", "applied", "applied"])
    isDone()
    const next = await bed.start()
    bed.fault = (call) => (call.method === "PATCH" ? refusal() : undefined)
    const again = applyOf(
      bed.plan(timeout("reviews"), {
        object: refOf("DestinationRule", "reviews"),
        patch: [{ op: "add", path: "/metadata/labels", value: { team: "b" } }],
      }),
    )
    const before = bed.writes.length
    expect(await next.run(again)).toMatchObject({ failure: { code: "forbidden" } })
    expect(bed.writes).toHaveLength(before + 1)
  })

  test("whose answer is lost is asked what is there, and nothing is done twice", async () => {
    bed.fault = (call) =>
      (call.method ?? "GET") === "GET" ? undefined : { after: new Error("socket hang up") }
    expect(statesOf(await agent.run(three()))).toEqual(["applied", "applied", "applied"])
    expect(bed.writes).toHaveLength(3)
    isDone()
  })

  test("that does not even say what is there is waited for: no result is made up", async () => {
    let away = true
    bed.fault = (call) => {
      if (call.method === "PATCH" && away) return { after: new Error("socket hang up") }
      return away && bed.writes.length > 1 ? { before: new Error("ECONNREFUSED") } : undefined
    }
    const payload = agent.payload(three())
    agent.send(payload)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(agent.told.size).toBe(0)
    away = false
    expect(statesOf(await agent.outcome(payload.id))).toEqual(["applied", "applied", "applied"])
    isDone()
  })
})

describe("admission", () => {
  const webhook =
    'admission webhook "rev.validation.istio.io" denied the request: configuration is invalid: no hosts'
  const silent =
    'Internal error occurred: failed calling webhook "rev.validation.istio.io": failed to call webhook: context deadline exceeded'
  test.each([
    [
      "that refuses",
      new KubeError(400, "BadRequest", webhook),
      "refused",
      "configuration is invalid: no hosts",
    ],
    ["that refuses by 403", new KubeError(403, "Forbidden", webhook), "refused", "configuration is invalid"],
    [
      "of a policy",
      new KubeError(
        403,
        "Forbidden",
        'virtualservices "reviews" is forbidden: ValidatingAdmissionPolicy "p" denied request: no',
      ),
      "refused",
      'ValidatingAdmissionPolicy "p"',
    ],
    ["that does not answer", new KubeError(500, "InternalError", silent), "unavailable", "did not answer"],
    [
      "of a schema",
      new KubeError(422, "Invalid", "x is invalid", {
        causes: [{ reason: "FieldValueInvalid", message: "must be positive", field: "spec.http[0].weight" }],
      }),
      "refused",
      "spec.http[0].weight: must be positive",
    ],
    [
      "of an impersonation that the manifest does not allow",
      new KubeError(
        403,
        "Forbidden",
        'groups "ops" is forbidden: User "system:serviceaccount:smm-system:smm-agent" cannot impersonate resource "groups"',
      ),
      "not_allowed",
      "install manifest",
    ],
    [
      "that ends a namespace",
      new KubeError(404, "NotFound", 'namespaces "bookinfo" not found'),
      "gone",
      "bookinfo",
    ],
  ])("%s is named", async (_, error, code, words) => {
    bed.fault = (call) => (call.method === "PATCH" ? { before: error } : undefined)
    const outcome = await agent.run(three())
    expect(outcome).toMatchObject({ failure: { code, message: expect.stringContaining(words) } })
    expect(statesOf(outcome)).toEqual(["applied", code, "skipped"])
    if (error.message.includes("webhook"))
      expect(outcome.failure?.message).toContain("rev.validation.istio.io")
  })

  test("that times out is not asked again by itself", async () => {
    bed.fault = (call) =>
      call.method === "PATCH" ? { before: new KubeError(500, "InternalError", silent) } : undefined
    await agent.run(applyOf(bed.plan(timeout("reviews"))))
    expect(bed.writes).toHaveLength(1)
  })
})

describe("two users", () => {
  test("of one object: the second is told that it was changed, and by whom", async () => {
    const [first, second] = [bed.plan(timeout("reviews")), bed.plan(timeout("reviews"))]
    expect(await agent.run(applyOf(first))).toMatchObject({ failure: null })
    expect(await agent.run(applyOf(second))).toMatchObject({
      failure: { code: "outdated", message: expect.stringContaining("last by service-mesh-manager") },
    })
    expect(generation("reviews")).toBe(2)
  })

  test("at once: one is done, the other is not", async () => {
    const payloads = [
      agent.payload(applyOf(bed.plan(timeout("reviews")))),
      agent.payload(applyOf(bed.plan(timeout("reviews")))),
    ]
    for (const payload of payloads) agent.send(payload)
    const outcomes = await Promise.all(payloads.map(({ id }) => agent.outcome(id)))
    expect(outcomes.map(({ failure }) => failure?.code ?? "done").sort()).toEqual(["done", "outdated"])
  })

  test("one of whom is faster than our write: the precondition of the write itself holds", async () => {
    const steps = bed.plan(timeout("reviews"))
    let raced = false
    bed.point = () => {
      if (raced || bed.writes.length === 0) return
      raced = true
      const live = bed.get("VirtualService", "reviews")
      bed.demo.store.apply({
        ...live,
        metadata: { name: "reviews", namespace: "bookinfo", labels: { by: "bob" } },
      } as never)
    }
    expect(await agent.run(applyOf(steps))).toMatchObject({ failure: { code: "outdated" } })
    expect(bed.get("VirtualService", "reviews")).toMatchObject({ metadata: { labels: { by: "bob" } } })
    expect(generation("reviews")).toBe(1)
  })
})

describe("an agent killed at any point of a change of three objects", () => {
  // Two for each of five saves of the journal at most, and of three writes.
  test.each(Array.from({ length: 16 }, (_, point) => point))(
    "point %i: nothing is lost, nothing is done twice",
    async (point) => {
      let passed = 0
      bed.point = () => {
        if (passed++ !== point) return
        agent.kill()
        throw new Error("killed")
      }
      const payload = agent.payload(three())
      agent.send(payload)
      await expect.poll(() => passed > point || agent.told.has(payload.id), { timeout: 5_000 }).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 50))
      bed.point = () => undefined
      const next = await bed.start()
      await next.resume()
      next.send(payload)
      expect(statesOf(await next.outcome(payload.id))).toEqual(["applied", "applied", "applied"])
      isDone()
      await next.acknowledge()
      expect(Object.keys(bed.store.records)).toEqual(["seen"])
    },
  )

  test("whose command expired meanwhile stops where it was, and says so", async () => {
    bed.point = () => {
      if (bed.writes.length < 2) return
      agent.kill()
      throw new Error("killed")
    }
    const payload = agent.payload(three(), { expiresAt: Date.now() + 700 })
    agent.send(payload)
    await new Promise((resolve) => setTimeout(resolve, 900))
    bed.point = () => undefined
    const next = await bed.start()
    await next.resume()
    const outcome = await next.outcome(payload.id)
    expect(statesOf(outcome)).toEqual(["applied", "command", "skipped"])
    expect(outcome.failure?.message).toContain("expired before it was back")
    expect(generation("reviews")).toBe(1)
  })

  test("and whose object was changed by another meanwhile: that one's work stays", async () => {
    bed.point = () => {
      if (bed.writes.length < 2) return
      agent.kill()
      throw new Error("killed")
    }
    const payload = agent.payload(three())
    agent.send(payload)
    await expect.poll(() => bed.writes.length, { timeout: 5_000 }).toBe(2)
    await new Promise((resolve) => setTimeout(resolve, 50))
    bed.point = () => undefined
    await bed.put(route("reviews", { v1: 60, v2: 40 }))
    const next = await bed.start()
    await next.resume()
    expect(statesOf(await next.outcome(payload.id))).toEqual(["applied", "outdated", "skipped"])
    expect(bed.get("VirtualService", "reviews")?.["spec"]).toEqual(
      route("reviews", { v1: 60, v2: 40 })["spec"],
    )
  })
})

describe("a journal", () => {
  test("that is full takes no new command, and says what to do", async () => {
    bed.store.records = { "watch.x": "x".repeat(899_000) }
    const full = await bed.start()
    expect(await full.run(three())).toMatchObject({
      failure: { code: "unavailable", message: expect.stringContaining("Release or undo some") },
    })
    expect(bed.writes).toEqual([])
  })

  test("with a record that nobody can read leaves it alone and goes on", async () => {
    bed.store.records = { "command.x": "gzip:nonsense", seen: "[" }
    const next = await bed.start()
    expect(await next.run(three())).toMatchObject({ failure: null })
    expect(bed.store.records["command.x"]).toBe("gzip:nonsense")
  })

  test("that another agent has written since is read again, and its marks count", async () => {
    const other = await bed.start()
    const payload = other.payload(three())
    other.send(payload)
    await other.outcome(payload.id)
    agent.send(payload)
    expect(await agent.outcome(payload.id)).toMatchObject({
      failure: { code: expect.stringMatching(/command|exists|outdated/) },
    })
    expect(bed.writes).toHaveLength(3)
  })
})

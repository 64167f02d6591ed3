import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { fieldManager } from "#shared/act/owner.ts"
import type { CommandOutcome, WireStep } from "#shared/protocol/command.ts"
import { ann, applyOf, type Bed, eve, openBed, type Process, refOf, route, rule } from "./bed.ts"

let bed: Bed
let agent: Process
beforeEach(async () => {
  bed = await openBed({ as: (name) => (name === "eve" ? eve : ann) })
  agent = await bed.start()
  await bed.put(route("reviews", { v1: 100 }))
})
afterEach(() => bed.close())

const weight = (value: number) => ({
  object: refOf("VirtualService", "reviews"),
  patch: [{ op: "replace" as const, path: "/spec/http/0/route/0/weight", value }],
})
const statesOf = (outcome: CommandOutcome) =>
  "steps" in outcome ? outcome.steps.map((step) => ("state" in step ? step.state : "")) : outcome
const managersOf = (kind: string, name: string) =>
  (bed.get(kind, name)?.metadata["managedFields"] as { manager: string; operation: string }[]).map(
    ({ manager, operation }) => `${manager} ${operation}`,
  )

describe("a change", () => {
  test("is applied as the user, under our name, and its result is told", async () => {
    const outcome = await agent.run(applyOf(bed.plan(weight(50))))
    expect(outcome).toMatchObject({ type: "apply", as: ann, failure: null, steps: [{ state: "applied" }] })
    expect(bed.get("VirtualService", "reviews")).toMatchObject({
      spec: { http: [{ route: [{ weight: 50 }] }] },
    })
    expect(managersOf("VirtualService", "reviews")).toEqual([
      "kubectl-client-side-apply Update",
      `${fieldManager} Apply`,
    ])
    expect(bed.writes).toMatchObject([{ method: "PATCH", content: "apply", as: ann }])
    expect(bed.writes[0]?.path).toContain("fieldValidation=Strict")
  })

  test("makes, edits and removes objects in one go", async () => {
    await bed.put(rule("old", ["v1"]))
    const outcome = await agent.run(
      applyOf(
        bed.plan({ create: rule("reviews", ["v1", "v3"]) }, weight(20), {
          remove: refOf("DestinationRule", "old"),
        }),
      ),
    )
    expect(statesOf(outcome)).toEqual(["applied", "applied", "applied"])
    expect(bed.get("DestinationRule", "reviews")).toBeDefined()
    expect(bed.get("DestinationRule", "old")).toBeUndefined()
    expect(bed.writes.map(({ method, as }) => [method, as?.user])).toEqual([
      ["POST", "ann"],
      ["PATCH", "ann"],
      ["DELETE", "ann"],
    ])
  })

  test("gives proxies time between two writes, of which the second counts on the first", async () => {
    const [made, edited] = bed.plan({ create: rule("reviews", ["v1", "v3"]) }, weight(20))
    const at: number[] = []
    bed.fault = (_, nth) => {
      at[nth] ??= performance.now()
      return undefined
    }
    await agent.run(applyOf([made, { ...edited, settleMs: 300 }] as WireStep[]))
    expect(bed.writes).toHaveLength(2)
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThan(280)
  })

  test("gives none when nothing was written before", async () => {
    await bed.put(rule("reviews", ["v1"]))
    const same = { op: "replace" as const, path: "/spec/host", value: "reviews" }
    const [unchanged] = bed.plan({
      object: refOf("DestinationRule", "reviews"),
      patch: [{ ...same, value: "other" }],
    })
    const [edited] = bed.plan(weight(20))
    const started = performance.now()
    const outcome = await agent.run(
      applyOf([
        { ...unchanged, patch: [same] },
        { ...edited, settleMs: 10_000 },
      ] as WireStep[]),
    )
    expect(statesOf(outcome)).toEqual(["unchanged", "applied"])
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test("that is so already writes nothing", async () => {
    const [step] = bed.plan(weight(50))
    const same = {
      ...step,
      patch: [{ op: "replace" as const, path: "/spec/http/0/route/0/weight", value: 100 }],
    }
    const outcome = await agent.run(applyOf([same as WireStep]))
    expect(outcome).toMatchObject({ failure: null, steps: [{ state: "unchanged" }] })
    expect(bed.writes).toEqual([])
  })

  test("by a user without the right is refused by Kubernetes, and changes nothing", async () => {
    const outcome = await agent.run(applyOf(bed.plan(weight(50))), {
      caller: { kind: "user", id: "u", name: "eve", role: "owner" },
    })
    expect(outcome).toMatchObject({
      as: eve,
      failure: { code: "forbidden", message: expect.stringContaining('User "eve" cannot patch') },
      steps: [{ state: "failed" }],
    })
    expect(bed.get("VirtualService", "reviews")).toMatchObject({
      spec: { http: [{ route: [{ weight: 100 }] }] },
    })
  })

  test("whose fields go from what a person wrote takes them away, at the version seen", async () => {
    await bed.put(rule("reviews", ["v1", "v2"], { trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }))
    const edit = {
      object: refOf("DestinationRule", "reviews"),
      patch: [{ op: "remove" as const, path: "/spec/trafficPolicy" }],
    }
    expect(await agent.run(applyOf(bed.plan(edit)))).toMatchObject({ failure: null })
    expect(bed.get("DestinationRule", "reviews")?.["spec"]).not.toHaveProperty("trafficPolicy")
    expect(bed.writes).toMatchObject([{ content: "json-patch", as: ann }])
  })

  test("and the next and its end leave just what the person wrote", async () => {
    const before = structuredClone(bed.get("VirtualService", "reviews")?.["spec"])
    const timeout = (patch: object[]) => ({
      object: refOf("VirtualService", "reviews"),
      patch: patch as never,
    })
    const set = [{ op: "add", path: "/spec/http/0/timeout", value: "3s" }]
    await agent.run(applyOf(bed.plan(timeout(set))))
    await agent.run(applyOf(bed.plan(weight(30))))
    expect(bed.get("VirtualService", "reviews")?.["spec"]).toMatchObject({
      http: [{ timeout: "3s", route: [{ weight: 30 }] }],
    })
    await agent.run(applyOf(bed.plan(timeout([{ op: "remove", path: "/spec/http/0/timeout" }]))))
    await agent.run(applyOf(bed.plan(weight(100))))
    expect(bed.get("VirtualService", "reviews")?.["spec"]).toEqual(before)
  })

  test("two steps of one object stand on each other", async () => {
    await bed.put(rule("reviews", ["v1", "v2"]))
    const ref = refOf("DestinationRule", "reviews")
    const edit = {
      object: ref,
      patch: [
        { op: "replace" as const, path: "/spec/subsets/1", value: { name: "v3", labels: { version: "v3" } } },
      ],
    }
    const steps = bed.plan(edit, weight(10))
    expect(steps.map(({ object }) => object.kind.split(".")[0])).toEqual([
      "DestinationRule",
      "VirtualService",
      "DestinationRule",
    ])
    expect(statesOf(await agent.run(applyOf(steps)))).toEqual(["applied", "applied", "applied"])
    expect(bed.get("DestinationRule", "reviews")).toMatchObject({
      spec: { subsets: [{ name: "v1" }, { name: "v3" }] },
    })
  })
})

describe("a controller that writes the status of an object", () => {
  const status = (time: string) => {
    const { apiVersion, kind, spec, metadata } = bed.get("VirtualService", "reviews") ?? expect.unreachable()
    const { name, namespace, labels } = metadata
    const conditions = [{ type: "Reconciled", lastTransitionTime: time }]
    const before = bed.get("VirtualService", "reviews")
    bed.demo.store.update({
      ...{ apiVersion, kind, spec, status: { conditions } },
      metadata: { name, ...(namespace ? { namespace } : {}), ...(labels ? { labels } : {}) },
    })
    return { before, after: bed.get("VirtualService", "reviews") }
  }

  test("has not changed it for who looked at it before, as far as the agent has seen that", async () => {
    const unseen = bed.plan(weight(50))
    status("1")
    expect(await agent.run(applyOf(unseen))).toMatchObject({ failure: { code: "outdated" } })
    const seen = bed.plan(weight(50))
    bed.versions.note(status("2"))
    expect(await agent.run({ type: "check", conflicts: "ask", steps: seen })).toMatchObject({
      steps: [{ dryRun: { state: "passed" } }],
    })
    expect(await agent.run(applyOf(seen))).toMatchObject({ failure: null, steps: [{ state: "applied" }] })
  })

  test("does not hide a change by somebody else", async () => {
    const steps = bed.plan(weight(50))
    bed.versions.note(status("1"))
    const before = bed.get("VirtualService", "reviews")
    await bed.put(route("reviews", { v1: 60, v2: 40 }))
    bed.versions.note({ before, after: bed.get("VirtualService", "reviews") })
    expect(await agent.run(applyOf(steps))).toMatchObject({ failure: { code: "outdated" } })
  })

  test("just before our write, or between two of one object, does not stop it", async () => {
    const ref = refOf("VirtualService", "reviews")
    const [step] = bed.plan(weight(50))
    const next = { ...step, patch: [{ op: "add", path: "/spec/gateways", value: ["mesh"] }] } as WireStep
    let count = 0
    bed.point = () => {
      if ([3, 6, 7].includes(++count)) status(String(count))
    }
    const outcome = await agent.run(applyOf([{ ...step, object: ref } as WireStep, next]))
    expect(outcome).toMatchObject({ failure: null, steps: [{ state: "applied" }, { state: "applied" }] })
    expect(count).toBeGreaterThan(6)
  })
})

describe("what does not fit is told before anything is written", () => {
  test.each([
    ["changed since", async () => void (await bed.put(route("reviews", { v1: 60, v2: 40 }))), "outdated"],
    [
      "gone",
      async () => void bed.demo.store.remove(refOf("VirtualService", "reviews").kind, "reviews", "bookinfo"),
      "gone",
    ],
    [
      "made anew",
      async () => {
        bed.demo.store.remove(refOf("VirtualService", "reviews").kind, "reviews", "bookinfo")
        await bed.put(route("reviews", { v1: 100 }))
      },
      "outdated",
    ],
  ])("an object that is %s", async (_, meanwhile, code) => {
    const steps = bed.plan({ create: rule("reviews", ["v1"]) }, weight(50))
    await meanwhile()
    const outcome = await agent.run(applyOf(steps))
    expect(outcome).toMatchObject({
      failure: { code },
      steps: [{ state: "skipped" }, { state: "failed", code }],
    })
    expect(bed.writes).toEqual([])
  })

  test("an object to be made that is there by now", async () => {
    const steps = bed.plan({ create: rule("reviews", ["v1"]) })
    await bed.put(rule("reviews", ["v9"]))
    expect(await agent.run(applyOf(steps))).toMatchObject({ failure: { code: "exists" } })
  })

  test("a kind that is not served any more", async () => {
    const steps = bed.plan(weight(50))
    bed.demo.store.remove(
      "CustomResourceDefinition.apiextensions.k8s.io",
      "virtualservices.networking.istio.io",
    )
    expect(await agent.run(applyOf(steps))).toMatchObject({ failure: { code: "kind_gone" } })
  })

  test("what the cluster's own policy does not allow, whatever the cloud says", async () => {
    const [step] = bed.plan({ create: rule("reviews", ["v1"]) })
    const object = { ...refOf("DestinationRule", "x"), namespace: "locked" }
    const create = { ...rule("x", ["v1"]), metadata: { name: "x", namespace: "locked" } }
    const outcome = await agent.run(applyOf([{ ...step, object, create } as WireStep]))
    expect(outcome).toMatchObject({
      failure: { code: "not_allowed", message: expect.stringContaining("in locked") },
    })
  })

  test.each([
    [
      "a kind that is no mesh configuration",
      { object: { kind: "Secret", namespace: "bookinfo", name: "a" }, apiVersion: "v1" },
    ],
    [
      "a name that leaves its place",
      { object: { ...refOf("VirtualService", "x"), name: "../../secrets/a" } },
    ],
    ["another version", { apiVersion: "networking.istio.io/v9" }],
    ["the object's life", { patch: [{ op: "add" as const, path: "/metadata/finalizers", value: ["x"] }] }],
    ["the object's name", { patch: [{ op: "replace" as const, path: "/metadata/name", value: "y" }] }],
  ])("a step about %s", async (_, more) => {
    const [step] = bed.plan(weight(50))
    const outcome = await agent.run(applyOf([{ ...step, ...more } as WireStep]))
    expect(outcome).toMatchObject({ failure: { code: "not_allowed" } })
    expect(bed.writes).toEqual([])
  })

  test("a field that the schema does not know", async () => {
    const create = rule("reviews", ["v1"], { trafikPolicy: {} })
    const outcome = await agent.run(applyOf(bed.plan({ create })))
    expect(outcome).toMatchObject({
      failure: { code: "refused", message: expect.stringContaining("spec.trafikPolicy") },
    })
  })
})

describe("fields that a controller owns", () => {
  beforeEach(async () => {
    const { signal } = new AbortController()
    await bed.api.json({
      path: "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices/reviews?fieldManager=argocd-controller&force=true",
      method: "PATCH",
      content: "apply",
      body: route("reviews", { v1: 100 }),
      signal,
    })
    bed.writes.length = 0
  })
  const edit = () => ({
    object: refOf("VirtualService", "reviews"),
    patch: [...weight(50).patch, { op: "add" as const, path: "/spec/gateways", value: ["mesh"] }],
  })

  test("are asked about", async () => {
    const outcome = await agent.run(applyOf(bed.plan(edit())))
    expect(outcome).toMatchObject({
      failure: { code: "conflict", message: expect.stringContaining("argocd-controller owns spec.http") },
      steps: [
        {
          owners: expect.arrayContaining([
            expect.objectContaining({ manager: "argocd-controller", path: "spec.http", claim: "reverts" }),
          ]),
        },
      ],
    })
    expect(bed.writes).toEqual([])
  })

  test("are taken over when that is said", async () => {
    const outcome = await agent.run(applyOf(bed.plan(edit()), { conflicts: "take-over" }))
    expect(outcome).toMatchObject({ failure: null, steps: [{ state: "applied" }] })
    expect(bed.get("VirtualService", "reviews")).toMatchObject({
      spec: { gateways: ["mesh"], http: [{ route: [{ weight: 50 }] }] },
    })
  })

  test("are left out when that is said", async () => {
    const outcome = await agent.run(applyOf(bed.plan(edit()), { conflicts: "drop" }))
    expect(outcome).toMatchObject({ failure: null, steps: [{ state: "applied" }] })
    expect(bed.get("VirtualService", "reviews")).toMatchObject({
      spec: { gateways: ["mesh"], http: [{ route: [{ weight: 100 }] }] },
    })
    const rest = await agent.run(applyOf(bed.plan(weight(50)), { conflicts: "drop" }))
    expect(rest).toMatchObject({
      failure: null,
      steps: [{ state: "unchanged", message: expect.stringContaining("left out") }],
    })
  })
})

describe("a check", () => {
  test("tells access, owners and the dry run of each step, and changes nothing", async () => {
    const steps = bed.plan({ create: rule("reviews", ["v1"]) }, weight(50))
    const outcome = await agent.run({ type: "check", conflicts: "ask", steps })
    expect(outcome).toMatchObject({
      type: "check",
      as: ann,
      failure: null,
      steps: [
        { live: null, access: { allowed: true, grant: null }, dryRun: { state: "passed" } },
        {
          live: { metadata: { name: "reviews" } },
          access: { verb: "patch", allowed: true },
          owners: [{ manager: "kubectl-client-side-apply", claim: "yields" }],
          dryRun: { state: "passed", after: { spec: { http: [{ route: [{ weight: 50 }] }] } } },
        },
      ],
    })
    expect(bed.get("DestinationRule", "reviews")).toBeUndefined()
    expect(bed.writes).toEqual([])
  })

  test("says what is missing, and the line that an admin would run", async () => {
    const outcome = await agent.run(
      { type: "check", conflicts: "ask", steps: bed.plan(weight(50)) },
      { caller: { kind: "user", id: "u", name: "eve", role: "owner" } },
    )
    expect(outcome).toMatchObject({
      steps: [
        {
          access: {
            allowed: false,
            grant:
              "kubectl create role smm-patch-virtualservices --verb=patch --resource=virtualservices.networking.istio.io -n bookinfo && kubectl create rolebinding smm-patch-virtualservices-eve --role=smm-patch-virtualservices --user=eve -n bookinfo",
          },
          dryRun: { state: "refused", code: "forbidden" },
        },
      ],
    })
  })

  test("two steps of one object are tried together", async () => {
    await bed.put(rule("reviews", ["v1", "v2"]))
    const subsets = [
      { op: "replace" as const, path: "/spec/subsets/1", value: { name: "v3", labels: { version: "v3" } } },
    ]
    const steps = bed.plan({ object: refOf("DestinationRule", "reviews"), patch: subsets }, weight(10))
    const outcome = await agent.run({ type: "check", conflicts: "ask", steps })
    const last = outcome.type === "check" ? outcome.steps.at(-1) : undefined
    expect(last).toMatchObject({
      dryRun: { state: "passed", after: { spec: { subsets: [{ name: "v1" }, { name: "v3" }] } } },
    })
  })
})

test("access tells every verb of every kind that the policy names", async () => {
  const outcome = await agent.run({ type: "access", namespace: "bookinfo" })
  const lines = outcome.type === "access" ? outcome.lines : []
  expect(lines.map(({ verb, kind, allowed }) => `${verb} ${kind.split(".")[0]} ${allowed}`)).toEqual([
    "create VirtualService true",
    "patch VirtualService true",
    "delete VirtualService true",
    "create DestinationRule true",
    "patch DestinationRule true",
    "delete DestinationRule true",
  ])
  const locked = await agent.run({ type: "access", namespace: "locked" })
  const line = locked.type === "access" ? locked.lines[0] : undefined
  expect(line).toMatchObject({
    allowed: false,
    grant: null,
    reason: expect.stringContaining("the policy does not allow"),
  })
})

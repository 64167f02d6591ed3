import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { ChangePreview } from "#shared/api/change.ts"
import { AppError } from "#shared/error.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { change, changeId, east, object, preview, prod, rowsOf, smm, step, writesFiles } from "./fixture.ts"

const line = "shift set bookinfo/reviews v1=80 v3=20"

const fileOf = writesFiles()

describe("with --yes", () => {
  test("the change is made in the cluster that has the service; its id is all that stands on standard output", async () => {
    const { code, out, err, bodyOf } = await smm(`${line} --yes`)
    expect({ code, out }).toEqual({ code: 0, out: `${changeId}\n` })
    expect(err).toContain(`Shift reviews to v2 100 %: applied; smm undo ${changeId} takes it back`)
    expect(bodyOf("createChange")).toMatchObject({
      intent: {
        control: "shift",
        service: { namespace: "bookinfo", name: "reviews" },
        set: { weights: { v1: 80, v3: 20 } },
      },
      clusters: [prod],
      via: "cli",
      conflicts: "ask",
      guard: null,
    })
  })

  test("-o json prints the change with its id, state and steps", async () => {
    const { out } = await smm(`${line} --yes -o json`)
    expect(JSON.parse(out)).toMatchObject({ id: changeId, state: "applied", steps: [] })
  })

  test("everything around the change goes with it", async () => {
    const { bodyOf } = await smm(
      [
        ...`${line} --yes --take-over --expires 10m --queue 1h`.split(" "),
        ...["--undo-if", "errors > 2% for 2m within 30m", "--undo-if", "p95 > 500ms for 2m"],
        ...["--assertion-file", fileOf("assertion", "a.b.c\n")],
      ],
      {},
      { now: 1_000 },
    )
    expect(bodyOf("createChange")).toMatchObject({
      conflicts: "take-over",
      expiresInMs: 600_000,
      queueUntil: 3_601_000,
      guard: { errorsPercent: 2, p95Ms: 500, forMs: 120_000, withinMs: 1_800_000 },
      assertion: "a.b.c",
    })
  })

  test("a change that is still under way is followed to its end", async () => {
    const states = ["running", "applied"] as const
    let asked = 0
    const { code, calls } = await smm(`${line} --yes`, {
      createChange: () => change({ state: "running", endedAt: null }),
      getChange: () => ({ ...change({ state: states[asked++] ?? "applied" }), traffic: [] }),
    })
    expect(code).toBe(0)
    expect(calls.filter((name) => name === "getChange")).toHaveLength(2)
  })

  test("a change that is there already is no fault of a script", async () => {
    const { code, out, err } = await smm(`${line} --yes`, {
      createChange: () => {
        throw new AppError("change.empty", "nothing to do")
      },
    })
    expect({ code, out }).toEqual({ code: 0, out: "" })
    expect(err).toContain("everything is as it would be")
  })

  const failed = (code: string, message: string) => ({
    ...step,
    outcome: { state: "failed", code, message, resourceVersion: null, after: null, owners: [] },
  })
  test.each([
    ["partly", failed("refused", "the webhook said no"), 1, "only a part was done; smm undo"],
    ["failed", failed("forbidden", 'user "ann" cannot patch'), 4, 'user "ann" cannot patch'],
    ["expired", failed("unavailable", ""), 1, "its time ran out"],
  ])(
    "one that is %s says what became of each object, and exits otherwise",
    async (state, at, code, words) => {
      const ran = await smm(`${line} --yes`, { createChange: () => change({ state, steps: [at] }) })
      expect(ran.code).toBe(code)
      expect(ran.err).toContain(words)
      expect(ran.err).toContain("change VirtualService bookinfo/reviews: FAILED")
    },
  )
})

describe("without --yes", () => {
  test("nobody to ask is a usage error that says what to write", async () => {
    const { code, err, calls } = await smm(line)
    expect(code).toBe(2)
    expect(err).toContain("add --yes to apply it, or --dry-run to look at it")
    expect(calls).not.toContain("previewChange")
  })

  test("in a terminal the preview is shown and asked for; yes applies what was shown", async () => {
    const { code, out, err, questions, bodyOf } = await smm(line, {}, { answers: ["y"] })
    expect({ code, out }).toEqual({ code: 0, out: `${changeId}\n` })
    expect(questions).toEqual(["\nApply this in prod? [y/N] "])
    expect(bodyOf("createChange")).toMatchObject({ digest: "d1" })
    for (const words of [
      "--- now    VirtualService bookinfo/reviews",
      "-            host: reviews",
      "12.4 req/s that now reach v1 would reach v2",
      "In prod, as ann (mesh)",
      "argocd-controller owns spec.http of VirtualService bookinfo/reviews and will revert this",
      "the cluster would take it (dry run)",
    ])
      expect(err).toContain(words)
    expect(err).not.toContain("\u001b")
  })

  test.each(["", "n", "yep"])("the answer %o changes nothing", async (answer) => {
    const { code, calls, err } = await smm(line, {}, { answers: [answer] })
    expect(code).toBe(1)
    expect(calls).not.toContain("createChange")
    expect(err).toContain("Nothing was changed")
  })

  test("what cannot be applied is not asked for, and says how it could be", async () => {
    const blockers = [{ code: "change.conflict", message: "argocd-controller owns spec.http" }]
    const { code, err, questions } = await smm(
      line,
      { previewChange: () => preview({ blockers }) },
      { answers: ["y"] },
    )
    expect({ code, questions }).toEqual({ code: 1, questions: [] })
    expect(err).toContain("--take-over takes these fields, --drop-conflicts leaves them out")
  })

  test.each([
    [[], 0],
    [[{ code: "agent.away", message: "the agent is away" }], 1],
    [[{ code: "change.empty", message: "nothing to do" }], 0],
  ])("--dry-run prints the preview and exits by whether it could be applied: %o", async (blockers, code) => {
    const ran = await smm(`${line} --dry-run`, { previewChange: () => preview({ blockers }) })
    expect(ran.code).toBe(code)
    expect(ran.out).toContain("Shift reviews to v2 100 %")
    expect(ran.calls).not.toContain("createChange")
    const document = await smm(`${line} --dry-run -o json`)
    expect(ChangePreview.parse(JSON.parse(document.out))).toMatchObject({ digest: "d1" })
  })

  test("-o yaml prints the objects as a person would commit them, and applies nothing", async () => {
    const { code, out, calls } = await smm("mirror set bookinfo/reviews --to v3 --percent 10 -o yaml")
    expect(code).toBe(0)
    const [document, ...more] = parseAllDocuments(out).map((each) => each.toJS() as KubeObject)
    expect(more).toEqual([])
    expect(document).toMatchObject({ kind: "VirtualService", spec: { hosts: ["reviews"] } })
    expect(document?.metadata).toEqual({ name: "reviews", namespace: "bookinfo" })
    expect(calls).toEqual(["listServices", "previewChange"])
    expect(calls).not.toContain("createChange")
  })

  test("-o json prints several objects as a List, and tells what would be removed", async () => {
    const other = { ...object, name: "other" }
    const steps = [
      step,
      { ...step, object: other },
      { ...step, verb: "delete", object: { ...object, name: "gone" }, after: null },
    ]
    const { out, err } = await smm(`${line} -o json`, { previewChange: () => preview({ steps }) })
    expect(JSON.parse(out)).toMatchObject({ kind: "List", items: [{ kind: "VirtualService" }, {}] })
    expect(err).toContain("VirtualService bookinfo/gone would be removed")
  })
})

describe("a service", () => {
  test("that several clusters have wants --cluster, and says which", async () => {
    const both = () =>
      rowsOf([
        [prod, "prod"],
        [east, "east"],
      ])
    const { code, err } = await smm(`${line} --yes`, { listServices: both })
    expect(code).toBe(2)
    expect(err).toContain("service bookinfo/reviews is in 2 clusters; add --cluster prod or --cluster east")
    const { bodyOf } = await smm(`${line} --yes --cluster east --cluster prod`, { listServices: both })
    expect(bodyOf("createChange")).toMatchObject({ clusters: [east, prod] })
  })

  test("that is not there says which are", async () => {
    const { code, err } = await smm("shift set bookinfo/review v1=100 --yes")
    expect(code).toBe(4)
    expect(err).toContain('no service "bookinfo/review"; there are: bookinfo/reviews')
  })
})

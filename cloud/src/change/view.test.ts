import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Change } from "#shared/api/change.ts"
import type { StepOutcome } from "#shared/protocol/command.ts"
import type { Changes } from "../store/change.ts"
import { currentOf, seenBy, viewOf } from "./view.ts"

const at = 1_000_000
const expiresAt = at + 120_000
const names = ["a", "b", "c"]

const header = (over: Partial<Changes.Header> = {}): Changes.Header => ({
  changeId: "chg_01J9Z3QK5V8E2M7C4T6B1N0PXA",
  at,
  by: { kind: "user", id: "u", name: "ann" },
  via: "api",
  title: "Shift reviews",
  services: ["bookinfo/reviews", "shop/cart"],
  intent: null,
  findings: { added: ["x"], removed: [] },
  guard: null,
  revertAt: null,
  undoOf: null,
  clusters: names.map((cluster) => ({ cluster, clusterName: cluster, commandId: "cmd", expiresAt })),
  steps: names.map((cluster, i) => ({
    cluster,
    verb: "patch",
    object: { kind: "X", namespace: i === 2 ? "shop" : "bookinfo", name: "reviews" },
    resourceVersion: "1",
    before: null,
    after: null,
    why: "",
  })),
  role: "operator",
  queued: false,
  ended: null,
  ...over,
})

const outcome = (state: StepOutcome["state"]): Changes.ApplyOutcome => ({
  type: "apply",
  as: null,
  failure: null,
  steps: [{ state, code: null, message: "", resourceVersion: null, after: null, owners: [] }],
})

type Happened = {
  sent?: string[]
  refused?: string[]
  results?: Record<string, StepOutcome["state"]>
  watched?: Record<string, "passed" | "undone" | "failed">
  undone?: boolean
}

function entry(happened: Happened, over: Partial<Changes.Header> = {}): Changes.Entry {
  const { sent = [], refused = [], results = {}, watched = {}, undone = false } = happened
  return {
    header: header(over),
    sent: new Map(
      [...sent, ...refused].map((cluster) => [
        cluster,
        { at, connection: "x", refused: refused.includes(cluster) },
      ]),
    ),
    events: {
      result: new Map(
        Object.entries(results).map(([cluster, state]) => [cluster, { at: at + 1, outcome: outcome(state) }]),
      ),
      watched: new Map(
        Object.entries(watched).map(([cluster, end]) => [
          cluster,
          { at: at + 2, end, why: "guard", reason: end },
        ]),
      ),
      released: new Map(),
      undone: new Map(undone ? [["", { at: at + 3, by: "chg" }]] : []),
    },
    undo: null,
  }
}

const statesOf = (change: Change): string[] => change.clusters.map(({ state }) => state)
const all = { a: "applied", b: "applied", c: "unchanged" } as const

describe("what a change is", () => {
  type Case = [
    what: string,
    Happened,
    Partial<Changes.Header>,
    now: number,
    state: string,
    clusters: string[],
  ]
  const now = at + 1_000
  const late = expiresAt
  const cases: Case[] = [
    ["nothing has happened", {}, {}, now, "running", ["waiting", "waiting", "waiting"]],
    ["it waits for its agent", {}, { queued: true }, now, "queued", ["queued", "waiting", "waiting"]],
    [
      "the first was asked",
      { sent: ["a"] },
      { queued: true },
      now,
      "running",
      ["sent", "waiting", "waiting"],
    ],
    [
      "one is done",
      { sent: ["a"], results: { a: "applied" } },
      {},
      now,
      "running",
      ["done", "waiting", "waiting"],
    ],
    ["all are done", { results: all }, {}, late, "applied", ["done", "done", "done"]],
    ["nobody came in time", {}, { queued: true }, late, "expired", ["expired", "skipped", "skipped"]],
    [
      "one was done in time",
      { results: { a: "applied" } },
      {},
      late,
      "partly",
      ["done", "expired", "skipped"],
    ],
    ["the first failed", { results: { a: "failed" } }, {}, now, "failed", ["failed", "skipped", "skipped"]],
    [
      "a later one failed",
      { results: { a: "applied", b: "failed" } },
      {},
      now,
      "partly",
      ["done", "failed", "skipped"],
    ],
    [
      "what came first was so already",
      { results: { a: "unchanged", b: "failed" } },
      {},
      now,
      "failed",
      ["done", "failed", "skipped"],
    ],
    ["the agent was away", { refused: ["a"] }, {}, now, "failed", ["failed", "skipped", "skipped"]],
    ["somebody undid it", { results: all, undone: true }, {}, now, "undone", ["done", "done", "done"]],
    [
      "the agents undid it",
      { results: all, watched: { a: "undone", b: "undone" } },
      {},
      now,
      "undone",
      ["done", "done", "done"],
    ],
    [
      "one of the agents undid it",
      { results: all, watched: { a: "undone" } },
      {},
      now,
      "applied",
      ["done", "done", "done"],
    ],
    ["it came from outside", {}, { ended: "applied" }, late, "applied", ["done", "done", "done"]],
  ]
  test.each(cases)("when %s", (_what, happened, over, time, state, clusters) => {
    const change = viewOf(entry(happened, over), time)
    expect([change.state, statesOf(change)]).toEqual([state, clusters])
    expect(change.endedAt === null).toBe(state === "running" || state === "queued")
    expect(currentOf(change) === undefined).toBe(change.endedAt !== null)
  })

  test("never begins with a cluster before the ones in front of it are done, whatever happens when", () => {
    const state = fc.constantFrom<StepOutcome["state"]>("applied", "unchanged", "failed")
    const happened = fc.record({
      sent: fc.subarray(names),
      refused: fc.subarray(names),
      results: fc.dictionary(fc.constantFrom(...names), state),
    })
    fc.assert(
      fc.property(
        happened,
        fc.boolean(),
        fc.integer({ min: at, max: expiresAt + 10 }),
        (facts, queued, time) => {
          const change = viewOf(entry(facts, { queued }), time)
          const current = currentOf(change)
          const place = change.clusters.findIndex(({ cluster }) => cluster === current)
          if (current !== undefined)
            expect(
              statesOf(change)
                .slice(0, place)
                .every((one) => one === "done"),
            ).toBe(true)
          expect(
            statesOf(change).filter((one) => one === "sent" || one === "queued").length,
          ).toBeLessThanOrEqual(1)
          const didSomething = change.steps.some(({ outcome: done }) => done?.state === "applied")
          if (change.state === "failed" || change.state === "expired") expect(didSomething).toBe(false)
          if (change.state === "partly") expect(didSomething).toBe(true)
        },
      ),
    )
  })
})

describe("what watches a change", () => {
  const guarded = { revertAt: at + 60_000 }
  test.each([
    ["nothing, when it has neither guard nor expiry", { results: all }, {}, null],
    ["nothing, when it changed nothing", { results: { a: "failed" } }, guarded, null],
    ["every agent that wrote", { results: all }, guarded, "watching"],
    [
      "the others, when one has come to its end",
      { results: all, watched: { a: "passed" } },
      guarded,
      "watching",
    ],
    ["nobody any more", { results: all, watched: { a: "passed", b: "passed" } }, guarded, "passed"],
    ["the worst is told", { results: all, watched: { a: "undone", b: "failed" } }, guarded, "failed"],
  ] as [string, Happened, Partial<Changes.Header>, string | null][])(
    "is %s",
    (_what, happened, over, state) => {
      expect(viewOf(entry(happened, over), at + 5_000).watch?.state ?? null).toBe(state)
    },
  )
})

describe("who sees a change", () => {
  const change = viewOf(entry({ results: all }), at)
  const everything = { clusters: null, sight: null }
  test("of all clusters and namespaces: all of it", () => {
    expect(seenBy(everything, change)).toEqual(change)
  })

  test("of one cluster: its part, without what names objects elsewhere", () => {
    const seen = seenBy({ clusters: ["b"], sight: null }, change)
    expect(seen).toMatchObject({ clusters: [{ cluster: "b" }], intent: null, findings: { added: [] } })
    expect(seen?.steps.map(({ cluster }) => cluster)).toEqual(["b"])
  })

  test("of one namespace: its objects and services", () => {
    const seen = seenBy({ clusters: null, sight: ["shop"] }, change)
    expect(seen?.steps.map(({ object }) => object.namespace)).toEqual(["shop"])
    expect(seen?.services).toEqual(["shop/cart"])
  })

  test("of none of them: nothing", () => {
    expect(seenBy({ clusters: ["z"], sight: null }, change)).toBeUndefined()
    expect(seenBy({ clusters: null, sight: ["other"] }, change)).toBeUndefined()
    expect(seenBy({ clusters: null, sight: [] }, change)).toBeUndefined()
  })
})

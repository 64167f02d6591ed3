import { describe, expect, test } from "vitest"
import { type ChangePreview, ChangeRequest } from "#shared/api/change.ts"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import { AppError } from "#shared/error.ts"
import { controlPath, fixPath, newObjectPath, objectPath, subjectOf, undoPath } from "./address.ts"
import { assertionFailures, assertionPart, demandText, demandsOf } from "./assertion.ts"
import { bandsOf } from "./bands.ts"
import { bodyOf } from "./body.ts"
import { countsOf, numberedDiff, sideBySide } from "./diff-lines.ts"
import { countEdits, intentOfText } from "./draft-edit.ts"
import { factsOf } from "./facts.ts"
import { objectDiffs } from "./object-diffs.ts"
import { problemsOf } from "./problems.ts"
import { buttonText, sentenceOf } from "./sentence.ts"

const searchOf = (path: string): string => path.slice(path.indexOf("?"))
const reviews = { kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name: "reviews" }
const rule = { kind: "DestinationRule.networking.istio.io", namespace: "bookinfo", name: "reviews" }
const at = 1_795_000_000_000
const objectOf = (of: typeof reviews, spec: unknown) => ({
  apiVersion: "networking.istio.io/v1",
  kind: of.kind.split(".")[0] ?? "",
  metadata: { name: of.name, namespace: of.namespace },
  spec,
})

type Check = NonNullable<ChangePreview["clusters"][number]["check"]>
const check = (change: Partial<Check> = {}): Check => ({
  checkedAt: at,
  as: { user: "ada", groups: ["mesh-admins"] },
  failure: null,
  access: [],
  owners: [],
  dryRun: [{ state: "passed", code: null, message: "" }],
  ...change,
})
const eu = { cluster: "cl_eu", clusterName: "prod-eu-1", link: "live", mode: "mapped" } as const
const us = { cluster: "cl_us", clusterName: "prod-us-1", link: "live", mode: "mapped" } as const
const preview = (change: Partial<ChangePreview> = {}): ChangePreview => ({
  previewedAt: at,
  digest: "d",
  title: "Shift reviews to v1 60 %, v2 40 %",
  services: ["bookinfo/reviews"],
  steps: [
    {
      cluster: "cl_eu",
      verb: "patch",
      object: reviews,
      resourceVersion: "7",
      before: objectOf(reviews, { http: 1 }),
      after: objectOf(reviews, { http: 2 }),
      why: "moves weights",
    },
  ],
  clusters: [{ ...eu, check: check() }],
  refused: [],
  findings: { added: [], removed: [], notEvaluated: [], rules: {} },
  traffic: [],
  warnings: [],
  blockers: [],
  commands: { smm: "", kubectl: "", curl: "" },
  ...change,
})
const argo: Check["owners"][number] = {
  object: reviews,
  path: "spec.http",
  manager: "argocd-controller",
  operation: "Apply",
  at: null,
  claim: "reverts",
}
const asked = { guard: null, expiresInMs: null, conflicts: "ask", queueUntil: null, leftOut: [] } as const
const said = (one: ReturnType<typeof sentenceOf>): string => one.parts.map(({ text }) => text).join("")

describe("the address of the change page", () => {
  const query = { namespace: "bookinfo", service: "reviews", subset: "v1", port: 9080 }
  test.each([
    [
      controlPath("shift", "c", query),
      { type: "control", control: "shift", cluster: "c", query, remove: false },
    ],
    [
      controlPath("fault", "c", { namespace: "bookinfo", service: "ratings" }, true),
      {
        type: "control",
        control: "fault",
        cluster: "c",
        query: { namespace: "bookinfo", service: "ratings" },
        remove: true,
      },
    ],
    [
      controlPath("mtls", "c", { namespace: "bookinfo" }),
      { type: "control", control: "mtls", cluster: "c", query: { namespace: "bookinfo" }, remove: false },
    ],
    [objectPath("c", reviews), { type: "object", cluster: "c", object: reviews, remove: false }],
    [newObjectPath("c", "bookinfo"), { type: "new", cluster: "c", kind: "", namespace: "bookinfo" }],
    [
      fixPath("c", { code: "a.b", object: reviews, path: "spec.http[0]" }, "Name v2"),
      { type: "fix", cluster: "c", code: "a.b", object: reviews, path: "spec.http[0]", title: "Name v2" },
    ],
    [undoPath("chg_1"), { type: "undo", changeId: "chg_1" }],
    ["/change?control=nothing", { type: "none" }],
    [
      "/change?control=shift&service=a/b&port=x",
      {
        type: "control",
        control: "shift",
        cluster: "",
        query: { namespace: "a", service: "b" },
        remove: false,
      },
    ],
  ])("%s is read as it was written", (path, subject) => {
    expect(subjectOf(searchOf(path))).toEqual(subject)
  })
})

describe("a difference of two texts", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].join("\n")
  const after = before.replace("e", "E\nE2").replace("j", "")

  test("keeps the numbers of both, and says how much it leaves out", () => {
    const rows = numberedDiff(before, after, 1)
    expect(
      rows.map((row) =>
        row.type === "gap" ? `... ${row.hidden}` : `${row.before} ${row.after} ${row.text}`,
      ),
    ).toEqual([
      "... 3",
      "4 4 d",
      "5 null e",
      "null 5 E",
      "null 6 E2",
      "6 7 f",
      "... 2",
      "9 10 i",
      "10 null j",
    ])
    expect(countsOf(rows)).toEqual({ added: 2, removed: 2 })
  })

  test("puts what takes the place of a line beside it", () => {
    const rows = sideBySide(numberedDiff("a\nx\nb", "a\ny\nz\nb", 1))
    expect(
      rows.map((row) => (row.type === "gap" ? "" : `${row.left?.text ?? ""}|${row.right?.text ?? ""}`)),
    ).toEqual(["a|a", "x|y", "|z", "b|b"])
  })

  test("is one for an object that two steps touch", () => {
    const [v1, v2, v3] = [1, 2, 3].map((n) => objectOf(rule, { n }))
    const step = { cluster: "c", verb: "patch", object: rule, resourceVersion: "1", why: "" } as const
    const diffs = objectDiffs(
      [
        { ...step, before: v1 ?? null, after: v2 ?? null },
        { ...step, object: reviews, verb: "delete", before: objectOf(reviews, {}), after: null },
        { ...step, before: v2 ?? null, after: v3 ?? null },
      ],
      (object) => JSON.stringify(object["spec"]),
    )
    expect(diffs.map(({ what, before, after }) => [what, before?.["spec"], after?.["spec"]])).toEqual([
      ["changed", { n: 1 }, { n: 3 }],
      ["deleted", {}, undefined],
    ])
  })
})

describe("the bands of traffic", () => {
  const { now, after, bands, height } = bandsOf({
    bands: [
      { from: "v1", to: "v1", requestsPerSecond: 50.4 },
      { from: "v1", to: "v2", requestsPerSecond: 8.4 },
      { from: "v1", to: "v3", requestsPerSecond: 8.4 },
      { from: "v2", to: "v2", requestsPerSecond: 16.8 },
      { from: "v2", to: "fault", requestsPerSecond: 0 },
    ],
  })

  test("have ends as high as their share, in order of their names", () => {
    expect(now.map(({ name, height: h }) => [name, Math.round(h * 10) / 10])).toEqual([
      ["v1", 67.2],
      ["v2", 16.8],
    ])
    expect(after.map(({ name }) => name)).toEqual(["v1", "v2", "v3"])
    expect(new Set(after.map(({ color }) => color)).size).toBe(3)
    expect(now[0]?.color).toBe(after[0]?.color)
  })
  test("leave out what is nothing, and know what moves", () => {
    expect(bands.map(({ key, moved }) => `${key} ${moved}`)).toEqual([
      "v1 v1 false",
      "v1 v2 true",
      "v1 v3 true",
      "v2 v2 false",
    ])
  })
  test("have names that do not overlap, however small an end is", () => {
    const { after: many, height: high } = bandsOf({
      bands: [1000, 1, 1, 1, 1].map((requestsPerSecond, i) => ({
        from: "v1",
        to: `v${i + 1}`,
        requestsPerSecond,
      })),
    })
    for (const [i, end] of many.entries())
      if (i > 0) expect(end.nameAt - (many[i - 1]?.nameAt ?? 0)).toBeGreaterThanOrEqual(14)
    expect(high).toBeGreaterThan(Math.max(...many.map(({ nameAt }) => nameAt)))
    expect(height).toBeGreaterThan(100)
  })
  test("have names with room on both sides, long ones by both their ends", () => {
    const long = "recommendations-v1"
    const { columns, now, after } = bandsOf({
      bands: [
        { from: long, to: long, requestsPerSecond: 8.6 },
        { from: long, to: "none", requestsPerSecond: 1.4 },
      ],
    })
    expect(now.map(({ name, text }) => [name, text])).toEqual([[long, "recomme…ons-v1"]])
    expect(after.map(({ text }) => text)).toEqual(["recomme…ons-v1", "nobody"])
    // 14 letters of 7, a rate and the gap beside the bar; between them at least a quarter of the drawing.
    expect(columns.now).toBeGreaterThanOrEqual(14 * 7 + 50)
    expect(columns.after - columns.now).toBeGreaterThan(90)
  })
  test("of nothing draw nothing", () => expect(bandsOf({ bands: [] }).bands).toEqual([]))
})

describe("the five facts of a preview", () => {
  const texts = (of: ChangePreview) =>
    factsOf(of).map(({ glyph, text, more }) => `${glyph ?? ""} ${text} / ${more}`.trim())

  test("say that all is well", () => {
    expect(texts(preview())).toEqual([
      "1 changed / no deletion",
      "none moves / no route changes",
      "ok -0, +0 / no new one",
      "ok no conflict / nobody takes it back",
      "ok 1 cluster / dry run passed",
    ])
  })
  test("say who takes it back, who refuses, and what moves", () => {
    const denied = check({
      access: [
        {
          verb: "patch",
          kind: rule.kind,
          namespace: "bookinfo",
          name: "",
          allowed: false,
          reason: "",
          grant: "g",
        },
      ],
    })
    const effect = {
      cluster: "cl_eu",
      service: "bookinfo/reviews",
      bands: [],
      requestsPerSecond: 84,
      movedPerSecond: 16.8,
      mirrored: [],
      sentences: [],
      certain: true,
      measuredAt: at,
    }
    expect(
      texts(
        preview({
          clusters: [
            { ...eu, check: check({ owners: [argo] }) },
            { ...us, check: denied },
          ],
          traffic: [effect],
        }),
      ),
    ).toEqual([
      "1 changed / no deletion",
      "16.8 rps move / of 84 rps",
      "ok -0, +0 / no new one",
      "warning 1 conflict / argocd-controller",
      "denied 1 of 2 clusters / prod-us-1 refuses",
    ])
  })
  test("do not take what was not asked for a yes", () => {
    const [, , , owners, access] = texts(preview({ clusters: [{ ...eu, check: null }] }))
    expect(owners).toBe("unknown not asked / the cluster says")
    expect(access).toBe("unknown not asked / prod-eu-1 is asked")
  })
})

describe("the sentence above the button", () => {
  test("names the targets, what is left out, who reverts it and when it undoes itself", () => {
    const owned = preview({ clusters: [{ ...eu, check: check({ owners: [argo] }) }] })
    expect(said(sentenceOf(owned, { ...asked, leftOut: ["prod-us-1"] }, at))).toBe(
      "Applies to prod-eu-1 only. Argo CD will revert it unless git changes too.",
    )
    expect(said(sentenceOf(owned, { ...asked, conflicts: "take-over" }, at))).toBe(
      "Applies to prod-eu-1. Fields of Argo CD are taken over.",
    )
    const guard = { errorsPercent: 2, p95Ms: 500, forMs: 120_000, withinMs: 1_800_000 }
    expect(
      said(sentenceOf(preview(), { ...asked, guard, expiresInMs: 600_000 }, Date.UTC(2026, 0, 1, 14, 0))),
    ).toBe(
      "Applies to prod-eu-1. Undone when errors exceed 2 % or p95 exceeds 500 ms for 2 min. Undone at 14:10 in any case.",
    )
  })
  test("says of an agent that is away that it waits", () => {
    const away = preview({
      clusters: [
        { ...eu, check: check() },
        { ...us, link: "stale", check: null },
      ],
    })
    expect(said(sentenceOf(away, { ...asked, queueUntil: Date.UTC(2026, 0, 1, 15, 0) }, at))).toBe(
      "Applies to prod-eu-1. prod-us-1 waits for its agent until 15:00.",
    )
  })
  test.each([
    [
      preview({ blockers: [{ code: "agent.away", message: "prod-us-1 is away" }] }),
      "Not possible: prod-us-1 is away",
    ],
    [preview({ steps: [] }), "Nothing changes: it is so already."],
    [
      preview({ blockers: [{ code: "change.empty", message: "There is nothing to change" }] }),
      "Nothing changes: it is so already.",
    ],
    [
      preview({
        clusters: [
          {
            ...eu,
            check: check({
              access: [
                {
                  verb: "patch",
                  kind: rule.kind,
                  namespace: "bookinfo",
                  name: "",
                  allowed: false,
                  reason: "",
                  grant: null,
                },
              ],
            }),
          },
        ],
      }),
      "Not possible: prod-eu-1, may not patch DestinationRule.",
    ],
  ])("says why it is not possible", (of, text) => {
    const sentence = sentenceOf(of, asked, at)
    expect(said(sentence)).toBe(text)
    expect(sentence.possible).toBe(false)
  })
  test("the button says the target", () => {
    expect(buttonText(preview(), "apply")).toBe("Apply to prod-eu-1")
    expect(buttonText(preview(), "undo")).toBe("Undo on prod-eu-1")
    const both = preview({
      clusters: [
        { ...eu, check: null },
        { ...us, check: null },
      ],
    })
    expect(buttonText(both, "queue")).toBe("Queue for 2 clusters")
  })
})

describe("a user's own assertion", () => {
  const provider = { issuer: "https://id.shop.example", audience: "smm", bindToChange: false }
  const cluster = (clusterId: string, identityProvider: typeof provider | null) =>
    ({ clusterId, name: clusterId.slice(3), act: { mode: "mapped", identityProvider } }) as ClusterInfo
  const known = [
    cluster("cl_eu", provider),
    cluster("cl_us", null),
    cluster("cl_ap", provider),
    cluster("cl_sa", { ...provider, bindToChange: true }),
  ]
  const draft = {
    intent: { control: "shift", service: { namespace: "a", name: "b" }, set: null },
    clusters: ["cl_eu"],
    ...{ conflicts: "ask", guard: null, expiresInMs: null, queueUntil: null },
    assertion: " eyJh.eyJi.c\n",
  } as Parameters<typeof bodyOf>[0]

  test("is demanded by chosen clusters only, once for those that demand the same", () => {
    expect(demandsOf(["cl_us"], known)).toEqual([])
    const demands = demandsOf(["cl_eu", "cl_us", "cl_ap", "cl_sa"], known)
    expect(demands.map(({ bound, clusters }) => [bound, clusters.map(({ name }) => name)])).toEqual([
      [false, ["eu", "ap"]],
      [true, ["sa"]],
    ])
    expect(demands.map(demandText)).toEqual([
      "eu, ap want a token for the audience smm. It is sent with this change and kept nowhere here.",
      "sa wants a token for the audience smm, bound to this change: its nonce is the digest that the refusal without one tells.",
    ])
  })
  test("is in the request as it is, without what pasting adds, and only where it is demanded", () => {
    const body = bodyOf(draft, demandsOf(draft.clusters, known))
    expect(ChangeRequest.parse({ ...body, clusters: [] })).toMatchObject({ assertion: "eyJh.eyJi.c" })
    expect(bodyOf(draft, demandsOf(["cl_us"], known))).not.toHaveProperty("assertion")
    expect(bodyOf({ ...draft, assertion: "  " }, demandsOf(["cl_eu"], known))).not.toHaveProperty("assertion")
    expect(assertionPart("x", demandsOf(["cl_eu"], known))).toEqual({ assertion: "x" })
  })
  test("is what a cluster's refusal is about, in its words", () => {
    const failure = { code: "assertion", message: "its nonce is null" } as const
    const refused = preview({ clusters: [{ ...eu, check: check({ failure }) }] })
    expect(assertionFailures(refused)).toEqual(["prod-eu-1: its nonce is null"])
    expect(assertionFailures(preview())).toEqual([])
  })
})

describe("a text over a form", () => {
  const live = [objectOf(reviews, { http: [{ weight: 100 }] }), objectOf(rule, { host: "reviews" })]
  const opened = [objectOf(reviews, { http: [{ weight: 60 }] }), objectOf(rule, { host: "reviews", a: 1 })]
  const written = objectOf(reviews, { http: [{ weight: 60, timeout: "7s" }], hosts: ["reviews"] })
  const [, formRule] = opened as [(typeof opened)[0], (typeof opened)[0]]

  test("asks for what it says, and for all that the form makes beside it", () => {
    expect(intentOfText({ put: [written, formRule] }, opened, live)).toEqual({
      control: "objects",
      put: [written, formRule],
      remove: [],
    })
  })
  test("asks for nothing where it says the same, whatever the server keeps of it", () => {
    const kept = opened.map((object) => ({
      ...object,
      metadata: { ...object.metadata, resourceVersion: "8", uid: "u" },
      status: {},
    }))
    expect(intentOfText({ put: opened }, kept, live)).toBeNull()
  })
  test("asks for what is there when it takes the form's edits back by hand", () => {
    expect(intentOfText({ put: live }, opened, live)).toEqual({ control: "objects", put: live, remove: [] })
  })
  test("counts the fields that are lost with it, not those of the form", () => {
    expect(countEdits([written, formRule], opened)).toBe(2)
    expect(countEdits(opened, opened)).toBe(0)
    expect(countEdits([...opened, objectOf({ ...rule, name: "other" }, {})], opened)).toBe(1)
  })
})

describe("what the server says of a form", () => {
  test("stands at the form's own paths", () => {
    const error = new AppError("input.invalid", "no", {
      issues: [
        { path: "intent.set.weights.v1", message: "whole" },
        { path: "http[0].timeout", message: "duration" },
        { path: "intent.set", message: "sum" },
      ],
    })
    expect(problemsOf(error).map(({ path }) => path)).toEqual(["weights.v1", "http.0.timeout", ""])
    expect(problemsOf(new AppError("input.invalid", "sum to 100"))).toEqual([
      { path: "", message: "sum to 100" },
    ])
    expect(problemsOf(new AppError("internal", "x"))).toEqual([])
  })
})

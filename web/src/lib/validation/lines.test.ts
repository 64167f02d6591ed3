import { describe, expect, test } from "vitest"
import type { FindingItem, NotEvaluatedItem } from "#shared/api/validation.ts"
import type { Level } from "#shared/validation/finding.ts"
import { Ages } from "./ages.ts"
import { keyOf, objectKeyOf, objectOfKey, worstByObject } from "./finding-place.ts"
import { linesOf } from "./lines.ts"
import { type Question, countsOf, matching, newSinceOf, shownOf, unknowns } from "./question.ts"
import { drawnLines, lineAt, scrolledTo, topsOf } from "./rows.ts"

type Given = { code?: string; level?: Level; namespace?: string; name?: string; path?: string }

const finding = (given: Given = {}, more: Partial<FindingItem> = {}): FindingItem => ({
  cluster: "cls_1",
  clusterName: "one",
  code: given.code ?? "virtualservice.subset_unknown",
  level: given.level ?? "error",
  message: "subset v3 is in no DestinationRule",
  object: {
    kind: "VirtualService.networking.istio.io",
    namespace: given.namespace ?? "shop",
    name: given.name ?? "search",
  },
  path: given.path ?? "spec.http[0]",
  references: [],
  fix: null,
  since: 1_000,
  stale: false,
  suppressed: null,
  ...more,
})
const rules = {
  "virtualservice.subset_unknown": {
    aliases: ["IST0101", "KIA1107"],
    title: "Subset is in no DestinationRule",
    effect: "",
    remedy: "",
  },
}
const secrets: NotEvaluatedItem = {
  cluster: "cls_1",
  clusterName: "one",
  codes: ["gateway.secret_missing"],
  kind: "Secret",
  state: "denied",
  reason: "may not list Secrets",
  objects: 2,
}
const question: Question = {
  group: "cause",
  shades: ["error"],
  codes: [],
  text: "",
  newSince: undefined,
}
const everywhere = { has: () => true, namespaces: [] }
const found = (items: FindingItem[], more: Partial<Question>): FindingItem[] =>
  matching({ items, rules }, { ...question, ...more }, everywhere, ({ since }) => since)
const texts = (items: FindingItem[], group: Question["group"], unknown: NotEvaluatedItem[] = []): string[] =>
  linesOf(items, unknown, { group, rules, closed: new Set() }).map((line) =>
    line.type === "group" ? `${line.title} ${line.count}` : line.key,
  )

describe("the list of findings", () => {
  const items = [
    finding({ name: "b" }),
    finding({ code: "x.y", level: "warning", name: "a" }),
    finding({ name: "a" }),
  ]

  test("has the worst cause first, its findings by object, and what is not evaluated last", () => {
    expect(texts(items, "cause", [secrets])).toEqual([
      "Subset is in no DestinationRule 2",
      keyOf(items[2] ?? finding()),
      keyOf(items[0] ?? finding()),
      "x.y 1",
      keyOf(items[1] ?? finding()),
      "Not evaluated 1",
      "unknown cls_1 Secret",
    ])
  })

  test("is in one order, whatever the order of the answer", () => {
    expect(texts(items.toReversed(), "cause")).toEqual(texts(items, "cause"))
  })

  test("groups by namespace and by object", () => {
    expect(texts(items, "namespace")[0]).toBe("shop 3")
    expect(texts(items, "object").filter((text) => text.startsWith("Virtual"))).toEqual([
      "VirtualService shop/a 2",
      "VirtualService shop/b 1",
    ])
    const whole = finding({ namespace: "", name: "node" })
    expect(texts([whole], "namespace")[0]).toBe("Of the whole cluster 1")
  })

  test("tells the same said twice of one place apart", () => {
    const keys = texts([finding(), finding({}, { message: "another" })], "cause").slice(1)
    expect(new Set(keys).size).toBe(2)
  })

  test("shows of a folded group only its head", () => {
    const lines = linesOf(items, [], { group: "cause", rules, closed: new Set(["x.y"]) })
    expect(lines.at(-1)).toMatchObject({ type: "group", closed: true, count: 1 })
  })
})

describe("a question", () => {
  test("matches a code by an anchor's name of it, and words in any part", () => {
    const items = [finding(), finding({ code: "x.y", name: "other" })]
    expect(found(items, { codes: ["IST0101"] })).toHaveLength(1)
    expect(found(items, { text: "kia1107 SEARCH" })).toHaveLength(1)
    expect(found(items, { text: "nothing of it" })).toEqual([])
  })

  test("leaves out what was known before, and keeps to the scope", () => {
    const items = [finding({}, { since: 500 }), finding({ name: "new" }, { since: 2_000 })]
    expect(found(items, { newSince: 1_500 }).map(({ object }) => object.name)).toEqual(["new"])
    const scope = { has: (_: string, namespace: string) => namespace === "other" }
    expect(matching({ items, rules }, question, scope, () => null)).toEqual([])
    expect(newSinceOf("hour", 4_000_000, 7)).toBe(400_000)
    expect(newSinceOf("look", 4_000_000, 7)).toBe(7)
    expect(newSinceOf("ever", 4_000_000, 7)).toBeUndefined()
  })

  test("counts each level, and the suppressed apart from their level", () => {
    const hidden = finding({}, { suppressed: { by: "settings", code: "*", until: null } })
    const items = [finding(), hidden]
    expect(countsOf(items, [secrets])).toEqual({ error: 1, warning: 0, info: 0, unknown: 1, suppressed: 1 })
    expect(shownOf(items, ["suppressed"])).toEqual([hidden])
    expect(unknowns({ notEvaluated: [secrets], rules }, { ...question, text: "secret" }, everywhere)).toEqual(
      [secrets],
    )
  })

  test("ages what has no time of its own from when it was first seen", () => {
    const ages = new Ages()
    const old = finding({ name: "old" }, { since: null })
    const late = finding({ name: "late" }, { since: null })
    ages.note([old], 100)
    ages.note([old, late], 200)
    expect([ages.of(old), ages.of(late), ages.of(finding())]).toEqual([null, 200, 1_000])
  })
})

describe("objects of findings", () => {
  test("are told by a key that reads back", () => {
    const ref = { kind: "Service", namespace: "", name: "web" }
    expect(objectOfKey(objectKeyOf("cls_1", ref))).toEqual({ cluster: "cls_1", ...ref })
    expect(objectOfKey("cls_1/Service")).toBeUndefined()
  })

  test("have the worst of their levels", () => {
    const objects = worstByObject([finding({ level: "info" }), finding({ path: "spec" })])
    expect([...objects.values()]).toMatchObject([{ worst: "error", items: [{}, {}] }])
  })
})

describe("lines of several heights", () => {
  const tops = topsOf([30, 41, 57, 41, 41])

  test("are found by where they stand", () => {
    expect([0, 29, 30, 71, 500].map((y) => lineAt(tops, y))).toEqual([0, 0, 1, 2, 4])
    expect(drawnLines(tops, { top: 75, height: 50 }, 0)).toEqual({ first: 2, last: 3 })
    expect(drawnLines([0], { top: 0, height: 50 })).toEqual({ first: 0, last: 0 })
  })

  test("are scrolled to only when they are not whole in view", () => {
    expect(scrolledTo(tops, 1, { top: 0, height: 100 })).toBe(0)
    expect(scrolledTo(tops, 2, { top: 0, height: 100 })).toBe(28)
    expect(scrolledTo(tops, 0, { top: 60, height: 100 })).toBe(0)
  })
})

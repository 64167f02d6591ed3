import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { patchBetween } from "./diff.ts"
import { patched } from "./patch.ts"

const objectOf = (spec: unknown, metadata: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "bookinfo", ...metadata },
  spec,
})

const cases: [what: string, before: unknown, after: unknown, patch: unknown][] = [
  [
    "a changed leaf is replaced",
    { a: { b: 1, c: 2 } },
    { a: { b: 1, c: 3 } },
    [{ op: "replace", path: "/spec/a/c", value: 3 }],
  ],
  [
    "a null is a value",
    { a: null },
    { a: 1, b: null },
    [
      { op: "replace", path: "/spec/a", value: 1 },
      { op: "add", path: "/spec/b", value: null },
    ],
  ],
  [
    "names with slashes and tildes are escaped",
    { "a/b": 1 },
    { "a/b": 2, "~": 1 },
    [
      { op: "replace", path: "/spec/a~1b", value: 2 },
      { op: "add", path: "/spec/~0", value: 1 },
    ],
  ],
  [
    "a new element in front moves none of the others",
    [{ a: 1 }, { b: 2 }],
    [{ n: 0 }, { a: 1 }, { b: 2 }],
    [{ op: "add", path: "/spec/0", value: { n: 0 } }],
  ],
  [
    "an element is edited in its place",
    [
      { name: "v1", w: 1 },
      { name: "v2", w: 2 },
    ],
    [
      { name: "v1", w: 9 },
      { name: "v2", w: 2 },
    ],
    [{ op: "replace", path: "/spec/0/w", value: 9 }],
  ],
  [
    "the element that is alike is edited, the other removed",
    [{ a: "aaaaaaaa" }, { name: "reviews", w: 1, long: "something" }],
    [{ name: "reviews", w: 2, long: "something" }],
    [
      { op: "remove", path: "/spec/0" },
      { op: "replace", path: "/spec/0/w", value: 2 },
    ],
  ],
  [
    "what is removed and what is added count in their order",
    ["a", "b", "c"],
    ["b", "x", "c", "d"],
    [
      { op: "remove", path: "/spec/0" },
      { op: "add", path: "/spec/1", value: "x" },
      { op: "add", path: "/spec/3", value: "d" },
    ],
  ],
  [
    "objects that have nothing in common are replaced",
    { match: { exact: "a" } },
    { match: { prefix: "b" } },
    [{ op: "replace", path: "/spec/match", value: { prefix: "b" } }],
  ],
  ["a field without a value is no field", { a: 1, b: undefined }, { a: 1, c: undefined }, []],
  ["the order of keys says nothing", { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ["a list does not become an object", { a: [] }, { a: {} }, [{ op: "replace", path: "/spec/a", value: {} }]],
]

describe("the patch between two objects", () => {
  test.each(cases)("%s", (_, before, after, patch) => {
    expect(patchBetween(objectOf(before), objectOf(after))).toEqual(patch)
  })

  test("says nothing of what the API server keeps itself", () => {
    const before = {
      ...objectOf({}, { resourceVersion: "1", uid: "a", generation: 1, managedFields: [{}] }),
      status: { a: 1 },
    }
    const after = {
      ...objectOf({}, { labels: { a: "b" }, creationTimestamp: "2026-01-01T00:00:00Z" }),
      status: { a: 2 },
    }
    expect(patchBetween(before, after)).toEqual([{ op: "add", path: "/metadata/labels", value: { a: "b" } }])
  })

  test("of a list of 3,000 elements in which one is changed and one new is made in no time", () => {
    const rules = Array.from({ length: 3_000 }, (_, i) => ({ name: `rule-${i}`, timeout: "1s" }))
    const after = rules.map((rule, i) => (i === 1_500 ? { ...rule, timeout: "2s" } : rule))
    after.splice(20, 0, { name: "new", timeout: "1s" })
    const started = performance.now()
    expect(patchBetween(objectOf(rules), objectOf(after))).toHaveLength(2)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

const key = fc.constantFrom("a", "b", "c", "name", "x/y", "~z")
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(0, 1, "", "a", "b", true, null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

/** The keys of every object in it that both have, in their order. */
function keptOrder(before: unknown, after: unknown): [unknown[], unknown[]] | undefined {
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null)
    return undefined
  const [old, fresh] = [Object.keys(before), Object.keys(after)]
  return [old.filter((name) => fresh.includes(name)), fresh.filter((name) => old.includes(name))]
}

describe("for any two objects", () => {
  test("the patched one is the other", () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        const [from, to] = [objectOf(before), objectOf(after)]
        expect(patched(from, patchBetween(from, to))).toEqual(to)
      }),
      { numRuns: 1_000 },
    )
  })

  test("equal ones have an empty patch", () => {
    fc.assert(
      fc.property(value, (spec) => {
        expect(patchBetween(objectOf(spec), objectOf(structuredClone(spec)))).toEqual([])
      }),
    )
  })

  test("keys that stay stay in their order", () => {
    const fields = fc.dictionary(key, value, { minKeys: 2, noNullPrototype: true })
    fc.assert(
      fc.property(fields, fields, (before, after) => {
        const from = objectOf({ fields: before, kept: 1 })
        const result = patched(from, patchBetween(from, objectOf({ fields: after, kept: 1 })))
        const orders = keptOrder(before, (result?.["spec"] as { fields: unknown }).fields)
        // Where nothing is kept the whole is replaced, and has no order to keep.
        if (orders !== undefined) expect(orders[1]).toEqual(orders[0])
      }),
    )
  })

  test("one changed element of a list is never a new list", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), fc.nat(7), value, (list, at, other) => {
        const after = list.with(at % list.length, other)
        const patch = patchBetween(objectOf({ list }), objectOf({ list: after }))
        expect(patch.every(({ path }) => path.startsWith("/spec/list/"))).toBe(true)
      }),
    )
  })
})

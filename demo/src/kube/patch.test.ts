import { describe, expect, test } from "vitest"
import { jsonPatch } from "./json-patch.ts"
import { mergePatch } from "./merge.ts"
import { builtinMergeSchema } from "./merge-schema.ts"
import { strategicPatch } from "./strategic.ts"

describe("a JSON patch", () => {
  test.each([
    [
      "adds to the end of a list",
      [{ op: "add", path: "/list/-", value: 3 }],
      { list: [1, 2, 3], a: { b: 1 } },
    ],
    ["inserts into a list", [{ op: "add", path: "/list/0", value: 0 }], { list: [0, 1, 2], a: { b: 1 } }],
    ["replaces", [{ op: "replace", path: "/a/b", value: 2 }], { list: [1, 2], a: { b: 2 } }],
    ["removes from a list", [{ op: "remove", path: "/list/0" }], { list: [2], a: { b: 1 } }],
    ["moves", [{ op: "move", from: "/a/b", path: "/c" }], { list: [1, 2], a: {}, c: 1 }],
    ["copies", [{ op: "copy", from: "/a", path: "/c" }], { list: [1, 2], a: { b: 1 }, c: { b: 1 } }],
    [
      "reads escapes",
      [{ op: "add", path: "/a/x~1y~0z", value: 1 }],
      { list: [1, 2], a: { b: 1, "x/y~z": 1 } },
    ],
  ])("%s", (_, patch, expected) => {
    const live = { list: [1, 2], a: { b: 1 } }
    expect(jsonPatch(live, patch)).toEqual(expected)
    expect(live).toEqual({ list: [1, 2], a: { b: 1 } })
  })

  test.each([
    ["an absent field", [{ op: "remove", path: "/absent" }], 422],
    ["an index out of range", [{ op: "add", path: "/list/9", value: 1 }], 422],
    ["an unknown operation", [{ op: "frobnicate", path: "/a" }], 400],
    ["no list", {}, 400],
  ])("with %s is refused", (_, patch, code) => {
    expect(() => jsonPatch({ list: [] }, patch)).toThrow(expect.objectContaining({ code }))
  })
})

describe("a merge patch", () => {
  test("sets, replaces lists and removes with null", () => {
    expect(mergePatch({ a: { b: 1, c: 2 }, list: [1, 2] }, { a: { b: null, d: 3 }, list: [9] })).toEqual({
      a: { c: 2, d: 3 },
      list: [9],
    })
  })
})

describe("a strategic merge patch", () => {
  const schema = builtinMergeSchema("Pod")
  const live = {
    metadata: { finalizers: ["a", "b"] },
    spec: {
      containers: [
        { name: "one", image: "1" },
        { name: "two", image: "2" },
      ],
      tolerations: [{ key: "x" }],
    },
  }
  const patched = (patch: object) => strategicPatch(live, patch, schema)

  test.each([
    [
      "changes an item by its key",
      { spec: { containers: [{ name: "two", image: "3" }] } },
      [
        { name: "one", image: "1" },
        { name: "two", image: "3" },
      ],
    ],
    [
      "adds an item, in the order that is asked for",
      {
        spec: {
          $setElementOrder: 0,
          "$setElementOrder/containers": [{ name: "new" }, { name: "one" }],
          containers: [{ name: "new" }],
        },
      },
      [{ name: "new" }, { name: "one", image: "1" }, { name: "two", image: "2" }],
    ],
    [
      "deletes an item",
      { spec: { containers: [{ name: "one", $patch: "delete" }] } },
      [{ name: "two", image: "2" }],
    ],
    [
      "replaces the whole list",
      { spec: { containers: [{ $patch: "replace" }, { name: "only" }] } },
      [{ name: "only" }],
    ],
  ])("%s", (_, patch, containers) => {
    expect(patched(patch)).toMatchObject({ spec: { containers } })
  })

  test("replaces lists without a key, and deletes from lists of values", () => {
    const result = patched({
      metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] },
      spec: { tolerations: [{ key: "y" }] },
    })
    expect(result).toMatchObject({ metadata: { finalizers: ["b"] }, spec: { tolerations: [{ key: "y" }] } })
  })

  test("keeps only the fields it retains", () => {
    const spec = { strategy: { type: "Rolling", rolling: { a: 1 } } }
    const patch = { strategy: { $retainKeys: ["type"], type: "Recreate" } }
    expect(strategicPatch(spec, patch, {})).toEqual({ strategy: { type: "Recreate" } })
  })

  test("an item without its key is refused", () => {
    expect(() => patched({ spec: { containers: [{ image: "x" }] } })).toThrow('merge key "name"')
  })
})

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fromFieldsV1, leavesOf, removeFields, toFieldsV1 } from "./field-set.ts"
import { without, fieldsOf, type Fields } from "./json.ts"
import { applyConfig, ownUpdate, readManaged } from "./managed-fields.ts"
import { builtinMergeSchema } from "./merge-schema.ts"

const schema = builtinMergeSchema("Pod")

const name = fc.constantFrom("a", "b", "c", "d")
const data = fc.dictionary(name, fc.constantFrom("1", "2"), { minKeys: 1 })
const container = fc.record({
  name,
  image: fc.constantFrom("x", "y"),
  env: fc.uniqueArray(fc.record({ name, value: fc.constantFrom("1", "2") }), {
    selector: (item) => item.name,
  }),
})
const config = fc.record({
  metadata: fc.record({ labels: data }),
  spec: fc.record({ containers: fc.uniqueArray(container, { minLength: 1, selector: (item) => item.name }) }),
})

const apply = (live: Fields | undefined, wanted: Fields, manager: string): Fields => {
  const writer = { manager, apiVersion: "v1", subresource: "", time: "2026-11-24T10:00:00Z" }
  const outcome = applyConfig({ live, config: wanted, schema, writer, force: true })
  if ("conflicts" in outcome) throw new Error("forced applies have no conflicts")
  return outcome.object
}

const content = (object: Fields): Fields => ({
  ...object,
  metadata: without(fieldsOf(object["metadata"]), "managedFields"),
})

const ownedBy = (object: Fields, manager: string) =>
  readManaged(object).find((entry) => entry.manager === manager)?.set ?? new Set<string>()

describe("field ownership", () => {
  test("a field set survives the way through fieldsV1", () => {
    fc.assert(
      fc.property(config, (object) => {
        const set = new Set(leavesOf(object, schema).keys())
        expect(fromFieldsV1(toFieldsV1(set))).toEqual(set)
      }),
    )
  })

  test("without all its fields nothing is left of an object", () => {
    fc.assert(
      fc.property(config, (object) => {
        expect(removeFields(object, new Set(leavesOf(object, schema).keys()))).toEqual({})
      }),
    )
  })

  test("applying the same again changes nothing", () => {
    fc.assert(
      fc.property(config, (object) => {
        const once = apply(undefined, object, "alpha")
        expect(apply(once, object, "alpha")).toEqual(once)
      }),
    )
  })

  test("what one manager applies and takes back leaves the fields of the other", () => {
    fc.assert(
      fc.property(config, config, (mine, yours) => {
        const before = apply(undefined, mine, "alpha")
        const kept = ownedBy(apply(before, yours, "beta"), "alpha")
        const after = apply(apply(before, yours, "beta"), {}, "beta")
        const left = new Set(leavesOf(content(after), schema).keys())
        expect(left.isSupersetOf(kept)).toBe(true)
        expect(ownedBy(after, "beta").size).toBe(0)
      }),
    )
  })

  test("every field that a manager applied is its own, with its value", () => {
    fc.assert(
      fc.property(config, config, (mine, yours) => {
        const object = apply(apply(undefined, mine, "alpha"), yours, "beta")
        const wanted = leavesOf(yours, schema)
        const found = leavesOf(content(object), schema)
        expect(ownedBy(object, "beta")).toEqual(new Set(wanted.keys()))
        for (const [path, value] of wanted) expect(found.get(path)).toEqual(value)
      }),
    )
  })

  test("an update takes what it changes and nobody owns what it removes", () => {
    const before = apply(undefined, { metadata: { labels: { a: "1", b: "1", c: "1" } } }, "alpha")
    const writer = { manager: "hand", apiVersion: "v1", subresource: "", time: "2026-11-24T10:00:00Z" }
    const after = ownUpdate(before, { ...before, metadata: { labels: { a: "1", b: "2" } } }, schema, writer)
    const labels = (manager: string) => [...ownedBy(after, manager)].map((path) => path.split("f:").at(-1))
    expect([labels("alpha"), labels("hand")]).toEqual([["a"], ["b"]])
  })

  test("fields of nobody belong to whoever was there before the first apply", () => {
    const writer = { manager: "alpha", apiVersion: "v1", subresource: "", time: "2026-11-24T10:00:00Z" }
    const live = { metadata: { labels: { a: "1" } } }
    const outcome = applyConfig({
      live,
      config: { metadata: { labels: { a: "2" } } },
      schema,
      writer,
      force: false,
    })
    expect(outcome).toMatchObject({
      conflicts: [{ message: 'conflict with "before-first-apply" using v1', field: ".metadata.labels.a" }],
    })
  })
})

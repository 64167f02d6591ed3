import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { config } from "../istio/fixture.ts"
import { type KubeObject, type ObjectRef, idOf, refOf } from "../kube/object.ts"
import { type Done, inverseOf } from "./inverse.ts"
import { patched } from "./patch.ts"

const virtualService = (http: unknown, over: Record<string, unknown> = {}): KubeObject =>
  config("VirtualService", "shop/cart", { hosts: ["cart"], http, ...over })
const to = (subset: string, weight?: number) => ({
  destination: { host: "cart", subset },
  ...(weight === undefined ? {} : { weight }),
})

/** The object after the inverse; null: removed. And what was told. */
function undo(before: KubeObject | null, after: KubeObject | null, now: KubeObject | null) {
  const object = refOf((before ?? after) as KubeObject)
  const { edits, kept } = inverseOf([{ object, before, after }], () => now ?? undefined)
  expect(edits.length).toBeLessThan(2)
  const [edit] = edits
  const result =
    edit === undefined
      ? now
      : "create" in edit
        ? edit.create
        : "remove" in edit
          ? null
          : patched(now as KubeObject, edit.patch)
  return { result, told: kept.map(({ path }) => path), messages: kept.map(({ message }) => message) }
}

const shifted = virtualService([{ route: [to("v1", 80), to("v3", 20)] }])
const whole = virtualService([{ route: [to("v1")] }])

describe("a change that is undone", () => {
  test("leaves what was there before when nobody touched it", () => {
    expect(undo(whole, shifted, shifted)).toMatchObject({ result: whole, told: [] })
  })

  test("leaves what somebody else wrote beside it", () => {
    const now = virtualService([
      { match: [{ uri: { exact: "/a" } }], route: [to("v2")] },
      { timeout: "3s", route: [to("v1", 80), to("v3", 20)] },
    ])
    const { result, told } = undo(whole, shifted, now)
    expect(result).toEqual(
      virtualService([
        { match: [{ uri: { exact: "/a" } }], route: [to("v2")] },
        { timeout: "3s", route: [to("v1")] },
      ]),
    )
    expect(told).toEqual([])
  })

  test("leaves weights whole that somebody else has set since, and tells of it", () => {
    const now = virtualService([{ timeout: "3s", route: [to("v1", 50), to("v3", 50)] }])
    const { result, told, messages } = undo(
      virtualService([{ route: [to("v1")] }]),
      virtualService([{ timeout: "9s", route: [to("v1", 80), to("v3", 20)] }]),
      now,
    )
    expect(result).toEqual(now)
    expect(told).toEqual(["spec.http[0].timeout", "spec.http[0].route"])
    expect(messages[0]).toBe(
      'spec.http[0].timeout was "9s" after the change and is "3s" now: it stays as it is',
    )
  })

  test("takes its fields out of a parent that others wrote into, and removes a parent that is empty then", () => {
    const rule = (trafficPolicy?: unknown) =>
      config("DestinationRule", "shop/cart", {
        host: "cart",
        ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
      })
    const made = rule({ connectionPool: { tcp: { maxConnections: 1 } } })
    expect(undo(rule(), made, made).result).toEqual(rule())
    expect(
      undo(rule(), made, rule({ connectionPool: { tcp: { maxConnections: 1 } }, tls: { mode: "SIMPLE" } })),
    ).toMatchObject({ result: rule({ tls: { mode: "SIMPLE" } }), told: [] })
  })

  test("keeps an element that it added and somebody else has edited", () => {
    const rules = (...http: unknown[]) => virtualService(http)
    const [own, all] = [{ name: "own", timeout: "1s" }, { name: "all" }]
    expect(undo(rules(all), rules(own, all), rules({ ...own, timeout: "2s" }, all))).toMatchObject({
      result: rules({ ...own, timeout: "2s" }, all),
      told: ["spec.http[0]"],
    })
  })

  test("does not bring back into another rule what it took from one that is gone", () => {
    const rules = (...http: unknown[]) => virtualService(http)
    const now = rules({ name: "theirs", timeout: "1s" })
    expect(
      undo(rules({ name: "w", timeout: "1s", retries: 1 }), rules({ name: "x", timeout: "1s" }), now).result,
    ).toEqual(rules({ name: "w", timeout: "1s", retries: 1 }, { name: "theirs", timeout: "1s" }))
  })

  test("removes an object that it made, and makes one that it removed, without what only the server writes", () => {
    expect(undo(null, whole, whole)).toEqual({ result: null, told: [], messages: [] })
    const live = {
      ...whole,
      metadata: { ...whole.metadata, uid: "u", resourceVersion: "1", managedFields: [] },
      status: {},
    }
    const { creationTimestamp: _, ...metadata } = whole.metadata
    expect(undo(live, null, null)).toEqual({ result: { ...whole, metadata }, told: [], messages: [] })
  })

  test("keeps of an object that it made what others have written into it", () => {
    const rule = (over: object) => config("DestinationRule", "shop/cart", { host: "cart", ...over })
    const subsets = [{ name: "v1" }]
    expect(undo(null, rule({ subsets }), rule({ subsets, trafficPolicy: { tls: {} } }))).toMatchObject({
      result: rule({ trafficPolicy: { tls: {} } }),
      told: ["spec.trafficPolicy"],
    })
    expect(undo(null, rule({ subsets }), rule({ subsets, exportTo: ["."] }))).toMatchObject({
      result: null,
      told: ["spec.exportTo"],
    })
  })

  test("tells of an object that is gone, or was made anew, since", () => {
    expect(undo(whole, shifted, null)).toMatchObject({
      result: null,
      messages: ["VirtualService shop/cart is gone since: there is nothing to undo on it"],
    })
    expect(undo(whole, null, shifted)).toMatchObject({
      result: shifted,
      messages: ["VirtualService shop/cart was made anew after the change removed it: it stays as it is"],
    })
    expect(undo(null, whole, null)).toEqual({ result: null, told: [], messages: [] })
  })

  test("of several objects, some written twice, goes backwards", () => {
    const rule = (...subsets: string[]) =>
      config("DestinationRule", "shop/cart", { host: "cart", subsets: subsets.map((name) => ({ name })) })
    const done: Done[] = [
      { object: refOf(rule()), before: rule("v1"), after: rule("v1", "v2") },
      { object: refOf(whole), before: whole, after: shifted },
      { object: refOf(rule()), before: rule("v1", "v2"), after: rule("v2") },
    ]
    const now = new Map([rule("v2"), shifted].map((object) => [idOf(refOf(object)), object]))
    const { edits } = inverseOf(done, (ref: ObjectRef) => now.get(idOf(ref)))
    expect(edits.map((edit) => ("object" in edit ? edit.object.kind : ""))).toEqual([
      "VirtualService.networking.istio.io",
      "DestinationRule.networking.istio.io",
    ])
    const [, second] = edits
    expect(second && "patch" in second ? patched(rule("v2"), second.patch) : undefined).toEqual(rule("v1"))
  })
})

/** Leaves by their path; an object without leaves is not there. */
function leaves(value: unknown, path = ""): Map<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map([[path, value]])
  return new Map(Object.entries(value).flatMap(([key, field]) => [...leaves(field, `${path}.${key}`)]))
}
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.nat(2),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { minKeys: 1, noNullPrototype: true }),
  ),
})).value
const fields = fc.dictionary(fc.constantFrom("a", "b", "c"), tree, { minKeys: 1, noNullPrototype: true })

/** A tree in which some leaves are other ones. */
const edited = (spec: Record<string, unknown>) =>
  fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(2))), { maxLength: 3 }).map((edits) => {
    const copy = structuredClone(spec)
    for (const [at, value] of edits) {
      const paths = [...leaves(copy).keys()]
      const steps = (paths[at % Math.max(1, paths.length)] ?? ".a").split(".").slice(1)
      const last = steps.pop() ?? "a"
      let parent = copy
      for (const step of steps) parent = parent[step] as Record<string, unknown>
      if (value === null) Reflect.deleteProperty(parent, last)
      else parent[last] = value
    }
    return copy
  })

describe("for any change and any edit by somebody else since", () => {
  const worlds = fields.chain((base) => fc.tuple(edited(base), fc.constant(base), edited(base)))
  const objectOf = (spec: unknown): KubeObject =>
    config("VirtualService", "shop/cart", spec as Record<string, unknown>)

  test("undone without an edit since it is what was there before", () => {
    fc.assert(
      fc.property(worlds, ([before, after]) => {
        expect(undo(objectOf(before), objectOf(after), objectOf(after))).toEqual({
          result: objectOf(before),
          told: [],
          messages: [],
        })
      }),
    )
  })

  test("each field is as somebody else left it, else as it was before; and it is told where both have written", () => {
    let [asked, clashes] = [0, 0]
    fc.assert(
      fc.property(worlds, ([before, after, now]) => {
        const { result, told } = undo(objectOf(before), objectOf(after), objectOf(now))
        const [old, base, fresh] = [before, after, now].map((spec) => leaves(spec))
        const found = leaves(result?.["spec"])
        const paths = new Set([old, base, fresh].flatMap((map) => [...(map?.keys() ?? [])]))
        const clash = [...paths].filter(
          (path) =>
            fresh?.get(path) !== base?.get(path) &&
            old?.get(path) !== base?.get(path) &&
            old?.get(path) !== fresh?.get(path),
        )
        for (const path of paths) {
          asked++
          expect(found.get(path)).toBe(
            fresh?.get(path) === base?.get(path) ? old?.get(path) : fresh?.get(path),
          )
        }
        clashes += clash.length
        expect(told.toSorted()).toEqual(clash.map((path) => `spec${path}`).toSorted())
      }),
      { numRuns: 1_000 },
    )
    expect(asked).toBeGreaterThan(1_000)
    expect(clashes).toBeGreaterThan(10)
  })
})

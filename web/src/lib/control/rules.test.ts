import { describe, expect, test } from "vitest"
import fc from "fast-check"
import type { HttpRule } from "#shared/edit/form.ts"
import { duplicated, newRule, placeForNew, reordered, unlessEmpty, withAction } from "./rules.ts"
import { placeOf } from "./which.ts"

const forHeader: HttpRule = newRule([{ headers: { "end-user": { exact: "ada" } } }])
const rest: HttpRule = newRule([])

describe("the order of rules", () => {
  test("changes for the one that is moved only, and nothing is lost", () => {
    const lists = fc.array(fc.nat(), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(lists, fc.nat(9), fc.nat(9), (list, from, to) => {
        const now = reordered(list, from % list.length, to)
        expect([...now].sort()).toEqual([...list].sort())
        const place = Math.min(list.length - 1, to)
        expect(now[place]).toBe(list[from % list.length])
        expect(now.toSpliced(place, 1)).toEqual(list.toSpliced(from % list.length, 1))
      }),
    )
  })

  test("puts a new rule where requests still come by", () => {
    expect(placeForNew([forHeader, rest])).toBe(1)
    expect(placeForNew([forHeader])).toBe(1)
    expect(placeForNew([newRule([{ uri: { prefix: "/" } }]), rest])).toBe(0)
  })
})

describe("which rule is meant", () => {
  test("is the number, else the first that takes everything", () => {
    const rules = [forHeader, newRule([{ uri: { prefix: "/" }, name: "all" }]), rest]
    expect(placeOf({}, rules)).toBe(1)
    expect(placeOf({ rule: 3 }, rules)).toBe(2)
    expect(placeOf({ rule: 4 }, rules)).toBeUndefined()
    expect(placeOf({ match: {} }, rules)).toBeUndefined()
    expect(placeOf({}, [forHeader])).toBeUndefined()
    expect(placeOf({}, [newRule([{ port: 80 }])])).toBeUndefined()
  })
})

describe("a rule", () => {
  test("that is duplicated is a new one in all of its places", () => {
    const rule: HttpRule = {
      ...forHeader,
      origin: 4,
      name: "ada",
      matches: [{ origin: 1, uri: { exact: "/" } }],
      action: { type: "route", destinations: [{ origin: 2, destination: { subset: "v1" } }] },
      timeout: "1s",
    }
    expect(duplicated(rule)).toEqual({
      origin: null,
      matches: [{ origin: null, uri: { exact: "/" } }],
      action: { type: "route", destinations: [{ origin: null, destination: { subset: "v1" } }] },
      timeout: "1s",
    })
  })

  test("that answers by itself keeps nothing of what is done on the way to a destination", () => {
    const rule: HttpRule = {
      ...rest,
      timeout: "1s",
      rewrite: { uri: "/" },
      retries: { attempts: 1 },
      name: "a",
    }
    expect(withAction(rule, { type: "direct", status: 200 })).toEqual({
      origin: null,
      name: "a",
      matches: [],
      action: { type: "direct", status: 200 },
    })
    expect(withAction(rule, rest.action)).toEqual(rule)
  })

  test("has no parts that say nothing", () => {
    expect(unlessEmpty({ a: undefined })).toBeUndefined()
    expect(unlessEmpty({ a: undefined, b: 0 })).toEqual({ b: 0 })
  })
})

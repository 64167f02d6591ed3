import { describe, expect, test } from "vitest"
import { pathOf } from "./object.ts"
import { changedSearch, listOf, oneOf, scopedPath } from "./query.ts"

describe("the query of an address", () => {
  test("changes the named parts and keeps the others", () => {
    expect(changedSearch("?a=1&b=2", { b: "3", c: ["x", "y"] })).toBe("?a=1&b=3&c=x,y")
    expect(changedSearch("?a=1&b=2", { a: undefined, b: [] })).toBe("")
    expect(changedSearch("", { select: "svc/c1/shop/web" })).toBe("?select=svc/c1/shop/web")
  })

  test("lists survive commas and percent signs in their items", () => {
    const items = ["a,b", "50%", "%2C", "plain"]
    expect(listOf(changedSearch("", { x: items }), "x")).toEqual(items)
    expect(listOf("", "x")).toEqual([])
  })

  test("what is typed by hand and unknown becomes the usual", () => {
    expect(oneOf("?g=b", "g", ["a", "b"])).toBe("b")
    expect(oneOf("?g=z", "g", ["a", "b"])).toBe("a")
  })
})

test("the scope goes along from page to page, unless the address names its own", () => {
  expect(scopedPath("/services", "?c=prod&ns=a,b&select=x")).toBe("/services?c=prod&ns=a,b")
  expect(scopedPath("/topology?ns=z", "?c=prod&ns=a")).toBe("/topology?ns=z&c=prod")
  expect(scopedPath("/services", "")).toBe("/services")
})

test("a node of the graph leads to its page, when it has one", () => {
  expect(pathOf("svc/cls_1/shop/web")).toBe("/services/cls_1/shop/web")
  expect(pathOf("wl/cls_1/shop/web-v1")).toBe("/workloads/cls_1/shop/web-v1")
  expect(pathOf("ext/api.example")).toBeUndefined()
  expect(pathOf("unknown/cls_1")).toBeUndefined()
})

import { describe, expect, test } from "vitest"
import { nextPath, rememberNext, takeNext } from "./next.ts"
import { expiryText, givable } from "./words.ts"

describe("settings", () => {
  const day = 86_400_000
  test.each([
    [null, "never", ""],
    [100 * day, "in 90 d", ""],
    [13 * day, "in 3 d", "watch"],
    [17 * day + 900, "in 7 d", ""],
    [10 * day + 5, "within a day", "watch"],
    [8 * day, "expired 2 d ago", "failing"],
  ])("a token that ends at %s", (expiresAt, text, tone) =>
    expect(expiryText({ expiresAt }, 10 * day)).toEqual({ text, tone }),
  )

  test("an admin cannot make an owner", () =>
    expect(givable("admin")).toEqual(["admin", "operator", "viewer"]))
})

test.each([
  [null, "/overview"],
  ["/services?q=a", "/services?q=a"],
  ["//evil.example", "/overview"],
  ["/\\evil.example", "/overview"],
  ["https://evil.example", "/overview"],
  ["/sign-in?next=/sign-in", "/overview"],
])("after signing in, next %j leads to %j", (next, path) => expect(nextPath(next)).toBe(path))

describe("where the person wanted to go", () => {
  const storage = () => {
    const items = new Map<string, string>()
    return {
      getItem: (name: string) => items.get(name) ?? null,
      setItem: (name: string, value: string) => void items.set(name, value),
      removeItem: (name: string) => void items.delete(name),
    }
  }
  test("is remembered for the tab that the link opens, once", () => {
    const kept = storage()
    rememberNext(kept, "/services?q=a", 1000)
    expect(takeNext(kept, 2000)).toBe("/services?q=a")
    expect(takeNext(kept, 2000)).toBe("/overview")
  })
  test("is forgotten after half an hour, and never leads away", () => {
    const kept = storage()
    rememberNext(kept, "/services", 0)
    expect(takeNext(kept, 31 * 60_000)).toBe("/overview")
    rememberNext(kept, "//evil.example", 0)
    expect(takeNext(kept, 0)).toBe("/overview")
    kept.setItem("smm.next", "not json")
    expect(takeNext(kept, 0)).toBe("/overview")
  })
})

import { describe, expect, test } from "vitest"
import { nextPath } from "./next.ts"
import { expiryText, givable } from "./words.ts"

describe("settings", () => {
  const day = 86_400_000
  test.each([
    [null, "never", ""],
    [100 * day, "in 90 d", ""],
    [13 * day, "in 3 d", "watch"],
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

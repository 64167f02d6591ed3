import { expect, test } from "vitest"
import { GoKeys } from "./keys.ts"

test("G and a letter within 1.2 s lead to a page; anything else does not", () => {
  const keys = new GoKeys()
  expect(keys.press("g", 0)).toBe("wait")
  expect(keys.press("t", 500)).toBe("/topology")
  expect(keys.press("t", 600)).toBeUndefined()
  expect(keys.press("G", 1_000)).toBe("wait")
  expect(keys.press("s", 3_000)).toBeUndefined()
  expect(keys.press("g", 4_000)).toBe("wait")
  expect(keys.press("q", 4_100)).toBeUndefined()
  expect(keys.press("c", 4_200)).toBeUndefined()
})

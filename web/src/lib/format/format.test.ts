import { expect, test } from "vitest"
import { explain } from "./explain.ts"

test("a number tells its window, its age and its source", () => {
  const at = Date.UTC(2026, 10, 22, 14, 32)
  expect(
    explain({ exact: "2.937 %", windowSeconds: 300, at, now: at + 8_000, source: "Prometheus in prod-eu-1" }),
  ).toBe("2.937 %, 5 min to 14:32:00 UTC, 8 s old, Prometheus in prod-eu-1")
  expect(explain({ exact: "1 rps", windowSeconds: 10, at, now: at })).toBe(
    "1 rps, 10 s to 14:32:00 UTC, 0 s old",
  )
})

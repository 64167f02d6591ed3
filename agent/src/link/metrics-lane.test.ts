import { expect, test } from "vitest"
import type { PackedTick } from "#shared/telemetry/tick.ts"
import { createMetricsLane } from "./metrics-lane.ts"

const tickAt = (at: number, gaps: string[] = []): PackedTick => ({
  v: 1,
  at,
  windowMs: 60_000,
  source: "prometheus",
  gaps,
  d: [],
  c: "",
})

/** Text that gzip cannot make small. */
function noise(length: number): string {
  let state = 7
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return String.fromCharCode(33 + ((state >>> 16) % 90))
  }).join("")
}

test("a tick that no message can hold is given up, and those behind it go", () => {
  const lane = createMetricsLane(() => 10)
  lane.add(tickAt(1, [noise(3_000_000)]))
  lane.add(tickAt(2))
  expect(lane.next(5)).toMatchObject({ type: "tick" })
  expect([lane.size(), lane.dropped()]).toEqual([1, 1])
  expect(lane.next(6)).toBeUndefined()
})

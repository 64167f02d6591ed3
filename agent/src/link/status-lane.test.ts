import { beforeEach, describe, expect, test } from "vitest"
import type { Status } from "#shared/protocol/message/status.ts"
import { createStatusLane, statusPace, type StatusLane } from "./status-lane.ts"

describe("a status that was just told", () => {
  let at: number
  let status: Omit<Status, "type" | "seq">
  let lane: StatusLane

  beforeEach(() => {
    at = 1_000_000
    status = {
      at,
      kinds: [{ kind: "Pod", state: "live", since: 1, count: 3, reason: "" }],
      telemetry: {
        source: "prometheus",
        state: "live",
        target: "http://prometheus:9090",
        lastTickAt: 1,
        reason: "",
        queryMs: 5,
      },
      progress: { objects: 3, expected: 3 },
      process: { rssBytes: 1, cpuMillicores: 1 },
      root: { hash: 7, count: 3 },
    }
    lane = createStatusLane({ read: () => status, now: () => at, wake: () => undefined })
    expect(lane.next(1)?.type).toBe("status")
  })

  /** After so long, a measurement: is the status due? */
  const goes = (afterMs: number, outcome: "tick" | "nothing" = "tick"): boolean => {
    at += afterMs
    lane.measured(outcome)
    return lane.next(2) !== undefined
  }
  const inTelemetry = (change: Partial<Status["telemetry"]>): void => {
    status = { ...status, telemetry: { ...status.telemetry, ...change } }
  }

  test("stays back for five minutes of ticks in which nothing changes, then goes again", () => {
    const told = Array.from({ length: 10 }, () => goes(60_000))
    expect(told).toEqual([false, false, false, false, true, false, false, false, false, true])
  })

  test("does not go for what moves with each measurement", () => {
    inTelemetry({ lastTickAt: 99, queryMs: 80 })
    status = { ...status, process: { rssBytes: 2, cpuMillicores: 9 } }
    expect(goes(60_000)).toBe(false)
  })

  test.each<Partial<Status["telemetry"]>>([
    { state: "failing" },
    { source: "scrape" },
    { reason: "slow" },
    { target: "http://other:9090" },
  ])("goes with the next tick when the telemetry is another: %o", (change) => {
    inTelemetry(change)
    expect(goes(2_000)).toBe(true)
    expect(goes(2_000)).toBe(false)
  })

  test("tells a new sum of the objects with the next minute's tick, so that the cloud finds what was lost", () => {
    status = { ...status, root: { hash: 8, count: 4 } }
    expect(Array.from({ length: 7 }, () => goes(10_000))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
    ])
  })

  test("goes after each measurement that came to nothing: no tick says that we are there", () => {
    expect(Array.from({ length: 3 }, () => goes(10_000, "nothing"))).toEqual([true, true, true])
  })

  test("goes at once when a kind or a connection is another, but no more than once a second", () => {
    lane.touch()
    expect(lane.next(2)).toBeUndefined()
    expect(lane.dueIn()).toBe(1_000)
    at += 1_000
    expect(lane.next(2)?.type).toBe("status")
    expect(lane.dueIn()).toBeUndefined()
  })

  test("counts the five minutes from when it was told, whatever the reason", () => {
    at += 200_000
    lane.touch()
    lane.next(2)
    expect(goes(statusPace.quietMs - 1)).toBe(false)
    expect(goes(1)).toBe(true)
  })
})

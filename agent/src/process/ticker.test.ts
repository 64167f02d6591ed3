import { afterEach, describe, expect, test, vi } from "vitest"
import type { Tick } from "#shared/telemetry/edge.ts"
import { createTestClock } from "../../test/clock.ts"
import { silentLog } from "../log.ts"
import { startTicker } from "./ticker.ts"

const minute = 60_000
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function rig(measure?: (windowMs: number, signal: AbortSignal) => Promise<Tick>) {
  const clock = createTestClock(20 * minute + 1_234)
  const stop = new AbortController()
  const at: number[] = []
  const windows: number[] = []
  const taken: Tick[] = []
  const outcomes: string[] = []
  const plain = (windowMs: number): Promise<Tick> =>
    Promise.resolve({ at: clock.now(), windowMs, source: "prometheus", edges: [], gaps: [] })
  const ticker = startTicker({
    measure(windowMs, signal) {
      at.push(clock.now())
      windows.push(windowMs)
      return (measure ?? plain)(windowMs, signal)
    },
    take: (tick) => taken.push(tick),
    measured: (outcome) => outcomes.push(outcome),
    ready: Promise.resolve(),
    phase: () => 0,
    floorMs: 5_000,
    clock,
    signal: stop.signal,
    log: silentLog,
  })
  stops.push(async () => {
    stop.abort()
    await ticker.done
  })
  const until = (check: () => void) =>
    vi.waitFor(
      () => {
        clock.advance(200)
        check()
      },
      { timeout: 10_000, interval: 1 },
    )
  return { clock, ticker, at, windows, taken, outcomes, until }
}

describe("the ticker", () => {
  test("measures at once, then on the grid of its pace", async () => {
    const { at, windows, until } = rig()
    await until(() => expect(at.length).toBe(3))
    expect(at[0]).toBeLessThan(20 * minute + 2_000)
    expect(at.slice(1).map((time) => Math.floor(time / 1000) % 60)).toEqual([0, 0])
    expect(windows).toEqual([minute, minute, minute])
  })

  test("takes a new pace without waiting for the old interval to end, and never goes below the floor", async () => {
    const { clock, ticker, at, windows, until } = rig()
    await until(() => expect(at.length).toBe(1))
    ticker.setPace(10_000)
    const changed = clock.now()
    await until(() => expect(at.length).toBe(2))
    expect((at[1] ?? 0) - changed).toBeLessThanOrEqual(10_200)
    expect(windows[1]).toBe(10_000)
    ticker.setPace(100)
    expect(ticker.pace()).toBe(5_000)
  })

  test("a measurement that outlasts its interval is never joined by another", async () => {
    let running = 0
    let most = 0
    const { clock, ticker, at, until } = rig(async (windowMs, signal) => {
      running += 1
      most = Math.max(most, running)
      await clock.sleep(25_000, signal)
      running -= 1
      return { at: clock.now(), windowMs, source: "prometheus", edges: [], gaps: [] }
    })
    ticker.setPace(10_000)
    await until(() => expect(at.length).toBe(3))
    expect(most).toBe(1)
  })

  test("goes on after a failure, gives up a measurement that hangs, and tells of each what came of it", async () => {
    let calls = 0
    const { ticker, taken, outcomes, until } = rig((windowMs, signal) => {
      calls += 1
      if (calls === 1) return Promise.reject(new Error("Prometheus is down"))
      if (calls === 2)
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("aborted"))),
        )
      return Promise.resolve({ at: 1, windowMs, source: "prometheus", edges: [], gaps: [] })
    })
    await until(() => expect(outcomes).toEqual(["nothing", "nothing", "tick"]))
    expect(taken.length).toBe(1)
    expect(ticker.failures()).toBe(2)
  })
})

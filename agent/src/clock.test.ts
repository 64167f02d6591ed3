import { describe, expect, test, vi } from "vitest"
import { steadyTime, systemClock } from "./clock.ts"

describe("steady time", () => {
  const rig = () => {
    const time = { wall: 1_000_000, passed: 0 }
    const now = steadyTime(
      () => time.wall,
      () => time.passed,
    )
    const pass = (ms: number): void => {
      time.wall += ms
      time.passed += ms
    }
    return { time, now, pass }
  }

  test("is the wall clock's, and follows it when it is put forward", () => {
    const { time, now, pass } = rig()
    pass(5_000)
    expect(now()).toBe(1_005_000)
    time.wall += 300_000
    expect(now()).toBe(1_305_000)
  })

  test("never goes back and never stands when the wall clock is put back, and meets it again", () => {
    const { time, now, pass } = rig()
    time.wall -= 300_000
    let before = now()
    for (let i = 0; i < 600; i++) {
      pass(1_000)
      const at = now()
      expect(at - before).toBeGreaterThanOrEqual(500)
      before = at
    }
    expect(now()).toBe(time.wall)
  })
})

test("a sleep longer than a timer takes does not end at once", async () => {
  const warned = vi.spyOn(process, "emitWarning")
  const stop = new AbortController()
  const sleeping = systemClock.sleep(Number.MAX_SAFE_INTEGER, stop.signal)
  expect(warned).not.toHaveBeenCalled()
  stop.abort()
  await sleeping
  warned.mockRestore()
})

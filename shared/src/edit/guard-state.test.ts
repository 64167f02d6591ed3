import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Guard } from "./guard.ts"
import { ending, firing, freshGuard, type GuardSample, type GuardState, observe } from "./guard-state.ts"

const guard: Guard = { errorsPercent: 2, p95Ms: 500, forMs: 30_000, withinMs: 600_000 }
const since = 1_000_000
const tick = (seconds: number, errorsPercent: number | null, p95Ms: number | null = null): GuardSample => ({
  at: since + seconds * 1_000,
  windowMs: 10_000,
  errorsPercent,
  p95Ms,
})

/** When it fires, in seconds from the change, and why; null: it does not. */
function run(samples: GuardSample[], of: Guard = guard): { at: number; reason: string } | null {
  let state: GuardState = freshGuard
  for (const sample of samples) {
    state = observe(of, { state, since }, sample)
    const reason = firing(of, state, sample)
    if (reason !== null) return { at: (sample.at - since) / 1_000, reason }
  }
  return null
}

describe("a guard", () => {
  test.each<[string, GuardSample[], { at: number; reason: string } | null]>([
    [
      "of errors that hold",
      [tick(10, 5), tick(20, 5), tick(30, 4.14)],
      { at: 30, reason: "errors 4.14 % (bound 2 %) for 30 s" },
    ],
    [
      "of a p95 that holds",
      [tick(10, 0, 600), tick(20, 0, 700), tick(30, 0, 800)],
      { at: 30, reason: "p95 800 ms (bound 500 ms) for 30 s" },
    ],
    [
      "whose bounds are exceeded in turn",
      [tick(10, 5), tick(20, 0, 700), tick(30, 5, 600)],
      { at: 30, reason: "errors 5 % (bound 2 %) and p95 600 ms (bound 500 ms) for 30 s" },
    ],
    ["of errors with a break", [tick(10, 5), tick(20, 5), tick(30, 0), tick(40, 5), tick(50, 5)], null],
    ["of a bound that is met but not exceeded", [tick(10, 2), tick(20, 2), tick(30, 2), tick(40, 2)], null],
    [
      "with windows without requests in between",
      [tick(10, 5), tick(20, null), tick(30, 5)],
      { at: 30, reason: "errors 5 % (bound 2 %) for 30 s" },
    ],
    ["with nothing measured for long in between", [tick(10, 5), tick(60, 5), tick(70, 5)], null],
    ["with nothing measured at all", [tick(10, null), tick(20, null), tick(30, null), tick(40, null)], null],
    ["of what was before the change", [tick(-20, 90), tick(-10, 90), tick(0, 90), tick(10, 0)], null],
    ["whose first window began before the change", [tick(3, 90), tick(13, 90), tick(23, 90)], null],
    ["that is told a window twice", [tick(10, 5), tick(10, 5), tick(10, 5)], null],
  ])("%s", (_, samples, expected) => {
    expect(run(samples)).toEqual(expected)
  })

  test("that waits for nothing fires at the first window", () => {
    expect(run([tick(10, 2.5)], { ...guard, forMs: 0 })).toMatchObject({ at: 10 })
  })

  test("with a bound for one thing does not look at the other", () => {
    expect(run([tick(10, 90), tick(20, 90), tick(40, 90)], { ...guard, errorsPercent: null })).toBeNull()
  })

  test("never fires on windows that are within its bounds, nor before its time", () => {
    const sample = fc.record({
      gap: fc.integer({ min: 1, max: 60 }),
      errors: fc.option(fc.double({ min: 0, max: 10, noNaN: true })),
    })
    fc.assert(
      fc.property(fc.array(sample), (steps) => {
        let at = 0
        const samples = steps.map(({ gap, errors }) => tick((at += gap), errors))
        const fired = run(samples)
        if (!fired) return
        const held = samples.filter(
          (one) => one.at > since + (fired.at - 30) * 1_000 && one.at <= since + fired.at * 1_000,
        )
        expect(fired.at).toBeGreaterThanOrEqual(30)
        for (const one of held) expect(one.errorsPercent === null || one.errorsPercent > 2).toBe(true)
      }),
    )
  })
})

describe("the end of a guard", () => {
  const end = (samples: GuardSample[], seconds: number) =>
    ending(
      guard,
      { state: samples.reduce((state, one) => observe(guard, { state, since }, one), freshGuard), since },
      since + seconds * 1_000,
    )
  const all = Array.from({ length: 60 }, (_, index) => tick((index + 1) * 10, 1, 200 + index))

  test("comes with its time, with the worst that was seen", () => {
    expect(end(all, 599)).toEqual({ state: "watching" })
    expect(end(all, 600)).toEqual({
      state: "passed",
      reason: "at most errors 1 % (bound 2 %), p95 259 ms (bound 500 ms) in 10 min",
    })
  })

  test("says how much of it was not measured", () => {
    expect(end(all.slice(0, 12), 600)).toEqual({
      state: "passed",
      reason:
        "at most errors 1 % (bound 2 %), p95 211 ms (bound 500 ms) in 10 min; measured in 2 min of 10 min only",
    })
  })

  test("of one that saw nothing is not good", () => {
    expect(end([tick(10, null)], 600)).toMatchObject({
      state: "blind",
      reason: expect.stringContaining("could not tell"),
    })
  })
})

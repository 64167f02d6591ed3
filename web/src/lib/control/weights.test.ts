import { describe, expect, test } from "vitest"
import fc from "fast-check"
import { dealt, moved, movedWithNext, normalized } from "./weights.ts"

const sum = (weights: readonly number[]): number => weights.reduce((a, b) => a + b, 0)
const parts = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 8 })
const weights = parts.map((all) => dealt(all, 100))
const target = fc.oneof(fc.integer({ min: -50, max: 150 }), fc.double(), fc.constant(Number.NaN))

/** Whatever was done to them, weights are whole, not negative and sum to 100. */
function hold(now: readonly number[]): void {
  expect(sum(now)).toBe(100)
  for (const weight of now) expect(Number.isInteger(weight) && weight >= 0).toBe(true)
}

describe("weights that are moved", () => {
  test("are whole, not negative and sum to 100, whatever is asked for", () => {
    fc.assert(
      fc.property(weights, fc.nat(7), target, fc.boolean(), (before, at, to, withNext) => {
        const place = at % before.length
        const now = withNext ? movedWithNext(before, place, to) : moved(before, place, to)
        hold(now)
        expect(now).toHaveLength(before.length)
      }),
    )
  })

  test("become what was asked for, where that can be", () => {
    fc.assert(
      fc.property(weights, fc.nat(7), fc.integer({ min: 0, max: 100 }), (before, at, to) => {
        const place = at % before.length
        expect(moved(before, place, to)[place]).toBe(before.length === 1 ? 100 : to)
      }),
    )
  })

  test("keep their order of size among the others, and stay where nothing was moved", () => {
    fc.assert(
      fc.property(weights, fc.nat(7), fc.integer({ min: 0, max: 100 }), (before, at, to) => {
        const place = at % before.length
        const now = moved(before, place, to)
        for (let a = 0; a < before.length; a++)
          for (let b = 0; b < before.length; b++)
            if (a !== place && b !== place && (before[a] ?? 0) > (before[b] ?? 0))
              expect(now[a]).toBeGreaterThanOrEqual(now[b] ?? 0)
        expect(moved(before, place, before[place] ?? 0)).toEqual(before)
      }),
    )
  })

  test("with Alt leave all but the next one alone", () => {
    fc.assert(
      fc.property(weights, fc.nat(7), target, (before, at, to) => {
        const place = at % before.length
        const next = (place + 1) % before.length
        const now = movedWithNext(before, place, to)
        before.forEach((weight, i) => {
          if (i !== place && i !== next) expect(now[i]).toBe(weight)
        })
      }),
    )
  })

  test.each([
    { from: [80, 20, 0], at: 0, to: 60, now: [60, 40, 0] },
    { from: [80, 20, 0], at: 2, to: 10, now: [72, 18, 10] },
    { from: [100, 0, 0], at: 0, to: 80, now: [80, 10, 10] },
    { from: [34, 33, 33], at: 0, to: 33, now: [33, 34, 33] },
    { from: [100], at: 0, to: 20, now: [100] },
  ])("$from: number $at to $to gives $now", ({ from, at, to, now }) => {
    expect(moved(from, at, to)).toEqual(now)
  })

  test.each([
    { from: [80, 20, 0], at: 0, to: 60, now: [60, 40, 0] },
    { from: [80, 20, 0], at: 1, to: 5, now: [80, 5, 15] },
    { from: [80, 20, 0], at: 2, to: 90, now: [0, 20, 80] },
  ])("with Alt $from: number $at to $to gives $now", ({ from, at, to, now }) => {
    expect(movedWithNext(from, at, to)).toEqual(now)
  })
})

describe("weights as they are written", () => {
  test("sum to 100 afterwards; what is left out takes the rest", () => {
    expect(normalized([undefined])).toEqual([100])
    expect(normalized([60, undefined])).toEqual([60, 40])
    expect(normalized([1, 1])).toEqual([50, 50])
    expect(normalized([])).toEqual([])
    const written = fc.array(fc.option(fc.nat(200), { nil: undefined }), { minLength: 1, maxLength: 6 })
    fc.assert(fc.property(written, (given) => hold(normalized(given))))
  })

  test("that sum to 100 stay", () => {
    fc.assert(
      fc.property(weights, (given) => {
        expect(normalized(given)).toEqual(given)
      }),
    )
  })
})

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { mixLatencies } from "./aggregate.ts"

const part = fc
  .record({
    weight: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
    p50: fc.double({ min: 0.1, max: 500, noNaN: true }),
    up: fc.tuple(
      fc.double({ min: 1.001, max: 20, noNaN: true }),
      fc.double({ min: 1.001, max: 20, noNaN: true }),
    ),
  })
  .map(({ weight, p50, up: [a, b] }) => ({ weight, latency: { p50, p95: p50 * a, p99: p50 * a * b } }))

describe("the latencies of several sources together", () => {
  test("of one are its own", () => {
    fc.assert(
      fc.property(part, (one) => {
        expect(mixLatencies([one])).toEqual(one.latency)
      }),
    )
  })

  test("of equals are theirs", () => {
    fc.assert(
      fc.property(part, (one) => {
        const mixed = mixLatencies([one, one, one])
        expect(mixed?.p50).toBe(Number(one.latency.p50.toPrecision(5)))
        expect(mixed?.p99).toBe(Number(one.latency.p99.toPrecision(5)))
      }),
    )
  })

  test("lie between the fastest and the slowest, in order, for any weights", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 12 }), (parts) => {
        const mixed = mixLatencies(parts)
        if (!mixed) throw new Error("nothing was mixed")
        for (const name of ["p50", "p95", "p99"] as const) {
          const all = parts.map(({ latency }) => latency[name])
          expect(mixed[name]).toBeGreaterThanOrEqual(Math.min(...all) * 0.999)
          expect(mixed[name]).toBeLessThanOrEqual(Math.max(...all) * 1.001)
        }
        expect(mixed.p50).toBeLessThanOrEqual(mixed.p95 * 1.001)
        expect(mixed.p95).toBeLessThanOrEqual(mixed.p99 * 1.001)
      }),
    )
  })

  test("follow the heavier one", () => {
    const fast = { weight: 999, latency: { p50: 1, p95: 2, p99: 3 } }
    const slow = { weight: 1, latency: { p50: 100, p95: 200, p99: 300 } }
    expect(mixLatencies([fast, slow])?.p50).toBeLessThan(1.1)
  })
})

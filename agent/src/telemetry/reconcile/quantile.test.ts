import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { latencyOf } from "./quantile.ts"

describe("latency from buckets", () => {
  test("nothing counted is null", () => {
    expect(latencyOf(new Map())).toBeNull()
    expect(
      latencyOf(
        new Map([
          [10, 0],
          [Infinity, 0],
        ]),
      ),
    ).toBeNull()
  })

  test("a bucket's share is spread evenly inside of it", () => {
    expect(
      latencyOf(
        new Map([
          [10, 5],
          [20, 10],
          [Infinity, 10],
        ]),
        [10, 20],
      ),
    ).toEqual({ p50: 10, p95: 19, p99: 19.8 })
  })

  test("bounds that were left out because they did not grow are known", () => {
    expect(
      latencyOf(
        new Map([
          [100, 1],
          [Infinity, 1],
        ]),
        [25, 50, 100],
      )?.p50,
    ).toBe(75)
  })

  test("beyond the last bound the last bound is told", () => {
    expect(
      latencyOf(
        new Map([
          [100, 0],
          [Infinity, 1],
        ]),
        [],
      )?.p50,
    ).toBe(100)
    expect(latencyOf(new Map([[Infinity, 1]]), [25, 50])?.p50).toBe(50)
  })

  test("quantiles rise, also when proxies were read at different moments", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (counts) => {
          const bounds = [1, 5, 25, 100, 1000, Infinity]
          const latency = latencyOf(
            new Map(counts.map((count, i) => [bounds[i] ?? Infinity, count])),
            bounds.slice(0, 5),
          )
          if (!latency) return
          expect(latency.p50).toBeLessThanOrEqual(latency.p95)
          expect(latency.p95).toBeLessThanOrEqual(latency.p99)
        },
      ),
    )
  })
})

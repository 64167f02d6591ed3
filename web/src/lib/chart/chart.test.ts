import { describe, expect, test } from "vitest"
import { niceTop, partsOf, stacked } from "./scale.ts"
import { sparkPath } from "./spark.ts"

describe("a scale", () => {
  test.each([
    [0, 1],
    [0.63, 0.8],
    [1, 1],
    [118, 150],
    [1164, 1500],
    [30_000, 30_000],
  ])("%d ends at %d", (max, top) => expect(niceTop(max)).toBeCloseTo(top, 9))

  test("is cut into round parts", () => {
    expect(partsOf(150)).toBe(3)
    expect(partsOf(0.8)).toBe(4)
    expect(partsOf(6000)).toBe(3)
    expect(partsOf(1000)).toBe(4)
    expect(partsOf(1000, true)).toBe(2)
  })
})

describe("a hole", () => {
  test("stays a hole in a stack, and a missing part counts as nothing", () =>
    expect(
      stacked([
        [1, null, 2],
        [1, null, null],
      ]),
    ).toEqual([
      [1, null, 2],
      [2, null, 2],
    ]))

  test("is a gap in a sparkline", () => {
    const { line, area } = sparkPath([1, 1, null, 2, 2], { width: 40, height: 10 })
    expect(line.match(/M/g)).toHaveLength(2)
    expect(area.match(/Z/g)).toHaveLength(2)
  })

  test("everywhere draws nothing", () =>
    expect(sparkPath([null, null], { width: 40, height: 10 })).toEqual({ line: "", area: "" }))
})

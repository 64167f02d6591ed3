import { expect, test } from "vitest"
import { Trail } from "./trail.ts"

test("a trail remembers its last ticks and leaves holes", () => {
  const trail = new Trail(3)
  trail.add(1, [["a", 1]])
  trail.add(2, [["b", 5]])
  expect(trail.add(2, [["a", 9]])).toBe(false)
  trail.add(3, [
    ["a", 3],
    ["b", null],
  ])
  expect(trail.of("a")).toEqual([1, null, 3])
  expect(trail.of("b")).toEqual([null, 5, null])
  trail.add(4, [["a", 4]])
  expect(trail.of("a")).toEqual([null, 3, 4])
  trail.add(5, [])
  expect(trail.of("b")).toEqual([])
  expect(trail.of("none")).toEqual([])
})

import { describe, expect, test } from "vitest"
import { isPrime } from "./load-balancer.ts"
import { localitiesProblem } from "./locality.ts"

describe("localities beside each other", () => {
  test.each([
    [["eu", "us"]],
    [["eu/a/*", "eu/b/*"]],
    [["eu/a/1", "eu/a/2"]],
    [["eu/a", "eu/*"]],
    [["eu/*", "*"]],
    [["eu/*", "us/*"]],
  ])("%j are fine", (localities) => {
    expect(localitiesProblem(localities)).toBe(undefined)
  })

  test.each([
    [["eu", "eu"], "eu overlaps with eu"],
    [["eu/*", "eu/a"], "eu/a overlaps with eu/*"],
    [["eu/a", "eu"], "eu overlaps with eu/a"],
    [["*", "eu"], "eu overlaps with *"],
    [["eu/a", "eu/a/1"], "eu/a/1 overlaps with eu/a"],
    [["eu//1"], '"eu//1" has an empty region, zone or subzone'],
    [["eu/*/1"], "eu/*/1 has a wildcard before its end"],
    [[""], '"" has an empty region, zone or subzone'],
  ])("%j: %s", (localities, problem) => {
    expect(localitiesProblem(localities)).toBe(problem)
  })
})

test("tables of maglev are as large as Envoy counts primes", () => {
  expect([1, 2, 3, 5, 97, 65_537, 4_999_999].filter(isPrime)).toEqual([1, 2, 3, 5, 97, 65_537, 4_999_999])
  expect([0, 4, 9, 91, 1000, 65_536].filter(isPrime)).toEqual([])
})

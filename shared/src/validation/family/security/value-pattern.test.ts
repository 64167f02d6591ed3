import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { patternCovers, patternMatches, patternsOverlap } from "./value-pattern.ts"

const word = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 4 })
const pattern = fc.oneof(
  word,
  word.map((text) => `${text}*`),
  word.map((text) => `*${text}`),
  fc.constant("*"),
)

describe("a pattern that covers another", () => {
  test("takes every value that the other takes", () => {
    fc.assert(
      fc.property(pattern, pattern, word, (wide, narrow, value) => {
        if (patternCovers(wide, narrow) && patternMatches(narrow, value))
          expect(patternMatches(wide, value)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
  test("covers itself, whatever it is", () => {
    fc.assert(
      fc.property(pattern, (one) => {
        expect(patternCovers(one, one)).toBe(true)
      }),
    )
  })
})

describe("two patterns that do not overlap", () => {
  test("have no value in common", () => {
    fc.assert(
      fc.property(pattern, pattern, word, (a, b, value) => {
        if (!patternsOverlap(a, b)) expect(patternMatches(a, value) && patternMatches(b, value)).toBe(false)
      }),
      { numRuns: 3000 },
    )
  })
  test.each([
    ["/a*", "/ab", true],
    ["/a*", "*b", true],
    ["/a*", "/b*", false],
    ["*.a", "*.b", false],
    ["*", "x", true],
  ])("%j and %j overlap: %j", (a, b, wanted) => {
    expect(patternsOverlap(a, b)).toBe(wanted)
    expect(patternsOverlap(b, a)).toBe(wanted)
  })
})

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { packColumns, unpackColumns } from "./columns.ts"

const value = fc.oneof(
  fc.constantFrom(0, -1, 1),
  fc.integer({ min: -4_000_000, max: 4_000_000 }),
  fc.integer({ min: -50, max: 50 }),
)

describe("columns", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 400 }), { maxLength: 6 }), (columns) => {
        expect(unpackColumns(packColumns(columns), columns.length)).toEqual(columns)
      }),
    )
  })

  test("that hardly vary cost hardly anything", () => {
    const column = Array.from({ length: 4_000 }, (_, i) => (i % 500 === 499 ? 7 : 3))
    expect(packColumns([column]).length).toBeLessThan(60)
  })

  test("cost what they are worth: 8 random bits take little more than 8", () => {
    let seed = 11
    const column = Array.from({ length: 4_000 }, () => (seed = (seed * 16_807) % 2_147_483_647) % 256)
    expect(packColumns([column]).length * 6).toBeLessThan(4_000 * 8.7)
  })

  test.each([
    ["not base64", "***"],
    ["a length without values", "/////////w=="],
    ["nothing at all", ""],
  ])("of %s are refused or empty, never endless", (_, text) => {
    try {
      expect(unpackColumns(text, 2).flat().length).toBeLessThan(1_000)
    } catch (error) {
      expect(String(error)).toMatch(/tick is broken/)
    }
  })

  test("of more values than a mesh has edges are refused, however little they cost", () => {
    const long = packColumns([Array.from({ length: 300_000 }, () => 0)])
    expect(long.length).toBeLessThan(2_000)
    expect(() => unpackColumns(long, 1)).toThrow(/a column of 300000 values/)
  })
})

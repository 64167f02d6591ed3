import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createHashIndex } from "./hash-index.ts"

/** Few values, and such as fall on the same places. */
const hash = fc.record({ low: fc.nat({ max: 7 }).map((n) => n * 64), high: fc.integer({ min: -3, max: 3 }) })
const step = fc.oneof(
  { weight: 9, arbitrary: hash.map((added) => ({ added })) },
  { weight: 1, arbitrary: hash.map((kept) => ({ kept })) },
)
const keyOf = ({ low, high }: { low: number; high: number }): string => `${low},${high}`

describe("things numbered by their hash", () => {
  test("are found under their number as long as they are kept, and numbers are used again", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const index = createHashIndex()
        const known = new Map<string, number>()
        for (const one of steps) {
          if ("added" in one) {
            const id = index.find(one.added)
            expect(id).toBe(known.get(keyOf(one.added)) ?? -1)
            if (id < 0) known.set(keyOf(one.added), index.add(one.added))
          } else {
            const kept = known.get(keyOf(one.kept))
            const removed: number[] = []
            index.removeWhere(
              (id) => id !== kept,
              (id) => removed.push(id),
            )
            expect(removed).toHaveLength(known.size - (kept === undefined ? 0 : 1))
            for (const [key, id] of known) if (id !== kept) known.delete(key)
          }
          expect(index.size()).toBe(known.size)
          expect(new Set(known.values()).size).toBe(known.size)
          expect(Math.max(-1, ...known.values())).toBeLessThan(index.span())
        }
        expect(index.span()).toBeLessThanOrEqual(56)
      }),
    )
  })
})

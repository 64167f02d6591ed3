import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { aligned } from "./align.ts"

/** The length of a longest common subsequence, by its definition. */
const longest = (a: string, b: string): number =>
  a === "" || b === ""
    ? 0
    : a[0] === b[0]
      ? 1 + longest(a.slice(1), b.slice(1))
      : Math.max(longest(a.slice(1), b), longest(a, b.slice(1)))

const align = (before: readonly string[], after: readonly string[]) =>
  aligned(before, after, { textOf: (text) => text, costOf: () => 1 })

describe("two lists beside each other", () => {
  test("keep a longest common subsequence, and account for every other element", () => {
    const letters = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 })
    fc.assert(
      fc.property(letters, letters, (before, after) => {
        const counts = { kept: 0, edited: 0, removed: 0, added: 0 }
        for (const { become } of align(before, after)) counts[become]++
        expect(counts.kept).toBe(longest(before.join(""), after.join("")))
        expect(counts.kept + counts.edited + counts.removed).toBe(before.length)
        expect(counts.kept + counts.edited + counts.added).toBe(after.length)
      }),
    )
  })

  test("that have nothing in common and are long are paired by place", () => {
    const [before, after] = ["a", "b"].map((letter) =>
      Array.from({ length: 2_000 }, (_, i) => `${letter}${i}`),
    )
    expect(align(before ?? [], after ?? []).every(({ become }) => become === "edited")).toBe(true)
  })
})

import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { tsvOf } from "./copy.ts"
import { holdOrder, nextSort, sortOf, sortRows, sortText } from "./order.ts"
import { scrollTo, windowOf } from "./window.ts"

describe("the order of a table", () => {
  const id = (row: { id: string }) => row.id
  const rows = (...ids: string[]) => ids.map((name) => ({ id: name }))

  test("rows stay where they are, the gone leave, the new stand at the end", () => {
    const { rows: held, moved } = holdOrder(["a", "b", "c"], rows("c", "d", "a"), id)
    expect(held.map(id)).toEqual(["a", "c", "d"])
    expect(moved).toBe(true)
  })

  test("an order that is the wanted one has not moved", () =>
    expect(holdOrder(["a", "b"], rows("a", "b"), id).moved).toBe(false))

  test("no row is lost or doubled", () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.uniqueArray(fc.string()), (shown, wanted) => {
        const held = holdOrder(shown, rows(...wanted), id).rows.map(id)
        expect([...held].sort()).toEqual([...wanted].sort())
      }),
    ))

  test("rows without a value are last both ways", () => {
    const values = [{ v: 1 }, { v: null }, { v: 3 }]
    expect(sortRows(values, (row) => row.v, true).map((row) => row.v)).toEqual([3, 1, null])
    expect(sortRows(values, (row) => row.v, false).map((row) => row.v)).toEqual([1, 3, null])
  })

  test("a number's head goes largest first, smallest first, own order", () => {
    const first = nextSort(undefined, "rps", true)
    expect(sortText(first)).toBe("-rps")
    const second = nextSort(first, "rps", true)
    expect(sortText(second)).toBe("rps")
    expect(nextSort(second, "rps", true)).toBeUndefined()
    expect(nextSort(first, "name", false)).toEqual({ column: "name", descending: false })
    expect(sortOf("-rps")).toEqual({ column: "rps", descending: true })
  })
})

describe("the window of a virtual table", () => {
  test("draws what is seen and a little more", () => {
    const view = windowOf(512, 28, { top: 0, height: 28 * 27 })
    expect(view).toEqual({ first: 0, last: 33, from: 1, to: 27 })
    expect(windowOf(512, 28, { top: 1e9, height: 280 })).toMatchObject({ last: 512, from: 503, to: 512 })
    expect(windowOf(0, 28, { top: 0, height: 280 })).toMatchObject({ from: 0, to: 0 })
  })

  test("scrolls no further than needed", () => {
    expect(scrollTo(3, 28, { top: 0, height: 280 })).toBe(0)
    expect(scrollTo(10, 28, { top: 0, height: 280 })).toBe(28)
    expect(scrollTo(1, 28, { top: 280, height: 280 })).toBe(28)
  })
})

test("copied rows have exact values and no stray tab", () =>
  expect(
    tsvOf(
      [
        { head: "Name", value: (row: { name: string; rps: number | null }) => row.name },
        { head: "Rate, rps", value: (row) => row.rps },
      ],
      [
        { name: "a\tb", rps: 1.25 },
        { name: "c", rps: null },
      ],
    ),
  ).toBe("Name\tRate, rps\na b\t1.25\nc\t"))

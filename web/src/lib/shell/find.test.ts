import { describe, expect, test } from "vitest"
import { type Entry, findEntries, matchOf } from "./find.ts"

const entry = (group: Entry["group"], name: string, place = "", kind = ""): Entry => ({
  id: `${group} ${name} ${place}`,
  group,
  name,
  place,
  kind,
})
const entries = [
  entry("Pages", "Topology"),
  entry("Services", "checkout", "shop, prod-eu", "service"),
  entry("Services", "checkout", "shop, staging", "service"),
  entry("Services", "order-check", "shop, prod-eu", "service"),
  entry("Workloads", "checkout-v1", "shop, prod-eu", "Deployment"),
  entry("Clusters", "prod-eu", "live", "cluster"),
  entry("Actions", "Use the dark theme"),
]
const names = (text: string) =>
  findEntries(entries, text).flatMap(([, found]) => found.map(({ entry: one }) => one.name))

describe("the palette", () => {
  test("puts the start of a name before the start of a word before the middle", () => {
    expect(
      findEntries(entries, "check")
        .find(([group]) => group === "Services")?.[1]
        .map(({ entry: one }) => one.name),
    ).toEqual(["checkout", "checkout", "order-check"])
  })

  test("narrows by a second word to a place or kind", () => {
    expect(names("checkout staging")).toEqual(["checkout"])
    expect(names("checkout deploy")).toEqual(["checkout-v1"])
    expect(names("dark theme")).toEqual(["Use the dark theme"])
  })

  test("narrows by a prefix to actions or clusters", () => {
    expect(names(">dark")).toEqual(["Use the dark theme"])
    expect(names("@")).toEqual(["prod-eu"])
  })

  test("finds letters with gaps, and says which", () => {
    expect(matchOf("checkout", "ckt")?.marks).toEqual([0, 4, 7])
    expect(matchOf("web", "xyz")).toBeNull()
  })

  test("shows the pages first when nothing is asked", () => {
    expect(names("")[0]).toBe("Topology")
  })
})

import { describe, expect, test } from "vitest"
import { liveShadow } from "./live-shadow.ts"
import { newRule, reordered } from "./rules.ts"

const service = { namespace: "bookinfo", name: "reviews" }
const forAda = newRule([{ headers: { "end-user": { exact: "ada" } } }])
const forAnybody = newRule([{ headers: { "end-user": { present: true } } }])
const rest = newRule([])

describe("rules that no request reaches", () => {
  test("are found in the form as it stands, in the order that it has now", () => {
    const rules = [forAda, forAnybody, rest]
    expect(liveShadow({ http: rules }, service)).toEqual([])
    const moved = liveShadow({ http: reordered(rules, 2, 0) }, service)
    expect(moved.map(({ rule, by }) => [rule, by])).toEqual([
      [1, 0],
      [2, 0],
    ])
    expect(moved[0]?.message).toContain("takes everything")
  })

  test("are those whose header is asked for before, with any value", () => {
    const [shadow] = liveShadow({ http: [forAnybody, forAda, rest] }, service)
    expect(shadow).toMatchObject({ rule: 1, by: 0 })
  })
})

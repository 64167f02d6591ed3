import { describe, expect, test } from "vitest"
import fc from "fast-check"
import { Match } from "#shared/edit/form.ts"
import { type MatchRow, gapOf, kindsLeft, matchOf, newRow, rowsOf } from "./match-rows.ts"

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const text = fc.oneof(fc.record({ exact: word }), fc.record({ prefix: word }), fc.record({ regex: word }))
const header = fc.oneof(text, fc.record({ present: fc.constant(true as const) }))
const headers = fc.dictionary(word, header, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
const match: fc.Arbitrary<Match> = fc.record(
  {
    origin: fc.nat(3),
    name: word,
    uri: text,
    method: text,
    scheme: text,
    authority: text,
    headers,
    withoutHeaders: headers,
    queryParams: headers,
    port: fc.integer({ min: 1, max: 65_535 }),
    sourceLabels: fc.dictionary(word, word, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    sourceNamespace: word,
    gateways: fc.array(word, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
)

describe("a match as rows of fields", () => {
  test("is the same match again, and one that the form takes", () => {
    fc.assert(
      fc.property(match, fc.boolean(), (given, ignoreUriCase) => {
        const whole: Match = given.uri === undefined ? given : { ...given, ignoreUriCase }
        const rows = rowsOf(whole)
        expect(rows.every((row) => gapOf(row) === undefined)).toBe(true)
        expect(matchOf(rows, whole)).toEqual(whole)
        expect(Match.safeParse(matchOf(rows, whole)).success).toBe(true)
      }),
    )
  })

  test("leaves out rows that are not whole, and says why", () => {
    const row = (part: Partial<MatchRow> & Pick<MatchRow, "kind">): MatchRow => ({
      ...newRow(part.kind),
      ...part,
    })
    const rows = [
      row({ kind: "uri", value: "" }),
      row({ kind: "headers", name: " ", value: "x" }),
      row({ kind: "port", value: "70000" }),
      row({ kind: "sourceNamespace", value: "" }),
    ]
    expect(matchOf(rows, {})).toEqual({})
    expect(rows.map(gapOf)).toEqual([
      expect.stringContaining("Wants a value"),
      expect.stringContaining("Wants a name"),
      expect.stringContaining("Wants a port"),
      expect.stringContaining("Wants a value"),
    ])
    // A header may well be empty.
    expect(matchOf([row({ kind: "headers", name: "x", value: "" })], {})).toEqual({
      headers: { x: { exact: "" } },
    })
  })

  test("offers what may stand twice, and once what may stand once", () => {
    const left = kindsLeft(
      rowsOf({ uri: { exact: "/" }, headers: { a: { present: true } }, gateways: ["g"] }),
    )
    expect(left).not.toContain("uri")
    expect(left).toEqual(expect.arrayContaining(["headers", "gateways", "port", "method"]))
  })
})

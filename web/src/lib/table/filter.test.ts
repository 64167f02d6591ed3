import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type Field, type Filter, matches, meant, numberOf, parseFilter } from "./filter.ts"
import { chipsOf, completions, filterText } from "./filter-text.ts"

type Row = { name: string; namespace: string; protocols: string[]; rps: number | null }
const fields: Field<Row>[] = [
  { name: "rps", type: "number", unit: "rps", read: (row) => row.rps },
  { name: "namespace", type: "text", read: (row) => [row.namespace] },
  { name: "protocol", type: "text", values: ["http", "grpc", "tcp"], read: (row) => row.protocols },
]
const rows: Row[] = [
  { name: "payments", namespace: "checkout", protocols: ["http"], rps: 96 },
  { name: "cart", namespace: "checkout", protocols: ["grpc"], rps: 322 },
  { name: "probe", namespace: "lab", protocols: ["grpc"], rps: 40 },
  { name: "banners", namespace: "storefront", protocols: [], rps: null },
]
const passing = (text: string): string[] => {
  const { filter, error } = parseFilter(text, fields)
  if (error) return [error.message]
  return rows.filter((row) => matches(filter, row, fields, (r) => r.name)).map((row) => row.name)
}

describe("a filter expression", () => {
  test.each<[string, string[]]>([
    ["", ["payments", "cart", "probe", "banners"]],
    ["rps > 10 and protocol = grpc and not namespace = lab", ["cart"]],
    ["rps > 10 protocol = grpc", ["cart", "probe"]],
    ["protocol = http, grpc", ["payments", "cart", "probe"]],
    ["protocol != grpc", ["payments", "banners"]],
    ["namespace ~ check", ["payments", "cart"]],
    ["pay", ["payments"]],
    ["pay or rps >= 322", ["payments", "cart"]],
    ["(pay or cart) and rps < 0.1k", ["payments"]],
    ["not (pay or cart)", ["probe", "banners"]],
    ['namespace = "lab"', ["probe"]],
  ])("%s passes its rows", (text, names) => expect(passing(text)).toEqual(names))

  test.each<[string, string]>([
    ["rpss > 10", 'unknown field "rpss", did you mean rps'],
    ["zone = a", 'unknown field "zone"'],
    ["rps > many", "rps wants a number in rps, not many"],
    ["protocol = htp", 'protocol is never "htp", did you mean http'],
    ["protocol = mqtt", 'protocol is never "mqtt": http, grpc, tcp'],
    ["namespace > a", "namespace is text: use =, != or ~"],
    ["rps >", "rps > wants a value"],
    ["(rps > 1", ") is missing"],
    ["rps > 1 and", "a term is missing here"],
    ["> 1", "unexpected >"],
  ])("%s is refused with the reason", (text, message) => expect(passing(text)).toEqual([message]))

  test("a refusal says where, for the underline", () =>
    expect(parseFilter("pay and rpss > 1", fields).error).toMatchObject({ from: 8, to: 12 }))

  test("a text that is printed reads as the same filter", () => {
    const leaf: fc.Arbitrary<Filter> = fc.oneof(
      fc.string({ minLength: 1 }).map((text): Filter => ({ type: "text", text })),
      fc
        .array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 })
        .map((values): Filter => ({ type: "compare", field: "namespace", operator: "=", values })),
      fc
        .integer()
        .map((n): Filter => ({ type: "compare", field: "rps", operator: ">", values: [String(n)] })),
    )
    const pair = (type: "and" | "or", inner: fc.Arbitrary<Filter>) =>
      fc.array(inner, { minLength: 2, maxLength: 3 }).map((items): Filter => ({ type, items }))
    const tree = fc.letrec<{ node: Filter }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        leaf,
        pair("and", tie("node")),
        pair("or", tie("node")),
        tie("node").map((item): Filter => ({ type: "not", item })),
      ),
    })).node
    fc.assert(
      fc.property(tree, (filter) => {
        const text = filterText(filter)
        const read = parseFilter(text, fields)
        expect(read.error).toBeUndefined()
        expect(filterText(read.filter)).toBe(text)
      }),
    )
  })

  test("whatever is typed, it answers", () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { filter, error } = parseFilter(text, fields)
        expect(filter === undefined || error === undefined).toBe(true)
        completions(text, fields, () => [])
      }),
    ))
})

describe("the parts around an expression", () => {
  test("each term becomes a chip", () =>
    expect(
      chipsOf(parseFilter("rps > 10 and protocol = http, grpc and not namespace = lab", fields).filter).map(
        ({ key, value }) => `${key}|${value}`,
      ),
    ).toEqual(["rps|> 10", "protocol|http, grpc", "not namespace|lab"]))

  test.each<[string, string[]]>([
    ["rp", ["rps"]],
    ["rps ", [">", "<", ">=", "<=", "="]],
    ["protocol = ", ["http", "grpc", "tcp"]],
    ["protocol = g", ["grpc"]],
    ["protocol = grpc ", ["and", "or"]],
    ["protocol = grpc and n", ["namespace"]],
  ])("after %j come its completions", (text, expected) =>
    expect(
      completions(text, fields, (name) =>
        name === "protocol" ? ["http", "grpc", "tcp"] : [],
      ).suggestions.map((item) => item.text),
    ).toEqual(expected),
  )

  test("numbers carry units", () => {
    expect(numberOf("1.2s")).toBe(1200)
    expect(numberOf("2k")).toBe(2000)
    expect(numberOf("5%")).toBe(5)
    expect(numberOf("5 apples")).toBeUndefined()
  })

  test("a far word is no guess", () => expect(meant("zone", ["rps", "namespace"])).toBeUndefined())
})

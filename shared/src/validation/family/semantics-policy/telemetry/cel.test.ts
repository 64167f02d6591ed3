import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { celProblem } from "./cel.ts"

describe("an expression of CEL", () => {
  test.each([
    "response.code >= 400",
    "request.method == 'POST' && !(connection.mtls) || has(request.headers['x-a'])",
    'request.url_path.startsWith("/a") ? true : false',
    "response.code in [500, 502, 503,]",
    "{'a': 1, 'b': {}}['a'] == 1",
    "-1.5e3 < 0x1F && 10u > .5",
    'r"\\d+" + b\'\\x00\' == """many\nlines""" // why',
    "google.protobuf.Duration{seconds: 1}.seconds == 1",
    ".a.b(c)[0].d",
    "true",
  ])("%s can be read", (expression) => {
    expect(celProblem(expression)).toBe(undefined)
  })

  test.each([
    ["", "an operand is missing at the end"],
    ["response.code >= ", "an operand is missing at the end"],
    ["a b", '"b" is where the expression should end'],
    ["(a", ") is missing at the end"],
    ["a ? b", ": is missing at the end"],
    ["a = b", '"= b" cannot be read'],
    ["'open", '"\'open" cannot be read'],
    ["a.1", '".1" is where the expression should end'],
    ["a && || b", 'an operand is missing before "||"'],
    ["for", '"for" is a reserved word'],
    ["[1 2]", '] is missing before "2"'],
    ["a { b }", ': is missing before "}"'],
  ])("%s cannot: %s", (expression, problem) => {
    expect(celProblem(expression)).toBe(problem)
  })

  test("is read through whatever its depth, and never throws", () => {
    expect(celProblem(`${"(".repeat(500)}a${")".repeat(500)}`)).toContain("nested deeper")
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab1.()[]{}'\"+-*/?:&|!=<, \n") }), (text) => {
        celProblem(text)
      }),
    )
  })
})

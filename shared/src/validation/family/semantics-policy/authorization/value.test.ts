import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { address, path, port, serviceAccount, trustDomain, type ValueProblem, wildcard } from "./value.ts"

const forms: Readonly<Record<string, ValueProblem>> = {
  address,
  path,
  port,
  serviceAccount,
  trustDomain,
  wildcard,
}

describe("values of authorization rules", () => {
  test.each([
    [
      "address",
      ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"],
      ["", "10.0.0", "10.0.0.0/33", "a.b.c.d", "10.0.0.0/"],
    ],
    ["port", ["0", "80", "65535"], ["", "65536", "-1", "http", "8 0", "+80"]],
    ["wildcard", ["a", "*", "a*", "*a"], ["", "a*b", "*a*", "**"]],
    ["trustDomain", ["cluster.local", "*.example.com"], ["", "a/b", "a*b"]],
    ["serviceAccount", ["a", "ns/a"], ["", "*", "ns/", "/a", "a/b/c", "x".repeat(321)]],
    [
      "path",
      ["/a", "/a*", "*a", "/", "/{*}", "/a/{*}/b/{**}", "/{**}/a", "/a/{**}/", "/a//b"],
      ["", "/{a}", "/{*}.html", "/a{**}", "/{**}/{*}", "/{**}/{**}", "/{*}/a*", "/{*}//a", "/{", "/}"],
    ],
  ])("%s", (name, valid, invalid) => {
    const form = forms[name] ?? (() => undefined)
    for (const value of valid) expect([value, form(value)]).toEqual([value, undefined])
    for (const value of invalid) expect([value, typeof form(value)]).toEqual([value, "string"])
  })

  test("a template of plain segments and one last {**} is a path", () => {
    const segment = fc.oneof(fc.constant("{*}"), fc.stringMatching(/^[a-z0-9._~-]+$/))
    fc.assert(
      fc.property(fc.array(segment), fc.boolean(), (segments, rest) => {
        expect(path(`/${[...segments, ...(rest ? ["{**}"] : [])].join("/")}`)).toBe(undefined)
      }),
    )
  })
})

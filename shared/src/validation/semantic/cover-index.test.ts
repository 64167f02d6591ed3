import fc from "fast-check"
import { expect, test } from "vitest"
import { covers, readHttpMatch } from "./cover.ts"
import { CoverIndex, httpSigns, tcpSigns, tlsSigns } from "./cover-index.ts"
import { readL4Match, tcpCovers, tlsCovers } from "./cover-l4.ts"

const value = fc.constantFrom("/", "/a", "/A", "/a/", "/a/b", "/a/b/c", "", "x", "X", ".*", "/a.*", "/a/[bc]")
const texts = fc.oneof(
  fc.record({ exact: value }),
  fc.record({ prefix: value }),
  fc.record({ pathPrefix: value }),
  fc.record({ regex: value }),
  fc.constant({}),
)
const named = fc.dictionary(fc.constantFrom("a", "B"), texts, { maxKeys: 2 })
const match = fc.record(
  {
    uri: texts,
    ignoreUriCase: fc.boolean(),
    method: texts,
    authority: texts,
    headers: named,
    withoutHeaders: named,
    queryParams: named,
    port: fc.constantFrom(0, 80),
  },
  { requiredKeys: [] },
)

test("the first match that covers another is found as by going through all of them", () => {
  fc.assert(
    fc.property(fc.array(match, { minLength: 1, maxLength: 30 }), (written) => {
      const matches = written.map((one) => readHttpMatch(one, "a"))
      const index = new CoverIndex(matches, httpSigns)
      for (const [at, own] of matches.entries()) {
        const found = index.first(own, at, (before) => {
          const earlier = matches[before]
          return earlier !== undefined && covers(earlier, own, ["mesh"])
        })
        expect(found).toBe(matches.slice(0, at).findIndex((earlier) => covers(earlier, own, ["mesh"])))
      }
    }),
    { numRuns: 2_000 },
  )
})

const subnet = fc.constantFrom("10.0.0.0/8", "10.1.0.0/16", 1, null)
const l4 = fc.record(
  {
    destinationSubnets: fc.array(subnet, { maxLength: 3 }),
    sniHosts: fc.array(fc.constantFrom("a.b", "*.b", "c", 1), { maxLength: 3 }),
    port: fc.constantFrom(0, 80),
  },
  { requiredKeys: [] },
)

test.each([
  ["tcp", tcpSigns, tcpCovers],
  ["tls", tlsSigns, tlsCovers],
] as const)("so is the first of %s routes", (_, signs, isCovered) => {
  fc.assert(
    fc.property(fc.array(l4, { minLength: 1, maxLength: 30 }), (written) => {
      const matches = written.map((one) => readL4Match(one, "a"))
      const index = new CoverIndex(matches, signs)
      for (const [at, own] of matches.entries()) {
        const isBefore = (before: number): boolean => {
          const earlier = matches[before]
          return earlier !== undefined && isCovered(earlier, own, ["mesh"])
        }
        const first = matches.slice(0, at).findIndex((_, before) => isBefore(before))
        expect(index.first(own, at, isBefore)).toBe(first)
      }
    }),
    { numRuns: 1_000 },
  )
})

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { commonHost, compareSpecificity, hostMatches, mostSpecific } from "./host.ts"
import { patternsFor, takingHost } from "./host-index.ts"
import { expressionOf } from "./re2.ts"

const label = fc.constantFrom("a", "b", "ab", "shop")
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."))
const wildcard = fc.oneof(
  fc.constant("*"),
  name.map((host) => `*.${host}`),
  name.map((host) => `*${host}`),
)
const pattern = fc.oneof(name, wildcard)

describe("patterns of hosts", () => {
  test("take themselves, and what is within what they take", () => {
    fc.assert(
      fc.property(pattern, pattern, name, (outer, inner, host) => {
        expect(hostMatches(outer, outer)).toBe(true)
        if (hostMatches(outer, inner) && hostMatches(inner, host)) expect(hostMatches(outer, host)).toBe(true)
      }),
    )
  })

  test("have in common what both take, whichever comes first", () => {
    fc.assert(
      fc.property(pattern, pattern, name, (a, b, host) => {
        const common = commonHost(a, b)
        expect(commonHost(b, a)).toBe(common)
        const both = hostMatches(a, host) && hostMatches(b, host)
        expect(common !== undefined && hostMatches(common, host)).toBe(both)
      }),
    )
  })

  test("are ordered by how closely they name a host: a narrower one comes first", () => {
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => {
        expect(Math.sign(compareSpecificity(a, b))).toBe(-Math.sign(compareSpecificity(b, a)) + 0)
        if (compareSpecificity(a, b) <= 0 && compareSpecificity(b, c) <= 0)
          expect(compareSpecificity(a, c)).toBeLessThanOrEqual(0)
        if (a !== b && hostMatches(b, a)) expect(compareSpecificity(a, b)).toBeLessThan(0)
      }),
    )
  })

  test("that take a host are all found from the host, the closest first", () => {
    fc.assert(
      fc.property(pattern, name, (own, host) => {
        const found = [...patternsFor(host)]
        expect(found.includes(own)).toBe(hostMatches(own, host))
        expect(found).toEqual(found.toSorted(compareSpecificity))
      }),
    )
  })

  test("are found in a long list by index just as by going through it, in its order", () => {
    const items = fc.array(fc.record({ hosts: fc.array(pattern, { maxLength: 3 }) }), { maxLength: 30 })
    fc.assert(
      fc.property(items, name, (list, host) => {
        const slow = list.filter(({ hosts }) => hosts.some((own) => hostMatches(own, host)))
        expect(takingHost(list, host)).toEqual(slow)
      }),
    )
  })

  test("the most specific of any is one that takes the host, and none is closer", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), name, (patterns, host) => {
        const chosen = mostSpecific(patterns, host)
        const taking = patterns.filter((own) => hostMatches(own, host))
        expect(chosen === undefined).toBe(taking.length === 0)
        if (chosen !== undefined)
          expect(taking.every((own) => compareSpecificity(chosen, own) <= 0)).toBe(true)
      }),
    )
  })
})

describe("patterns of RE2", () => {
  test("a quoted text takes itself and nothing longer", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...".*+?()[]{}|^$-/aB1_ ") }), (text) => {
        const quoted = text.replaceAll(/[\\.*+?()[\]{}|^$]/g, String.raw`\$&`)
        expect(expressionOf(quoted)?.test(text)).toBe(true)
        expect(expressionOf(quoted)?.test(`${text}x`)).toBe(false)
        expect(expressionOf(String.raw`\Q${text}\E`)?.test(text)).toBe(true)
      }),
    )
  })

  test("never throw, whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."\\ab*+?()[]{}|^$-:<>P=!ipQEx0,1") }), (text) => {
        expect(() => expressionOf(text)).not.toThrow()
      }),
      { numRuns: 2_000 },
    )
  })
})

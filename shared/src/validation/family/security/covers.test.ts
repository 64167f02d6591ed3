import fc from "fast-check"
import { expect, test } from "vitest"
import { authorize } from "../../../istio/authorization.ts"
import { indexMesh } from "../../../istio/model.ts"
import { config } from "../../../istio/fixture.ts"
import type { View } from "../../check.ts"
import { contradictions } from "./never.ts"
import { ruleCovers } from "./overruled.ts"

/** The check looks at nothing but the policy. */
const noView = {} as View

const namespaces = fc.constantFrom("a", "ab", "b", "a*", "*b", "*")
const paths = fc.constantFrom("/x", "/x/y", "/x*", "*y", "*", "/x/{*}")
const methods = fc.constantFrom("GET", "POST", "*")

const some = (values: fc.Arbitrary<string>): fc.Arbitrary<string[] | undefined> =>
  fc.option(fc.array(values, { minLength: 1, maxLength: 2 }), { nil: undefined })
const filled = (entry: Record<string, unknown>): boolean =>
  Object.values(entry).some((value) => value !== undefined)

const source = fc.record({ namespaces: some(namespaces), notNamespaces: some(namespaces) }).filter(filled)
const operation = fc
  .record({ paths: some(paths), notPaths: some(paths), methods: some(methods), notMethods: some(methods) })
  .filter(filled)
const condition = fc.record({
  key: fc.constantFrom("source.namespace", "request.headers[x]"),
  values: fc.array(namespaces, { minLength: 1, maxLength: 2 }),
})

const rule = fc
  .record({
    from: fc.option(
      fc.array(
        source.map((entry) => ({ source: entry })),
        { minLength: 1, maxLength: 2 },
      ),
      {
        nil: undefined,
      },
    ),
    to: fc.option(
      fc.array(
        operation.map((entry) => ({ operation: entry })),
        { minLength: 1, maxLength: 2 },
      ),
      {
        nil: undefined,
      },
    ),
    when: fc.option(fc.array(condition, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))

const request = fc.record({
  namespace: fc.constantFrom("", "a", "ab", "b"),
  method: fc.constantFrom("GET", "POST"),
  path: fc.constantFrom("/", "/x", "/x/y", "/z"),
  header: fc.constantFrom("a", "b"),
})

const inputOf = ({
  namespace,
  method,
  path,
  header,
}: {
  namespace: string
  method: string
  path: string
  header: string
}) => ({
  principal: namespace === "" ? "" : `cluster.local/ns/${namespace}/sa/default`,
  namespace,
  port: 80,
  http: { host: "cart", method, path, headers: { x: header } },
})

const server = { namespace: "shop", labels: {}, sidecar: true }

test("a DENY rule that covers an ALLOW rule denies whatever that one would allow", () => {
  let covering = 0
  fc.assert(
    fc.property(rule, rule, fc.array(request, { minLength: 4, maxLength: 8 }), (wide, narrow, requests) => {
      if (!ruleCovers(wide, narrow)) return
      covering++
      const allow = config("AuthorizationPolicy", "shop/allow", { rules: [narrow] })
      const deny = config("AuthorizationPolicy", "shop/deny", { action: "DENY", rules: [wide] })
      for (const one of requests) {
        const input = inputOf(one)
        if (!authorize(indexMesh([allow]), server, input).allowed) continue
        expect(authorize(indexMesh([allow, deny]), server, input).allowed).toBe(false)
      }
    }),
    { numRuns: 4000, seed: 1 },
  )
  expect(covering).toBeGreaterThan(20)
})

test("a rule that is said never to match lets nothing in", () => {
  let contradictory = 0
  fc.assert(
    fc.property(rule, fc.array(request, { minLength: 4, maxLength: 8 }), (item, requests) => {
      const allow = config("AuthorizationPolicy", "shop/allow", { rules: [item] })
      const sources = Array.isArray(item["from"]) ? item["from"].length : 1
      const operations = Array.isArray(item["to"]) ? item["to"].length : 1
      // Of several alternatives one may still match.
      if (sources > 1 || operations > 1) return
      const said: string[] = []
      contradictions.run(allow, noView, ({ code }) => said.push(code))
      if (said.length === 0) return
      contradictory++
      for (const one of requests)
        expect(authorize(indexMesh([allow]), server, inputOf(one)).allowed).toBe(false)
    }),
    { numRuns: 4000, seed: 1 },
  )
  expect(contradictory).toBeGreaterThan(20)
})

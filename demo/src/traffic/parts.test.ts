import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Attempt } from "./attempt.ts"
import { labelText } from "./labels.ts"
import { type Latency, around, capped, meanMs, mixed, plus, within } from "./latency.ts"
import { withRetries, withTimeout } from "./retry.ts"
import { loadSeconds, phaseOf } from "./swing.ts"

const attempt = (share: number, code: string, over: Partial<Attempt> = {}): Attempt => ({
  share,
  code,
  flags: "-",
  grpc: "",
  service: null,
  cluster: "",
  server: null,
  upstream: null,
  latency: around(10),
  failure: "",
  ...over,
})
const sum = (attempts: readonly Attempt[]): number => attempts.reduce((total, { share }) => total + share, 0)

test("label values are escaped as Prometheus wants", () => {
  expect(labelText({ a: 'x"y\\z\n', b: "plain" })).toBe(String.raw`a="x\"y\\z\n",b="plain"`)
})

describe("retries", () => {
  test("leave the failures that fail every time, and keep all calls", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 5 }),
        (failing, attempts) => {
          const result = withRetries([attempt(1 - failing, "200"), attempt(failing, "503")], {
            attempts,
            on: ["5xx"],
            perTryTimeoutMs: null,
          })
          expect(sum(result)).toBeCloseTo(1, 9)
          expect(result[1]?.share ?? 0).toBeCloseTo(failing ** (attempts + 1), 9)
        },
      ),
    )
  })

  test.each<[string, Partial<Attempt>, string, boolean]>([
    ["502", {}, "5xx", true],
    ["502", {}, "gateway-error", true],
    ["500", {}, "gateway-error", false],
    ["503", {}, "retriable-status-codes", true],
    ["503", { failure: "reset" }, "retriable-status-codes", false],
    ["503", { failure: "reset" }, "reset", true],
    ["503", { failure: "connect-failure" }, "connect-failure", true],
    ["429", {}, "429", true],
    ["200", { grpc: "14" }, "unavailable", true],
    ["503", { flags: "UH" }, "5xx", false],
  ])("%s %j under %s: %s", (code, over, on, retried) => {
    const [result] = withRetries([attempt(1, code, over)], { attempts: 1, on: [on], perTryTimeoutMs: null })
    expect(result?.flags.includes("URX")).toBe(retried)
  })
})

test("a timeout splits a call and loses none of it", () => {
  const server = {
    workload: {} as NonNullable<Attempt["server"]>["workload"],
    share: 1,
    code: "200",
    flags: "-",
    security: "mutual_tls" as const,
    latency: around(10),
    worked: true,
  }
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1_000, noNaN: true }), (limit) => {
      const result = withTimeout([attempt(1, "200", { server })], limit, "http")
      expect(sum(result)).toBeCloseTo(1, 9)
      expect(result.reduce((total, each) => total + (each.server?.share ?? 0), 0)).toBeCloseTo(1, 9)
    }),
  )
})

describe("latencies", () => {
  const latency: fc.Arbitrary<Latency> = fc
    .array(
      fc.tuple(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0.5, max: 5_000, noNaN: true }),
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map((humps) => mixed(humps.map(([share, ms]) => ({ share, latency: around(ms) }))))

  test("add their means, whatever is joined on the way", () => {
    fc.assert(
      fc.property(latency, latency, (a, b) => {
        expect(meanMs(plus(a, b))).toBeCloseTo(meanMs(a) + meanMs(b), 6)
        expect(plus(a, b).reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(1, 9)
        expect(plus(a, b).length).toBeLessThanOrEqual(5)
      }),
    )
  })

  test("have a distribution that grows from 0 to 1", () => {
    fc.assert(
      fc.property(latency, fc.double({ min: 0.1, max: 9_999, noNaN: true }), (a, ms) => {
        expect(within(a, ms)).toBeGreaterThanOrEqual(0)
        expect(within(a, ms)).toBeLessThanOrEqual(within(a, ms * 2) + 1e-6)
        expect(within(a, 1e9)).toBeCloseTo(1, 6)
        expect(meanMs(capped(a, ms))).toBeLessThanOrEqual(meanMs(a) + 1e-6)
      }),
    )
  })
})

test("the swing of the load never runs backwards and keeps its mean", () => {
  const at = fc.integer({ min: 0, max: 10_000_000 })
  fc.assert(
    fc.property(at, fc.integer({ min: 0, max: 600_000 }), fc.string(), (from, span, edge) => {
      expect(loadSeconds(from, from + span, phaseOf(edge), 0.9)).toBeGreaterThanOrEqual(0)
      expect(loadSeconds(from, from + span, phaseOf(edge), 0)).toBeCloseTo(span / 1000, 9)
    }),
  )
  const hours = loadSeconds(0, 36_000_000, phaseOf("a>b"), 0.5)
  expect(Math.abs(hours - 36_000)).toBeLessThan(200)
})

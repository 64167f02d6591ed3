import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { goDuration } from "./duration.ts"
import { kinds } from "./kinds.ts"
import { schemaOf, structuralProblems } from "./problems.ts"
import { closest } from "./words.ts"

const virtualService = "VirtualService.networking.istio.io"

const messages = (spec: unknown): string[] =>
  structuralProblems(virtualService, {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: {},
    spec,
  }).map(({ path, message }) => `${path}: ${message}`)

describe("a strange object", () => {
  test("never throws, whatever stands in it", () => {
    const versions = [...kinds].map(([key, { versions }]) => [key, [...versions.keys()][0] ?? ""] as const)
    fc.assert(
      fc.property(fc.constantFrom(...versions), fc.anything(), ([key, version], spec) => {
        for (const object of [
          { apiVersion: `x/${version}`, spec },
          { apiVersion: spec },
          { apiVersion: `x/${version}`, metadata: spec },
        ])
          for (const problem of structuralProblems(key, object)) expect(problem.message).not.toBe("")
      }),
      { seed: 3 },
    )
  })

  test("a text made to be hard to match takes no time", () => {
    const value = `${"a".repeat(4_000)}\n`
    const found = structuralProblems("HTTPRoute.gateway.networking.k8s.io", {
      apiVersion: "gateway.networking.k8s.io/v1",
      spec: { rules: [{ matches: [{ headers: [{ name: "a", value }] }] }] },
    })
    expect(found.map(({ rule }) => rule.code)).toEqual(["schema.pattern"])
  })

  test("a field that is null is not there, an item that is null is wrong", () => {
    expect(messages({ hosts: null, http: [{ timeout: null }] })).toEqual([])
    expect(messages({ http: [null] })).toEqual(["spec.http[0]: an item of http must be an object, not null"])
  })

  test("a condition is not looked at where the types below it are wrong", () => {
    const problems = structuralProblems("ServiceEntry.networking.istio.io", {
      apiVersion: "networking.istio.io/v1",
      spec: { hosts: ["a"], endpoints: "none" },
    })
    expect(problems.map(({ rule, path }) => [rule.code, path])).toEqual([["schema.type", "spec.endpoints"]])
  })
})

describe("what is meant", () => {
  test.each([
    ["subSet", "subset"],
    ["retry", "retries"],
    ["time_out", "timeout"],
    ["mirrorPercantage", "mirrorPercentage"],
    ["rotue", "route"],
    ["spec", null],
  ])("%s is %s", (name, meant) => {
    expect(closest(name, ["subset", "retries", "timeout", "mirrorPercentage", "route"])).toBe(meant)
  })

  test("a field at the wrong depth is said to belong elsewhere", () => {
    expect(
      messages({
        http: [{ destination: {}, route: [{ destination: { host: "a" }, timeout: "5s", exportTo: [] }] }],
      }),
    ).toEqual([
      "spec.http[0].destination: destination is no field of an item of http; it belongs in mirrors or route",
      "spec.http[0].route[0].timeout: timeout is no field of an item of route; it belongs in spec.http[0]",
      "spec.http[0].route[0].exportTo: exportTo is no field of an item of route; it belongs in spec",
    ])
  })

  test("a message quotes what was found and says what is right", () => {
    expect(
      messages({
        http: [
          {
            timeout: "5",
            retries: { attempts: 2.5 },
            redirect: { redirectCode: -1, derivePort: "request_port" },
          },
        ],
      }),
    ).toEqual([
      "spec.http[0].timeout: 5 has no unit; a duration is written 5s or 5ms",
      "spec.http[0].retries.attempts: attempts must be a whole number, not 2.5",
      "spec.http[0].redirect.redirectCode: redirectCode is -1; 0 to 4294967295 is allowed",
      'spec.http[0].redirect.derivePort: "request_port" is not allowed for derivePort; it is one of FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT (did you mean FROM_REQUEST_PORT?)',
    ])
  })
})

describe("a duration as Go reads it", () => {
  test.each([
    ["1h1m1.5s", 3_661_500],
    ["-2ms", -2],
    [".5s", 500],
    ["1.s", 1_000],
    ["250us", 0.25],
    ["1µs", 0.001],
    ["0", 0],
    ["10", NaN],
    ["", NaN],
    ["s", NaN],
    [".s", NaN],
    ["1d", NaN],
    ["1.2.3s", NaN],
  ])("%j is %d ms", (value, ms) => {
    if (Number.isNaN(ms)) expect(goDuration(value)).toBeNaN()
    else expect(goDuration(value)).toBeCloseTo(ms, 9)
  })
})

test("an editor reads fields and allowed values off the schema of a kind", () => {
  const spec = schemaOf(virtualService)?.fields.get("spec")
  const http = spec?.type === "object" ? spec.fields.get("http") : undefined
  const route = http?.type === "list" && http.items.type === "object" ? http.items.fields : undefined
  const redirect = route?.get("redirect")
  const derivePort = redirect?.type === "object" ? redirect.fields.get("derivePort") : undefined
  expect(derivePort?.type === "text" && derivePort.values).toEqual([
    "FROM_PROTOCOL_DEFAULT",
    "FROM_REQUEST_PORT",
  ])
})

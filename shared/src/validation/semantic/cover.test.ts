import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Client, HttpRequest } from "../../istio/client.ts"
import { seen } from "../../istio/match.ts"
import { type Rule, firstMatching, forProxy } from "../../istio/rule.ts"
import type { Json } from "../../topology/fact/read.ts"
import { covers, readHttpMatch } from "./cover.ts"
import { readL4Match, tcpCovers, tlsCovers } from "./cover-l4.ts"

const bound = ["mesh", "shop/gw"]
const covered = (a: Json, b: Json): boolean =>
  covers(readHttpMatch(a, "shop"), readHttpMatch(b, "shop"), bound)

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const pick = (...values: string[]) => fc.constantFrom(...values)
const without = <T extends Json>(value: T): Json =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))
const object = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .record(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, optional(value)])))
    .map(without)

const paths = ["/", "/a", "/A", "/a/b", "/ab", "/b", "/a/b/c", "/7"]
const uri = fc.oneof(
  pick(...paths).map((exact) => ({ exact })),
  pick(...paths).map((prefix) => ({ prefix })),
  pick("/a.*", "/a", ".*", "/a/[bc]", "/(a|b)/.*", "/a|/b", "/a?b", "/a\\/b", "/a+", "^/a$").map((regex) => ({
    regex,
  })),
)
const words = ["", "x", "xy", "y", "X"]
const header = fc.oneof(
  fc.constant({}),
  pick(...words).map((exact) => ({ exact })),
  pick("x", "xy", "y").map((prefix) => ({ prefix })),
  pick("x", "x.*", ".*", "x|y", "[xy]", "x.+", "*").map((regex) => ({ regex })),
)
const headers = object({ h: header, K: header })
const match = object({
  uri,
  ignoreUriCase: fc.boolean(),
  method: fc.oneof(
    pick("GET", "POST").map((exact) => ({ exact })),
    pick("P", "PO").map((prefix) => ({ prefix })),
    pick("GET|POST", ".*").map((regex) => ({ regex })),
  ),
  authority: pick("a.b", "a").map((exact) => ({ exact })),
  scheme: pick("http", "https").map((exact) => ({ exact })),
  headers,
  withoutHeaders: headers,
  queryParams: object({ q: header }),
  port: fc.constantFrom(0, 80, 81),
  sourceLabels: object({ app: pick("a", "b") }),
  sourceNamespace: pick("shop", "other", ""),
  gateways: fc.subarray(["mesh", "gw", "shop/gw"]),
})

type Question = { request: HttpRequest; client: Client; port: number; gateway: string }

const question: fc.Arbitrary<Question> = fc
  .record({
    path: pick(...paths),
    q: optional(pick(...words)),
    method: pick("GET", "POST", "PUT", "DELETE"),
    host: pick("a.b", "a", "c"),
    headers: object({ h: pick(...words, "z"), k: pick(...words, "z") }),
    port: fc.constantFrom(80, 81, 82),
    gateway: fc.constantFrom(...bound),
    labels: object({ app: pick("a", "b") }),
    namespace: pick("shop", "other"),
  })
  .map(({ path, q, method, host, headers, port, gateway, labels, namespace }) => ({
    request: {
      path: q === undefined ? path : `${path}?q=${q}`,
      method,
      host,
      port,
      headers: headers as Record<string, string>,
    },
    client: {
      kind: gateway === "mesh" ? "sidecar" : "gateway",
      namespace,
      labels: labels as Record<string, string>,
    },
    port,
    gateway,
  }))

const named = (match: Json): Json =>
  Array.isArray(match["gateways"])
    ? { ...match, gateways: match["gateways"].map((name) => (name === "gw" ? "shop/gw" : (name as unknown))) }
    : match

/** Whether the model of routing lets the request through the match. */
function takes(match: Json, { request, client, port, gateway }: Question): boolean {
  const rule: Rule = {
    object: { kind: "VirtualService.networking.istio.io", namespace: "shop", name: "x" },
    path: "spec.http[0]",
    namespace: "shop",
    matches: [named(match)],
    route: {},
  }
  return firstMatching(forProxy([rule], { client, port, gateway }), seen(request)) !== undefined
}

/** `b` says all that `a` does and something more, so that pairs that cover are not rare. */
const pair = fc.oneof(
  fc.tuple(match, match),
  fc.tuple(match, match).map(([a, b]): [Json, Json] => [a, { ...b, ...a }]),
  fc.tuple(match, uri).map(([a, other]): [Json, Json] => [a, { ...a, uri: other }]),
  fc.tuple(match, headers).map(([a, other]): [Json, Json] => [a, { ...a, headers: other }]),
  fc.tuple(match, headers).map(([a, other]): [Json, Json] => [a, { ...a, withoutHeaders: other }]),
)

describe("whether a match covers another", () => {
  test("it takes every request that the other takes, whoever asks and wherever", () => {
    let yes = 0
    fc.assert(
      fc.property(pair, fc.array(question, { minLength: 30, maxLength: 30 }), ([a, b], questions) => {
        if (!covered(a, b)) return
        yes++
        for (const asked of questions) if (takes(b, asked)) expect(takes(a, asked)).toBe(true)
      }),
      { numRuns: 1500 },
    )
    expect(yes).toBeGreaterThan(150)
  })

  test("what no request tells apart is covered, as far as plain texts go", () => {
    const plain = (kinds: string[], values: string[]) =>
      fc.tuple(pick(...kinds), pick(...values)).map(([kind, value]) => ({ [kind]: value }))
    const simple = object({
      uri: plain(["exact", "prefix"], ["/a", "/a/b", "/b"]),
      method: plain(["exact"], ["GET", "POST"]),
      headers: object({ h: fc.oneof(fc.constant({}), plain(["exact", "prefix"], ["x", "xy"])) }),
      port: fc.constantFrom(80, 81),
    })
    const everything: Question[] = ["/", "/a", "/az", "/a/b", "/a/bz", "/b", "/bz"].flatMap((path) =>
      ["GET", "POST", "PUT"].flatMap((method) =>
        [undefined, "", "x", "xy", "xz", "xyz"].flatMap((h) =>
          [80, 81, 82].map((port) => ({
            request: { path, method, host: "a", port, headers: h === undefined ? {} : { h } },
            client: { kind: "sidecar" as const, namespace: "shop", labels: {} },
            port,
            gateway: "mesh",
          })),
        ),
      ),
    )
    fc.assert(
      fc.property(simple, simple, (a, b) => {
        const implied = everything.every((asked) => !takes(b, asked) || takes(a, asked))
        expect(covered(a, b)).toBe(implied)
      }),
      { numRuns: 600 },
    )
  })

  test("every match covers itself, and covering goes on", () => {
    fc.assert(fc.property(match, (a) => covered(a, a)))
    fc.assert(
      fc.property(pair, match, ([a, b], more) => {
        const c = { ...more, ...b }
        if (covered(a, b) && covered(b, c)) expect(covered(a, c)).toBe(true)
      }),
    )
  })

  test.each<[string, Json, Json, boolean]>([
    ["a prefix and an exact path within it", { uri: { prefix: "/" } }, { uri: { exact: "/foo" } }, true],
    [
      "a prefix and a pattern that begins with it",
      { uri: { prefix: "/api" } },
      { uri: { regex: "/api/v[12]" } },
      true,
    ],
    [
      "a prefix and a pattern with an alternative",
      { uri: { prefix: "/api" } },
      { uri: { regex: "/api|/b" } },
      false,
    ],
    [
      "no method and a method",
      { uri: { prefix: "/a" } },
      { uri: { prefix: "/ab" }, method: { exact: "POST" } },
      true,
    ],
    [
      "a method and none",
      { uri: { prefix: "/a" }, method: { exact: "GET" } },
      { uri: { prefix: "/ab" } },
      false,
    ],
    ["a header more on the earlier", { headers: { a: { exact: "b" } } }, {}, false],
    ["a header more on the later", {}, { headers: { a: { exact: "b" } } }, true],
    [
      "a header's name in another case",
      { headers: { "X-A": {} } },
      { headers: { "x-a": { exact: "1" } } },
      true,
    ],
    [
      "another value that is asked not to be",
      { withoutHeaders: { a: { exact: "b" } } },
      { headers: { a: { exact: "c" } } },
      true,
    ],
    ["any case and one case", { uri: { exact: "/a" }, ignoreUriCase: true }, { uri: { exact: "/A" } }, true],
    ["one case and any case", { uri: { exact: "/a" } }, { uri: { exact: "/a" }, ignoreUriCase: true }, false],
    ["one port and all", { port: 80 }, {}, false],
    ["some clients and all", { sourceLabels: { app: "a" } }, {}, false],
    ["some clients and fewer", { sourceLabels: { app: "a" } }, { sourceLabels: { app: "a", v: "1" } }, true],
    [
      "labels, which do not count beside gateways",
      { sourceLabels: { app: "a" } },
      { gateways: ["mesh"], sourceLabels: { app: "a" } },
      false,
    ],
    ["all gateways by name and none named", { gateways: ["mesh", "gw"] }, {}, true],
    ["one gateway and none named", { gateways: ["gw"] }, {}, false],
    ["https and any scheme", { scheme: { exact: "https" } }, {}, false],
    ["a pattern and a text of it", { uri: { regex: "/v[12]/.*" } }, { uri: { exact: "/v1/x" } }, true],
    [
      "a pattern that could run for ever",
      { uri: { regex: "(a+)+b" } },
      { uri: { exact: "a".repeat(60) } },
      false,
    ],
  ])("%s", (_, a, b, expected) => {
    expect(covered(a, b)).toBe(expected)
  })
})

describe("matches of tcp and tls", () => {
  const tcp = (a: Json, b: Json) => tcpCovers(readL4Match(a, "shop"), readL4Match(b, "shop"), bound)
  const tls = (a: Json, b: Json) => tlsCovers(readL4Match(a, "shop"), readL4Match(b, "shop"), bound)

  test.each<[string, Json, Json, boolean]>([
    [
      "a match without subnets ends the list",
      { port: 80 },
      { port: 80, destinationSubnets: ["10.0.0.0/8"] },
      true,
    ],
    ["subnets leave others to the next", { destinationSubnets: ["10.0.0.0/8"] }, {}, false],
    [
      "narrower subnets win, wherever they stand",
      { destinationSubnets: ["10.0.0.0/8"] },
      { destinationSubnets: ["10.1.0.0/16"] },
      false,
    ],
    [
      "the same subnets do not",
      { destinationSubnets: ["10.0.0.0/8", "1.1.1.1"] },
      { destinationSubnets: ["1.1.1.1"] },
      true,
    ],
    [
      "labels count beside gateways",
      { gateways: ["mesh"], sourceLabels: { a: "b" } },
      { gateways: ["mesh"] },
      false,
    ],
    ["another port", { port: 80 }, { port: 81 }, false],
  ])("tcp: %s", (_, a, b, expected) => {
    expect(tcp(a, b)).toBe(expected)
  })

  test.each<[string, Json, Json, boolean]>([
    ["the same SNI", { sniHosts: ["a.b", "c.d"] }, { sniHosts: ["a.b"] }, true],
    ["a name under a wildcard wins, wherever it stands", { sniHosts: ["*.b"] }, { sniHosts: ["a.b"] }, false],
    [
      "subnets of its own",
      { sniHosts: ["a.b"] },
      { sniHosts: ["a.b"], destinationSubnets: ["1.1.1.1"] },
      false,
    ],
    ["another namespace", { sniHosts: ["a.b"], sourceNamespace: "x" }, { sniHosts: ["a.b"] }, false],
  ])("tls: %s", (_, a, b, expected) => {
    expect(tls(a, b)).toBe(expected)
  })
})

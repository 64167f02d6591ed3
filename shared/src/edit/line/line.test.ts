import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Match } from "../form.ts"
import { loadBalancingFlags } from "./control-flags.ts"
import { targetOf, targetText } from "./destination-text.ts"
import { readFlags } from "./form-flag.ts"
import { guardOf, guardText } from "./guard-text.ts"
import { matchOf, matchText } from "./match-text.ts"
import { spanMs, spanText } from "./span.ts"

describe("a span of time", () => {
  test.each([
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["1.5s", 1_500],
  ])("%s", (text, ms) => expect(spanMs(text)).toBe(ms))

  test.each(["", "10", "m", "-5m", "5 m", "1e3s", "5M", "tomorrow"])("%o is none", (text) =>
    expect(spanMs(text)).toBeUndefined(),
  )

  test("is read as it was written", () => {
    fc.assert(
      fc.property(fc.nat(86_400_000 * 20), (ms) => {
        expect(spanMs(spanText(ms))).toBe(ms)
      }),
    )
  })
})

describe("--undo-if", () => {
  test("takes one bound or two, in one text or several, with defaults for the times", () => {
    expect(guardOf(["errors > 2% for 1m within 10m"])).toEqual({
      errorsPercent: 2,
      p95Ms: null,
      forMs: 60_000,
      withinMs: 600_000,
    })
    expect(guardOf(["errors>2.5%", "p95 > 0.5s for 3m"])).toEqual({
      errorsPercent: 2.5,
      p95Ms: 500,
      forMs: 180_000,
      withinMs: 1_800_000,
    })
    expect(guardOf([])).toBeNull()
  })

  test.each([
    ["errors > 2", /wants a bound such as/],
    ["errors < 2%", /wants a bound/],
    ["p99 > 5ms", /wants a bound/],
    ["errors > 2% for ever", /"ever" is no time/],
    ["", /wants a bound/],
  ])("%o is refused", (text, message) => expect(() => guardOf([text])).toThrow(message))

  test("refuses two texts that say otherwise", () => {
    expect(() => guardOf(["errors > 2%", "errors > 3%"])).toThrow("says otherwise")
    expect(() => guardOf(["errors > 2% for 1m", "p95 > 1s for 2m"])).toThrow("says otherwise")
  })

  test("is read as it was written", () => {
    const bound = fc.option(fc.double({ min: 1e-9, max: 100, noNaN: true }))
    const guard = fc
      .record({
        errorsPercent: bound,
        p95Ms: bound,
        forMs: fc.nat(3_600_000),
        withinMs: fc.integer({ min: 10_000, max: 86_400_000 }),
      })
      .filter(({ errorsPercent, p95Ms }) => errorsPercent !== null || p95Ms !== null)
    fc.assert(
      fc.property(guard, (each) => {
        expect(guardOf([guardText(each)])).toEqual(each)
      }),
    )
  })
})

describe("-m", () => {
  test.each<[string, Match]>([
    ["uri:prefix=/api", { uri: { prefix: "/api" } }],
    ["url=/cart", { uri: { exact: "/cart" } }],
    [
      "url=https://shop.example/cart?x=1",
      { scheme: { exact: "https" }, authority: { exact: "shop.example" }, uri: { exact: "/cart?x=1" } },
    ],
    [
      "method=GET,header:x-user:regex=a.*,without-header:x-bot,query:page=1",
      {
        method: { exact: "GET" },
        headers: { "x-user": { regex: "a.*" } },
        withoutHeaders: { "x-bot": { present: true } },
        queryParams: { page: { exact: "1" } },
      },
    ],
    [
      String.raw`uri:regex=/v\d{1\,3},ignore-case`,
      { uri: { regex: String.raw`/v\d{1,3}` }, ignoreUriCase: true },
    ],
    [
      "port=9080,label:app=web,source-namespace=shop,gateway=mesh,gateway=istio-system/edge",
      {
        port: 9080,
        sourceLabels: { app: "web" },
        sourceNamespace: "shop",
        gateways: ["mesh", "istio-system/edge"],
      },
    ],
  ])("%s", (text, match) => {
    expect(matchOf(text)).toEqual(match)
    expect(matchOf(matchText(match))).toEqual(match)
  })

  test.each([
    ...["", "path=/x", "uri:suffix=/x", "uri", "port=http", "header:=x"],
    ...["uri=/a,,method=GET", "uri=/a,uri=/b"],
  ])("%o is refused", (text) =>
    expect(() => matchOf(text)).toThrow(/is no match|is no number|says "uri" twice/),
  )
})

describe("--to", () => {
  test.each([
    ["v3", { destination: { subset: "v3" }, share: undefined }],
    ["v3:9080=12.5", { destination: { subset: "v3", port: 9080 }, share: 12.5 }],
    ["host=a.b.svc,port=80", { destination: { host: "a.b.svc", port: 80 }, share: undefined }],
    ["host=a,subset=v1,share=20", { destination: { host: "a", subset: "v1" }, share: 20 }],
  ])("%s", (text, target) => {
    expect(targetOf(text)).toEqual(target)
    expect(targetOf(targetText(target))).toEqual(target)
  })

  test.each(["", "v3=", "v3:http", "host=", "host=a,host=b", "host=a,share=x", "a b"])(
    "%o is refused",
    (text) => expect(() => targetOf(text)).toThrow(/wants a version|is no number/),
  )
})

describe("the flags of a form", () => {
  test("name the flag, the value and what it wants instead", () => {
    expect(() => readFlags(loadBalancingFlags, { algorithm: "fastest" })).toThrow(
      '--algorithm "fastest": wants one of round-robin, least-request, random, passthrough, least-conn, unspecified',
    )
    expect(() => readFlags(loadBalancingFlags, { distribute: ["eu=us"] })).toThrow("wants FROM=TO:WEIGHT")
    expect(() => readFlags(loadBalancingFlags, { "ring-size": "-1" })).toThrow("wants a whole number")
  })
})

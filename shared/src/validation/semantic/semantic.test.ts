import { describe, expect, test } from "vitest"
import { isIpAddress, subnetProblem, unixPathProblem } from "./address.ts"
import { durationProblem, spanOf } from "./duration.ts"
import { exportToProblem } from "./export-to.ts"
import { changedHeaderProblem, headerValueProblem, isJwtClaim, matchHeaderProblem } from "./header.ts"
import { isLabelKey, labelsProblem, selectorProblem } from "./labels.ts"
import {
  domainProblem,
  gatewaySniProblem,
  hostsOverlap,
  isHostWithin,
  wildcardDomainProblem,
} from "./name.ts"
import { protocolClass } from "./port.ts"
import { re2Problem } from "./re2.ts"
import { gatewayHostProblem, sidecarHostProblem } from "./scoped-host.ts"
import { percentageProblem, weightsProblem } from "./weight.ts"

const long = "a".repeat(64)

describe("names of hosts", () => {
  test.each(["reviews", "reviews.shop", "A.b-c.9x", "istio.io.", "5"])("%s is a domain or host", (name) => {
    expect(wildcardDomainProblem(name)).toBeUndefined()
  })
  test.each(["", ".", "a..b", "-a.b", "a_b.c", "a.5", `${long}.b`, "a b", "a.*.b", "*a*.b", "a".repeat(256)])(
    "%s is none",
    (name) => {
      expect(wildcardDomainProblem(name)).toBeDefined()
      expect(domainProblem(name)).toBeDefined()
    },
  )
  test.each(["*", "*.example.com", "*-a.example.com", "*a.example.com"])(
    "%s is one with a wildcard",
    (name) => {
      expect(wildcardDomainProblem(name)).toBeUndefined()
      expect(domainProblem(name)).toBeDefined()
    },
  )
  test.each<[string, boolean]>([
    ["outbound_.80_._.e2e.foobar.mesh", true],
    ["outbound_.80_._.1", false],
    ["outbound_.x_._.a.b", false],
    ["outboundy_.80_._.a", false],
    ["outbound_.80", false],
  ])("a name of AUTO_PASSTHROUGH follows its form: %s", (name, valid) => {
    expect(gatewaySniProblem(name) === undefined).toBe(valid)
  })
  test.each<[string, string, boolean, boolean]>([
    ["a.b", "a.b", true, true],
    ["a.b", "*.b", true, true],
    ["*.b", "a.b", true, false],
    ["*.x.b", "*.b", true, true],
    ["*.b", "*.x.b", true, false],
    ["*.b", "*.c", false, false],
    ["a.b", "*", true, true],
  ])("%s and %s overlap: %s; within: %s", (a, b, overlap, within) => {
    expect([hostsOverlap(a, b), isHostWithin(a, b)]).toEqual([overlap, within])
  })
  test.each<[string, boolean, boolean]>([
    ["shop/*.example.com", true, true],
    ["*/*", true, true],
    ["./a.b", true, true],
    ["~/a.b", false, true],
    ["*.example.com", true, false],
    ["1.2.3.4", true, false],
    ["shop/1.2.3.4", true, false],
    ["shop/short", false, false],
    ["shop/*a.b", false, false],
    ["/a.b", false, false],
    ["a_b/a.b", false, false],
  ])("%s is a host of a gateway: %s, of a sidecar: %s", (host, gateway, sidecar) => {
    expect([gatewayHostProblem(host) === undefined, sidecarHostProblem(host) === undefined]).toEqual([
      gateway,
      sidecar,
    ])
  })
})

describe("addresses", () => {
  test.each([
    "1.2.3.4",
    "255.0.0.0",
    "::",
    "::1",
    "2001:db8::1",
    "1:2:3:4:5:6:7:8",
    "::ffff:1.2.3.4",
    "fe80::1%eth0",
  ])("%s is one", (address) => {
    expect(isIpAddress(address)).toBe(true)
  })
  test.each([
    "",
    "1.2.3",
    "01.2.3.4",
    "256.1.1.1",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1.2.3.4::",
    "g::",
    "::1%",
  ])("%s is none", (address) => {
    expect(isIpAddress(address)).toBe(false)
  })
  test.each<[string, boolean]>([
    ["10.0.0.0/8", true],
    ["10.0.0.1/32", true],
    ["2001:db8::/64", true],
    ["10.0.0.0/33", false],
    ["10.0.0.0/08", false],
    ["10.0.0.0/", false],
    ["10.0.0.0/8/8", false],
    ["::/129", false],
  ])("%s is a block: %s", (block, valid) => {
    expect(subnetProblem(block) === undefined).toBe(valid)
  })
  test.each<[string, boolean]>([
    ["/a/b", true],
    ["@a", true],
    ["", false],
    ["a/b", false],
    ["/a/", false],
  ])("%s is a path of a socket: %s", (path, valid) => {
    expect(unixPathProblem(path) === undefined).toBe(valid)
  })
})

describe("durations", () => {
  test("are exact, below a millisecond and over years", () => {
    expect(spanOf("3.000000042s")).toEqual({ ms: 3000, ns: 42 })
    expect(spanOf("1h1m1.5s")).toEqual({ ms: 3_661_500, ns: 0 })
    expect(spanOf("2000000h1ms")).toEqual({ ms: 7_200_000_000_001, ns: 0 })
    expect(spanOf("-1.5ms")).toEqual({ ms: -1, ns: -500_000 })
  })
  test.each<[unknown, boolean]>([
    ["1ms", true],
    [".5s", true],
    ["0.5ms", false],
    ["1.0005ms", false],
    ["0s", false],
    ["-1s", false],
    ["5", false],
    [5, false],
    ["1 s", false],
    ["3000000h", false],
  ])("Envoy takes %s: %s", (value, valid) => {
    expect(durationProblem(value) === undefined).toBe(valid)
  })
})

describe("headers", () => {
  test.each<[string, boolean]>([
    ["x-user", true],
    [":authority", true],
    ["@request.auth.claims.sub", true],
    ["@request.auth.claims[a][b]", true],
    ["@request.auth.claims", false],
    ["", false],
    ["x user", false],
    [":unknown", false],
  ])("%s may be matched: %s", (name, valid) => {
    expect(matchHeaderProblem(name) === undefined).toBe(valid)
  })
  test("claims are told from headers", () => {
    expect(["@request.auth.claims.a", "@request.auth.claims[]", "x"].map(isJwtClaim)).toEqual([
      true,
      false,
      false,
    ])
  })
  test.each(["", "Host", ":path"])("a response cannot change %s", (name) => {
    expect(changedHeaderProblem(name)).toBeDefined()
  })
  test.each<[string, boolean]>([
    ["plain", true],
    ["100%%", true],
    ["%START_TIME%", true],
    ['%UPSTREAM_METADATA(["ns", "key"])%', true],
    ["%REQ(x-y)%", true],
    ["abc%123", false],
    ["%START_TIME%%", false],
    ['%A(["x" "y"])%', false],
    ["%", false],
    ["a\u0007", false],
    ["a\tb", true],
  ])("%s is a value: %s", (value, valid) => {
    expect(headerValueProblem(value) === undefined).toBe(valid)
  })
})

describe("patterns of RE2", () => {
  test.each([
    "",
    "/v[12]/.*",
    "(?i)/api/.*",
    "(?P<version>v\\d+)",
    "(?<version>v\\d+)",
    "\\pN+\\p{Greek}\\P{^Lu}",
    "[[:alpha:]\\d\\]-]",
    "[]a]",
    "a{",
    "a{,2}",
    "a{2,}?",
    "(a{10}){100}",
    "\\Qa(b\\E+",
    "\\x41\\x{1F600}\\012\\0",
    "^*$",
    "(?i-s:a)|",
    "\\_\\-",
    "[a-]",
  ])("%s is one", (pattern) => {
    expect(re2Problem(pattern)).toBeUndefined()
  })
  test.each([
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "(?<!a)b",
    "(?>a)",
    "(a)\\1",
    "\\8",
    "*",
    "a**",
    "a+*",
    "a{2}{3}",
    "(|*)",
    "(",
    ")",
    "[",
    "[]",
    "[z-a]",
    "[a-\\d]",
    "[[:word2:]]",
    "\\",
    "\\q",
    "\\Z",
    "\\C",
    "\\p{Klingon}",
    "a{1001}",
    "a{3,2}",
    "(a{100}){100}",
    "(?P<a>x)(?P<a>y)",
    "(?P<a-b>x)",
    "(?P=a)",
    "(?x)a",
    "(?-)",
    "\\xZ",
    "\\x{110000}",
  ])("%s is none", (pattern) => {
    expect(re2Problem(pattern)).toBeDefined()
  })
  test("is measured in bytes", () => {
    expect(re2Problem("a".repeat(1024))).toBeUndefined()
    expect(re2Problem("a".repeat(1025))).toBeDefined()
    expect(re2Problem("ü".repeat(513))).toBeDefined()
  })
})

describe("labels, exports, weights, protocols", () => {
  test.each<[string, boolean]>([
    ["app", true],
    ["example.com/app", true],
    ["a/b/c", false],
    [".", false],
    ["", false],
    [`a/${long}`, false],
  ])("%s is the key of a label: %s", (key, valid) => {
    expect(isLabelKey(key)).toBe(valid)
  })
  test("values of labels follow the same form, selectors have no wildcards", () => {
    expect(labelsProblem({ a: "", b: "x-1" })).toBeUndefined()
    expect(labelsProblem({ a: "~" })).toContain("~")
    expect([selectorProblem({ "": "x" }), selectorProblem({ a: "*" }), selectorProblem({ a: "b" })]).toEqual([
      expect.any(String),
      expect.any(String),
      undefined,
    ])
  })
  test.each<[string[], "service" | "selecting" | "other", boolean]>([
    [[], "other", true],
    [["*"], "other", true],
    [[".", "other"], "other", true],
    [[".", "own"], "other", false],
    [["a", "a"], "other", false],
    [["*", "."], "other", false],
    [["~"], "other", false],
    [["~"], "service", true],
    [["~", "a"], "service", false],
    [["a_b"], "other", false],
    [["."], "selecting", true],
    [["own"], "selecting", true],
    [["*"], "selecting", false],
    [[".", "a"], "selecting", false],
  ])("exportTo %j on %s is right: %s", (entries, exported, valid) => {
    expect(exportToProblem(entries, "own", exported) === undefined).toBe(valid)
  })
  test("weights are whole, not negative, and not all 0", () => {
    expect(weightsProblem([undefined])).toBeUndefined()
    expect(weightsProblem([0, 1])).toBeUndefined()
    expect(weightsProblem([0, undefined])).toContain("0")
    expect(weightsProblem([-1, 3])).toContain("-1")
    expect([percentageProblem(0), percentageProblem(0.00001), percentageProblem(100.1)].map(Boolean)).toEqual(
      [false, true, true],
    )
  })
  test("protocols are known in any case", () => {
    expect(["HTTP2", "Https", "mongo", "UDP", "sctp"].map(protocolClass)).toEqual([
      "http",
      "tls",
      "tcp",
      "udp",
      "unknown",
    ])
  })
})

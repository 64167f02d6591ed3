import { describe, expect, test } from "vitest"
import type { HttpRule, Match } from "#shared/edit/form.ts"
import {
  actionText,
  extrasText,
  fieldName,
  faultText,
  l4RuleText,
  matchText,
  ruleText,
  shortText,
} from "./words.ts"

const route = (rule: Partial<HttpRule>): HttpRule => ({
  matches: [],
  action: { type: "route", destinations: [{ destination: { subset: "v1" } }] },
  ...rule,
})

describe("which requests a rule takes, in words", () => {
  test.each<{ match: Match; text: string }>([
    { match: { uri: { exact: "/login" } }, text: "/login" },
    { match: { uri: { prefix: "/api" }, method: { exact: "GET" } }, text: "prefix /api, method = GET" },
    { match: { headers: { "end-user": { exact: "ada" } } }, text: "end-user = ada" },
    { match: { withoutHeaders: { "x-canary": { present: true } } }, text: "not x-canary is there" },
    { match: { queryParams: { v: { regex: "^1" } } }, text: "?v matches ^1" },
    { match: { port: 80, sourceNamespace: "a" }, text: "port 80, from namespace a" },
    { match: { sourceLabels: { app: "x" }, gateways: ["mesh", "g"] }, text: "from app=x, at mesh, g" },
    { match: { origin: 0, name: "a" }, text: "every request" },
  ])("$text", ({ match, text }) => {
    expect(matchText(match)).toBe(text)
  })

  test("is one of several matches, or what is left", () => {
    expect(ruleText({ matches: [{ port: 80 }, { port: 81 }] }, 3)).toBe("port 80 or port 81")
    expect(ruleText({ matches: [] }, 0)).toBe("every request")
    expect(ruleText({ matches: [] }, 1)).toBe("everything else")
    expect(l4RuleText({ matches: [{ sniHosts: ["a", "b"], port: 443 }], destinations: [] })).toBe(
      "a, b, port 443",
    )
    expect(l4RuleText({ matches: [], destinations: [] })).toBe("every connection")
  })
})

describe("what a rule does, in words", () => {
  test.each<{ action: HttpRule["action"]; text: string }>([
    { action: { type: "route", destinations: [{ destination: {} }] }, text: "all versions" },
    {
      action: {
        type: "route",
        destinations: [
          { destination: { subset: "v1", port: 80 }, weight: 90 },
          { destination: { host: "other", subset: "x" }, weight: 10 },
        ],
      },
      text: "v1:80 90 %, other x 10 %",
    },
    { action: { type: "route", destinations: [] }, text: "nowhere" },
    { action: { type: "redirect", uri: "/x", authority: "a.b" }, text: "redirect to a.b/x" },
    { action: { type: "redirect", scheme: "https" }, text: "redirect to https" },
    { action: { type: "direct", status: 503 }, text: "answers 503" },
    { action: { type: "delegate", namespace: "", name: "api" }, text: "decided by api" },
  ])("$text", ({ action, text }) => {
    expect(actionText(action)).toBe(text)
  })

  test("by names alone where there are many destinations", () => {
    const to = (...names: string[]): HttpRule["action"] => ({
      type: "route",
      destinations: names.map((subset) => ({ destination: { subset }, weight: 10 })),
    })
    expect(shortText(to("v1", "v2", "v3"))).toBe("v1, v2, v3")
    expect(shortText(to("v1", "v2"))).toBe("v1 10 %, v2 10 %")
  })

  test("with all that it does besides", () => {
    const rule = route({
      timeout: "3s",
      retries: { attempts: 1 },
      mirrors: [{ destination: {}, percent: 1 }],
      fault: { delay: { percent: 10, fixedDelay: "2s" }, abort: { percent: 5, grpcStatus: "INTERNAL" } },
    })
    expect(extrasText(rule)).toBe("timeout 3s, 1 retry, 1 mirror, fault")
    expect(faultText(rule)).toBe("delay 2s on 10 %, INTERNAL on 5 %")
    expect(extrasText(route({}))).toBe("")
  })

  test("a field is called by its last name", () => {
    expect(fieldName("spec.http[0].corsPolicy")).toBe("corsPolicy")
    expect(fieldName("spec.subsets[1].trafficPolicy.tunnel")).toBe("tunnel")
  })
})

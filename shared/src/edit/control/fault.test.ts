import { describe, expect, test } from "vitest"
import { service } from "../../istio/fixture.ts"
import {
  after,
  bookinfo,
  httpRoute,
  issuesOf,
  ratings,
  reviews,
  specIn,
  virtualService,
} from "../bookinfo.ts"
import type { FaultControlForm } from "../form.ts"
import { worldOf } from "../testing.ts"
import { plan, read } from "./fault.ts"

const abort = (percent = 50, httpStatus = 503) => ({ percent, httpStatus })
const raw = { abort: { percentage: { value: 50 }, httpStatus: 503 } }
const toRatings = [{ destination: { host: "ratings", subset: "v1" } }]

describe("a service that nothing routes", () => {
  const made = plan(worldOf(bookinfo), ratings, { abort: abort() })

  test("gets a rule to the whole service that fails a share of the requests", () => {
    const { world } = after(bookinfo, made)
    expect(made.title).toBe("Abort 50 % of the requests to ratings with 503")
    expect(specIn(world, "VirtualService", "ratings")).toEqual({
      hosts: ["ratings"],
      http: [{ route: [{ destination: { host: "ratings" } }], fault: raw }],
    })
    expect(read(world, ratings).form).toEqual({ abort: abort() })
    expect(plan(world, ratings, { abort: abort() }).edits).toEqual([])
  })

  test("keeps a rule for the requests that a match does not take", () => {
    const match = { headers: { "end-user": { exact: "jason" } } }
    const { world } = after(bookinfo, plan(worldOf(bookinfo), ratings, { match, abort: abort() }))
    const route = [{ destination: { host: "ratings" } }]
    expect(specIn(world, "VirtualService", "ratings")).toEqual({
      hosts: ["ratings"],
      http: [{ match: [match], route, fault: raw }, { route }],
    })
  })

  test("loses the fault, and only the fault", () => {
    const faulty = after(bookinfo, made).objects
    const { world } = after(faulty, plan(worldOf(faulty), ratings, null))
    expect(specIn(world, "VirtualService", "ratings")).toEqual({
      hosts: ["ratings"],
      http: [{ route: [{ destination: { host: "ratings" } }] }],
    })
    expect(read(world, ratings).form).toBeNull()
  })
})

describe("rules with faults", () => {
  const objects = [
    ...bookinfo,
    virtualService("ratings", {
      hosts: ["ratings"],
      http: [
        {
          match: [{ headers: { "end-user": { exact: "jason" } } }],
          fault: {
            delay: { percent: 100, fixedDelay: "7s", exponentialDelay: "1s" },
          },
          route: toRatings,
        },
        { timeout: "2s", route: toRatings },
      ],
    }),
  ]

  test("the older spelling is read, with the rule it is in and what the form cannot show", () => {
    const reading = read(worldOf(objects), ratings)
    expect(reading.form).toEqual({ rule: 1, delay: { percent: 100, fixedDelay: "7s" } })
    expect(reading.unshown.map(({ path }) => path)).toEqual(["spec.http[0].fault.delay.exponentialDelay"])
  })

  test("a change of one number is an edit of that number", () => {
    const set = { rule: 1, delay: { percent: 100, fixedDelay: "3s" } }
    expect(plan(worldOf(objects), ratings, set).edits).toMatchObject([
      { patch: [{ op: "replace", path: "/spec/http/0/fault/delay/fixedDelay", value: "3s" }] },
    ])
  })

  test("a fault for a match makes a rule that else does what is done with those requests", () => {
    const match = { headers: { "end-user": { exact: "anna" } } }
    const { world } = after(objects, plan(worldOf(objects), ratings, { match, abort: abort() }))
    expect(specIn(world, "VirtualService", "ratings")).toMatchObject({
      http: [{ match: [match], timeout: "2s", route: toRatings, fault: raw }, {}, { timeout: "2s" }],
    })
  })

  test("all of them go when faults are taken away", () => {
    const both = after(objects, plan(worldOf(objects), ratings, { abort: abort() })).objects
    expect(read(worldOf(both), ratings).warnings.map(({ code }) => code)).toEqual(["fault.several"])
    const { world } = after(both, plan(worldOf(both), ratings, null))
    expect(JSON.stringify(specIn(world, "VirtualService", "ratings"))).not.toContain("fault")
  })
})

describe("what is refused", () => {
  test.each<[string, FaultControlForm, string, RegExp]>([
    ["nothing to do", {}, "abort", /neither a delay nor an abort/],
    [
      "an abort without a status",
      { abort: { percent: 5 } },
      "abort.httpStatus",
      /give httpStatus or grpcStatus/,
    ],
    [
      "two statuses",
      { abort: { percent: 5, httpStatus: 500, grpcStatus: "UNAVAILABLE" } },
      "abort.httpStatus",
      /cannot both be answered/,
    ],
    ["a share that is too small", { abort: abort(0.00001) }, "abort.percent", /0.00001 % is neither 0 nor/],
    [
      "a delay below a millisecond",
      { delay: { percent: 5, fixedDelay: "0.2ms" } },
      "delay.fixedDelay",
      /less than 1ms/,
    ],
    [
      "a match by a regex RE2 refuses",
      { abort: abort(), match: { uri: { regex: "a(?=b)" } } },
      "match.uri",
      /lookahead, which RE2 does not have/,
    ],
    [
      "a status of gRPC that there is not",
      { abort: { percent: 5, grpcStatus: "BROKEN" } },
      "abort.grpcStatus",
      /BROKEN is no status of gRPC/,
    ],
  ])("%s", (_, form, path, message) => {
    expect(issuesOf(() => plan(worldOf(bookinfo), ratings, form))).toMatchObject({
      code: "input.invalid",
      issues: [{ path, message: expect.stringMatching(message) as unknown }],
    })
  })

  test("a rule that redirects, as Istio has no faults beside a redirect", () => {
    const objects = [
      ...bookinfo,
      virtualService("ratings", { hosts: ["ratings"], http: [{ redirect: { uri: "/elsewhere" } }] }),
    ]
    expect(issuesOf(() => plan(worldOf(objects), ratings, { abort: abort() }))).toMatchObject({
      issues: [{ path: "rule", message: expect.stringContaining("both fault and redirect") as unknown }],
    })
  })

  test("an HTTPRoute, which has none", () => {
    const parentRefs = [{ group: "", kind: "Service", name: "reviews" }]
    const objects = [...bookinfo, httpRoute("reviews", { parentRefs, rules: [{}] })]
    expect(issuesOf(() => plan(worldOf(objects), reviews, { abort: abort() }))).toMatchObject({
      issues: [
        {
          path: "abort",
          message: expect.stringContaining("write its routes as a VirtualService") as unknown,
        },
      ],
    })
  })

  test("a service that speaks no HTTP", () => {
    const objects = [service("bookinfo/db", 3306, { ports: [{ name: "mysql", port: 3306 }] })]
    const db = { namespace: "bookinfo", name: "db" }
    expect(issuesOf(() => plan(worldOf(objects), db, { abort: abort() }))).toMatchObject({
      issues: [{ path: "service", message: expect.stringContaining("name a port http-") as unknown }],
    })
  })
})

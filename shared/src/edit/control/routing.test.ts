import { describe, expect, test } from "vitest"
import { service } from "../../istio/fixture.ts"
import { routeRequest } from "../../istio/route.ts"
import {
  after,
  bookinfo,
  destinationRule,
  httpRoute,
  issuesOf,
  reviews,
  specIn,
  subsetsOf,
  virtualService,
} from "../bookinfo.ts"
import type { HttpRule, RoutingForm } from "../form.ts"
import { worldOf } from "../testing.ts"
import type { World } from "../world.ts"
import { plan, read } from "./routing.ts"
import { plan as planShift } from "./shift.ts"

const jason = { headers: { "end-user": { exact: "jason" } } } as const
const to = (subset: string): HttpRule["action"] => ({
  type: "route",
  destinations: [{ destination: { subset } }],
})
const rule = (action: HttpRule["action"], over: Partial<HttpRule> = {}): HttpRule => ({
  matches: [],
  action,
  ...over,
})

const formOf = (world: World): RoutingForm => {
  const { form } = read(world, reviews)
  if (form === null) throw new Error("there are no routes")
  return form
}

const subsetFor = (world: World, headers: Record<string, string>): string | undefined =>
  routeRequest(
    world.mesh,
    { kind: "sidecar", namespace: "bookinfo", labels: {} },
    { host: "reviews", port: 9080, method: "GET", path: "/", headers },
  ).destinations[0]?.subset

describe("a service that nothing routes", () => {
  const form: RoutingForm = { http: [rule(to("v2"), { matches: [jason] }), rule(to("v1"))] }
  const made = after(bookinfo, plan(worldOf(bookinfo), reviews, form))

  test("gets all of the routes, and the subsets they need", () => {
    expect(specIn(made.world, "VirtualService", "reviews")).toEqual({
      hosts: ["reviews"],
      http: [
        { match: [jason], route: [{ destination: { host: "reviews", subset: "v2" } }] },
        { route: [{ destination: { host: "reviews", subset: "v1" } }] },
      ],
    })
    expect(specIn(made.world, "DestinationRule", "reviews")).toEqual({
      host: "reviews",
      subsets: subsetsOf("v2", "v1"),
    })
    expect(subsetFor(made.world, { "end-user": "jason" })).toBe("v2")
    expect(subsetFor(made.world, {})).toBe("v1")
  })

  test("reads them back with their places, and writes them back as they are", () => {
    const [first, second] = formOf(made.world).http
    expect(first).toMatchObject({ origin: 0, matches: [{ ...jason, origin: 0 }] })
    expect(second).toMatchObject({ origin: 1, matches: [] })
    expect(plan(made.world, reviews, formOf(made.world)).edits).toEqual([])
  })

  test("is warned of requests that no rule takes any more, which reached it until then", () => {
    const narrow = { http: [rule(to("v2"), { matches: [jason] })] }
    const codes = (world: World) => plan(world, reviews, narrow).warnings.map(({ code }) => code)
    expect(codes(worldOf(bookinfo))).toEqual(["route.no_rest"])
    expect(codes(made.world)).toEqual(["route.no_rest"])
    const already = after(bookinfo, plan(worldOf(bookinfo), reviews, narrow)).world
    expect(
      plan(already, reviews, { http: [{ ...rule(to("v2")), matches: [{ method: { exact: "GET" } }] }] })
        .warnings,
    ).toEqual([])
  })

  test("loses them as a whole", () => {
    expect(plan(made.world, reviews, null)).toMatchObject({
      title: "Remove the routes of reviews",
      edits: [{ remove: { name: "reviews" } }],
    })
    expect(plan(worldOf(bookinfo), reviews, null).edits).toEqual([])
  })
})

describe("rules that say more than a form shows", () => {
  const odd = {
    match: [{ uri: { prefix: "/" }, statPrefix: "all", ignoreUriCase: false }],
    route: [
      {
        destination: { host: "reviews.bookinfo.svc.cluster.local", subset: "v1" },
        headers: { request: { add: { a: "b" } } },
      },
    ],
    corsPolicy: { allowOrigin: ["*"], allowMethods: ["GET"], unmatchedPreflights: "IGNORE" },
    retries: { attempts: 3, backoff: "25ms" },
    futureField: { deep: [1, 2] },
  }
  const objects = [
    ...bookinfo,
    destinationRule("reviews", { host: "reviews", subsets: subsetsOf("v1", "v2") }),
    virtualService("reviews", {
      exportTo: ["*"],
      hosts: ["reviews"],
      http: [{ match: [jason], route: [{ destination: { host: "reviews", subset: "v2" } }] }, odd],
    }),
  ]
  const world = worldOf(objects)

  test("say what that is", () => {
    expect(read(world, reviews).unshown.map(({ path }) => path)).toEqual([
      "spec.exportTo",
      "spec.http[1].match[0].statPrefix",
      "spec.http[1].route[0].headers",
      "spec.http[1].corsPolicy.allowOrigin",
      "spec.http[1].corsPolicy.unmatchedPreflights",
      "spec.http[1].retries.backoff",
      "spec.http[1].futureField",
    ])
  })

  test("move with it", () => {
    const { http, ...others } = formOf(world)
    const moved = after(objects, plan(world, reviews, { ...others, http: http.toReversed() }))
    expect(specIn(moved.world, "VirtualService", "reviews")).toMatchObject({
      http: [odd, { match: [jason] }],
    })
  })

  test("keep it when another field is set", () => {
    const form = formOf(world)
    const http = form.http.map((own, at) => (at === 1 ? { ...own, timeout: "3s" } : own))
    expect(plan(world, reviews, { ...form, http }).edits).toMatchObject([
      { patch: [{ op: "add", path: "/spec/http/1/timeout", value: "3s" }] },
    ])
  })

  test("warn when the order leaves a rule without requests, with what takes them", () => {
    const form = formOf(world)
    const { warnings, edits } = plan(world, reviews, { ...form, http: form.http.toReversed() })
    expect(warnings).toEqual([
      { code: "route.shadowed", message: expect.stringContaining("http[1] is never used") as unknown },
    ])
    const moved = after(objects, { edits, warnings, title: "", services: [] })
    expect(read(moved.world, reviews).shadowed).toMatchObject([{ rule: 1, by: 0 }])
  })
})

describe("every part of a rule", () => {
  const full: HttpRule = rule(
    {
      type: "route",
      destinations: [
        { destination: { subset: "v1", port: 9080 }, weight: 70 },
        { destination: { host: "details.bookinfo.svc.cluster.local" }, weight: 30 },
      ],
    },
    {
      name: "all",
      matches: [
        {
          name: "one",
          uri: { regex: "/reviews/[0-9]+" },
          method: { exact: "GET" },
          scheme: { exact: "https" },
          authority: { prefix: "api." },
          headers: { "x-a": { present: true }, "x-b": { regex: "a|b" } },
          withoutHeaders: { "x-c": { exact: "no" } },
          queryParams: { q: { exact: "1" } },
          port: 9080,
          sourceLabels: { app: "productpage" },
          sourceNamespace: "bookinfo",
        },
        { uri: { prefix: "/reviews" }, ignoreUriCase: true },
      ],
      rewrite: { uri: "/", authority: "reviews" },
      timeout: "1.5s",
      retries: { attempts: 2, perTryTimeout: "250ms", retryOn: "5xx,reset" },
      cors: {
        allowOrigins: [{ exact: "https://shop.example" }],
        allowMethods: ["GET"],
        allowHeaders: ["x-a"],
        exposeHeaders: ["x-b"],
        maxAge: "24h",
        allowCredentials: true,
      },
      headers: {
        request: { set: { "x-set": "1" }, add: { "x-add": "2" }, remove: ["x-gone"] },
        response: { remove: ["server"] },
      },
      mirrors: [{ destination: { subset: "v3" }, percent: 2.5 }],
      fault: { delay: { percent: 1, fixedDelay: "2s" }, abort: { percent: 0.5, grpcStatus: "UNAVAILABLE" } },
    },
  )
  const others: HttpRule[] = [
    rule(
      { type: "redirect", uri: "/new", authority: "shop.example", scheme: "https", port: 8443, code: 308 },
      { matches: [{ uri: { exact: "/old" } }] },
    ),
    rule({ type: "direct", status: 503, body: "closed" }, { matches: [{ uri: { exact: "/closed" } }] }),
    rule(
      { type: "delegate", namespace: "team", name: "reviews" },
      { matches: [{ uri: { prefix: "/team" } }] },
    ),
    rule(to("v1")),
  ]

  test("is written and read back", () => {
    const form: RoutingForm = {
      http: [full, ...others],
      tcp: [
        {
          matches: [{ port: 9080, destinationSubnets: ["10.0.0.0/8"] }],
          destinations: [{ destination: {} }],
        },
      ],
      tls: [
        {
          matches: [{ sniHosts: ["reviews.bookinfo.svc.cluster.local"] }],
          destinations: [{ destination: { port: 9080 } }],
        },
      ],
    }
    const { world } = after(bookinfo, plan(worldOf(bookinfo), reviews, form))
    const bare: unknown = JSON.parse(
      JSON.stringify(formOf(world), (key, value: unknown) => (key === "origin" ? undefined : value)),
    )
    expect(bare).toEqual(form)
    expect(read(world, reviews).unshown).toEqual([])
  })
})

describe("what is refused", () => {
  const one = (own: HttpRule): RoutingForm => ({ http: [own] })
  const split = (...weights: number[]): HttpRule["action"] => ({
    type: "route",
    destinations: weights.map((weight, at) => ({ destination: { subset: `v${at + 1}` }, weight })),
  })

  test.each<[string, RoutingForm, string, RegExp]>([
    [
      "weights that do not sum",
      one(rule(split(80, 30))),
      "http[0].action.destinations",
      /sum to 110; they have to sum to 100/,
    ],
    ["a lone weight that is not all", one(rule(split(50))), "http[0].action.destinations", /sum to 50/],
    [
      "a regex RE2 refuses",
      one(rule(to("v1"), { matches: [{ uri: { regex: "(?=a)" } }] })),
      "http[0].matches[0].uri",
      /\(\?=a\) has a lookahead, which RE2 does not have/,
    ],
    [
      "a subset nobody has",
      one(rule(to("v9"))),
      "http[0].action.destinations[0].destination.subset",
      /of version v9.*versions are: v1, v2, v3/,
    ],
    [
      "a timeout below a millisecond",
      one(rule(to("v1"), { timeout: "0.1ms" })),
      "http[0].timeout",
      /0.1ms is less than 1ms/,
    ],
    [
      "a redirect with a fault",
      one(rule({ type: "redirect", uri: "/x" }, { fault: { abort: { percent: 1, httpStatus: 500 } } })),
      "http[0]",
      /both fault and redirect/,
    ],
    [
      "a redirect to nowhere",
      one(rule({ type: "redirect" })),
      "http[0].action",
      /neither uri, authority, scheme nor port/,
    ],
    [
      "a condition to retry on that there is not",
      one(rule(to("v1"), { retries: { attempts: 1, retryOn: "always" } })),
      "http[0].retries.retryOn",
      /"always" is no condition to retry on/,
    ],
    [
      "a rule without destinations",
      one(rule({ type: "route", destinations: [] })),
      "http[0]",
      /neither destinations nor redirect/,
    ],
    ["no rules", { http: [] }, "http", /there is no rule/],
    [
      "hosts without the service",
      { hosts: ["ratings"], http: [rule(to("v1"))] },
      "hosts",
      /ratings do not include reviews/,
    ],
    [
      "a rule that was never there",
      one(rule(to("v1"), { origin: 3 })),
      "http[0].origin",
      /no rule 4 to keep/,
    ],
  ])("%s", (_, form, path, message) => {
    expect(issuesOf(() => plan(worldOf(bookinfo), reviews, form))).toMatchObject({
      code: "input.invalid",
      issues: [{ path, message: expect.stringMatching(message) as unknown }],
    })
  })

  test("not what was there before and is not touched", () => {
    const objects = [
      ...bookinfo,
      virtualService("reviews", {
        hosts: ["reviews"],
        http: [
          {
            match: [{ uri: { regex: "(?=a)" } }],
            route: [{ destination: { host: "reviews", subset: "nowhere" } }],
          },
          { route: [{ destination: { host: "reviews" } }] },
        ],
      }),
    ]
    const form = formOf(worldOf(objects))
    const http = form.http.map((own, at) => (at === 1 ? { ...own, timeout: "3s" } : own))
    expect(plan(worldOf(objects), reviews, { ...form, http }).edits).toHaveLength(1)
  })

  test("the end of routes that are for other hosts too", () => {
    const objects = [
      ...bookinfo,
      virtualService("both", {
        hosts: ["reviews", "ratings"],
        http: [{ route: [{ destination: { host: "reviews" } }] }],
      }),
    ]
    expect(issuesOf(() => plan(worldOf(objects), reviews, null))).toMatchObject({
      issues: [{ path: "set", message: expect.stringContaining("also routes ratings") as unknown }],
    })
  })
})

describe("an HTTPRoute of the service", () => {
  const parentRefs = [{ group: "", kind: "Service", name: "reviews", port: 9080 }]
  const objects = [
    ...bookinfo,
    ...["v1", "v2"].map((version) =>
      service(`bookinfo/reviews-${version}`, 9080, {
        selector: { app: "reviews", version },
        ports: [{ name: "http", port: 9080 }],
      }),
    ),
    httpRoute("reviews", {
      parentRefs,
      rules: [
        {
          matches: [
            { path: { type: "PathPrefix", value: "/" }, headers: [{ name: "end-user", value: "jason" }] },
          ],
          backendRefs: [{ name: "reviews-v2", port: 9080, weight: 1 }],
          sessionPersistence: { type: "Cookie" },
        },
        {
          backendRefs: [
            { name: "reviews-v1", port: 9080, weight: 9 },
            { name: "reviews-v2", port: 9080, weight: 1 },
          ],
        },
      ],
    }),
  ]
  const world = worldOf(objects)

  test("is read in the same words, weights as shares", () => {
    expect(formOf(world).http).toMatchObject([
      {
        matches: [{ uri: { prefix: "/" }, headers: { "end-user": { exact: "jason" } } }],
        action: { destinations: [{ destination: { subset: "v2", port: 9080 } }] },
      },
      { matches: [], action: { destinations: [{ weight: 90 }, { weight: 10 }] } },
    ])
    expect(read(world, reviews).unshown.map(({ path }) => path)).toEqual(["spec.rules[0].sessionPersistence"])
    expect(plan(world, reviews, formOf(world)).edits).toEqual([])
  })

  test("takes what the Gateway API has words for", () => {
    const form = formOf(world)
    const http = form.http.map((own, at) =>
      at === 0
        ? {
            ...own,
            timeout: "2s",
            retries: { attempts: 2, perTryTimeout: "500ms" },
            rewrite: { uri: "/v2", authority: "reviews" },
            headers: { request: { set: { a: "b" } }, response: { remove: ["server"] } },
          }
        : own,
    )
    const made = after(objects, plan(world, reviews, { ...form, http }))
    expect(specIn(made.world, "HTTPRoute", "reviews")).toMatchObject({
      parentRefs,
      rules: [
        {
          timeouts: { request: "2s", backendRequest: "500ms" },
          retry: { attempts: 2 },
          filters: [
            {
              type: "URLRewrite",
              urlRewrite: {
                hostname: "reviews",
                path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/v2" },
              },
            },
            { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "a", value: "b" }] } },
            { type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["server"] } },
          ],
          sessionPersistence: { type: "Cookie" },
        },
        {},
      ],
    })
    expect(formOf(made.world).http[0]).toEqual(http[0])
  })

  test.each<[string, Partial<HttpRule>, string, RegExp]>([
    [
      "source labels",
      { matches: [{ sourceLabels: { app: "a" } }] },
      "http[0].matches[0].sourceLabels",
      /cannot match on sourceLabels; write the routes as a VirtualService/,
    ],
    [
      "a prefix of a header",
      { matches: [{ headers: { a: { prefix: "b" } } }] },
      "http[0].matches[0].headers.a",
      /not prefix; write it as regex/,
    ],
    [
      "a fraction of a second",
      { timeout: "1.5s" },
      "http[0].timeout",
      /no duration 1.5s; write whole numbers/,
    ],
    [
      "a direct response",
      { action: { type: "direct", status: 200 } },
      "http[0].action",
      /cannot answer requests itself/,
    ],
    [
      "a pattern RE2 refuses",
      { matches: [{ uri: { regex: "(" } }] },
      "http[0].matches[0].uri",
      /the pattern \( has/,
    ],
  ])("has no words for %s", (_, over, path, message) => {
    const { http } = formOf(world)
    expect(issuesOf(() => plan(world, reviews, { http: [rule(to("v1"), over), ...http] }))).toMatchObject({
      issues: [{ path, message: expect.stringMatching(message) as unknown }],
    })
  })

  test("tells of a rule that an equal one leaves without requests", () => {
    const { http } = formOf(world)
    const twice = { http: [...http, rule(to("v2"), { matches: [{ uri: { prefix: "/" } }] })] }
    expect(plan(world, reviews, twice).warnings).toEqual([
      { code: "route.shadowed", message: "rules[2] is never used, as rules[1] takes all that it would" },
    ])
  })

  test("is joined with others of the service: the oldest is shown, the others are told of, and a rule for all is found in either", () => {
    const all = { parentRefs, rules: [{ backendRefs: [{ name: "reviews-v1", port: 9080 }] }] }
    const jasons = {
      parentRefs,
      rules: [
        {
          matches: [{ headers: [{ name: "end-user", value: "jason" }] }],
          backendRefs: [{ name: "reviews-v2", port: 9080 }],
        },
      ],
    }
    const later = httpRoute("all", all)
    later.metadata.creationTimestamp = "2026-02-01T00:00:00Z"
    const joined = [...objects.slice(0, -1), httpRoute("jason", jasons), later]
    const reading = read(worldOf(joined), reviews)
    expect(reading.objects.map(({ name }) => name).toSorted()).toEqual(["all", "jason"])
    expect(reading.form?.http).toHaveLength(1)
    expect(reading.warnings.map(({ code }) => code)).toEqual(["route.joined"])
    const shifted = planShift(worldOf(joined), reviews, { weights: { v1: 60, v2: 40 } })
    expect(shifted.edits).toMatchObject([{ object: { name: "all" } }])
  })

  test("is what a new route is written as where the cluster has no VirtualServices", () => {
    const bare = worldOf(bookinfo, { serves: ["HTTPRoute.gateway.networking.k8s.io", "Service"] })
    expect(read(bare, reviews).api).toBe("gateway")
    const whole: RoutingForm = {
      http: [rule({ type: "route", destinations: [{ destination: {} }] }, { timeout: "2s" })],
    }
    expect(plan(bare, reviews, whole).edits).toMatchObject([
      {
        create: {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "HTTPRoute",
          metadata: { name: "reviews", namespace: "bookinfo" },
          spec: {
            parentRefs,
            rules: [{ timeouts: { request: "2s" }, backendRefs: [{ name: "reviews", port: 9080 }] }],
          },
        },
      },
    ])
  })
})

describe("routes that are for more than the service", () => {
  test("a wildcard is told of, and overtaken by routes of the service's own", () => {
    const objects = [
      ...bookinfo,
      virtualService("all", {
        hosts: ["*.bookinfo.svc.cluster.local"],
        http: [{ route: [{ destination: { host: "details" } }] }],
      }),
    ]
    expect(read(worldOf(objects), reviews)).toMatchObject({
      form: null,
      objects: [{ name: "all" }],
      warnings: [{ code: "route.wildcard" }],
    })
    expect(
      plan(worldOf(objects), reviews, { http: [rule(to("v1"))] }).warnings.map(({ code }) => code),
    ).toEqual(["route.overtaken"])
  })

  test("other hosts of the same VirtualService are told of", () => {
    const objects = [
      ...bookinfo,
      virtualService("both", {
        hosts: ["reviews", "ratings"],
        http: [{ route: [{ destination: { host: "reviews" } }] }],
      }),
    ]
    const form = formOf(worldOf(objects))
    expect(form.hosts).toEqual(["reviews", "ratings"])
    const http = form.http.map((own) => ({ ...own, timeout: "3s" }))
    expect(plan(worldOf(objects), reviews, { ...form, http }).warnings.map(({ code }) => code)).toEqual([
      "route.shared",
    ])
  })

  test("a delegate is read beside its root", () => {
    const objects = [
      ...bookinfo,
      virtualService("reviews", { hosts: ["reviews"], http: [{ delegate: { name: "team" } }] }),
      virtualService("team", { http: [{ route: [{ destination: { host: "reviews" } }], future: true }] }),
    ]
    const reading = read(worldOf(objects), reviews)
    expect(reading.objects.map(({ name }) => name)).toEqual(["reviews", "team"])
    expect(reading.form?.http[0]?.action).toEqual({ type: "delegate", namespace: "bookinfo", name: "team" })
    expect(reading.unshown).toMatchObject([{ object: { name: "team" }, path: "spec.http[0].future" }])
  })
})

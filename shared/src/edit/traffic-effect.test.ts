import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { config, pod, service } from "../istio/fixture.ts"
import { type KubeObject, idOf, refOf } from "../kube/object.ts"
import { worldAfter } from "./overlay.ts"
import { worldOf } from "./testing.ts"
import { type Live, type LiveCall, trafficEffect } from "./traffic-effect.ts"

const versions = ["v1", "v2", "v3"]
/** Pods as a Deployment makes them, so that telemetry's workload is found again. */
const podOf = (version: string, number = 0): KubeObject => {
  const made = pod(`shop/cart-${version}-${number}`, { app: "cart", version, "pod-template-hash": "h" })
  const owner = { kind: "ReplicaSet", name: `cart-${version}-h`, controller: true }
  return { ...made, metadata: { ...made.metadata, ownerReferences: [owner] } }
}
const subsets = config("DestinationRule", "shop/cart", {
  host: "cart",
  subsets: versions.map((name) => ({ name, labels: { version: name } })),
})
const fixed = [
  service("shop/cart"),
  service("shop/pay"),
  pod("shop/pay-v1", { app: "pay", version: "v1" }),
  ...versions.map((version) => podOf(version)),
]

const to = (subset: string, weight?: number, host = "cart") => ({
  destination: { host, ...(subset === "" ? {} : { subset }) },
  ...(weight === undefined ? {} : { weight }),
})
const routes = (...http: unknown[]): KubeObject =>
  config("VirtualService", "shop/cart", { hosts: ["cart"], http })
const jason = { match: [{ headers: { "end-user": { exact: "jason" } } }] }

const web = { kind: "sidecar" as const, namespace: "shop", workload: "web", labels: { app: "web" } }
const call = (version: string, requestsPerSecond: number, client: LiveCall["client"] = web): LiveCall => ({
  client,
  to:
    version === "fault" || version === "none"
      ? { end: version, workload: "", version: "" }
      : { end: "version", workload: `cart-${version}`, version },
  requestsPerSecond,
  openedPerSecond: 0,
  mtlsRatio: 1,
})
const live = (...calls: LiveCall[]): Live => ({ measuredAt: 1_000, calls: new Map([["shop/cart", calls]]) })

/** The effect of one set of objects in the place of another. */
function effect(before: readonly KubeObject[], after: readonly KubeObject[], seen: Live) {
  const world = worldOf([...fixed, ...before])
  const kept = new Set(after.map((object) => idOf(refOf(object))))
  const next = worldAfter(world, {
    put: after,
    remove: before.map(refOf).filter((ref) => !kept.has(idOf(ref))),
  })
  const [only] = trafficEffect({
    cluster: "c1",
    before: world,
    after: next,
    services: ["shop/cart"],
    live: seen,
  })
  if (only === undefined) throw new Error("there is no effect")
  return only
}
const bandsOf = ({ bands }: ReturnType<typeof effect>) =>
  bands.map(
    ({ from, to: end, requestsPerSecond }) => `${from}>${end} ${Math.round(requestsPerSecond * 1000) / 1000}`,
  )

type Case = {
  before: KubeObject[]
  after: KubeObject[]
  seen: LiveCall[]
  bands: string[]
  sentences: string[]
  certain?: boolean
}
const v1 = routes({ route: [to("v1")] })
const cases: [string, Case][] = [
  [
    "a shift moves just the share that has to move",
    {
      before: [subsets, v1],
      after: [subsets, routes({ route: [to("v1", 80), to("v3", 20)] })],
      seen: [call("v1", 62)],
      bands: ["v1>v1 49.6", "v1>v3 12.4"],
      sentences: ["12.4 req/s that now reach v1 would reach v3"],
    },
  ],
  [
    "a shift to another version moves all of them",
    {
      before: [subsets, v1],
      after: [subsets, routes({ route: [to("v2")] })],
      seen: [call("v1", 12.4)],
      bands: ["v1>v2 12.4"],
      sentences: ["12.4 req/s that now reach v1 would reach v2"],
    },
  ],
  [
    "what moves since the mix that is seen is not quite that of the weights is no sentence beside what does",
    {
      before: [subsets, routes({ route: [to("v1", 50), to("v2", 30), to("v3", 20)] })],
      after: [subsets, routes({ route: [to("v1", 30), to("v2", 50), to("v3", 20)] })],
      seen: [call("v1", 49.98), call("v2", 29.96), call("v3", 20.06)],
      bands: ["v1>v1 30", "v1>v2 19.98", "v2>v2 29.96", "v3>v2 0.06", "v3>v3 20"],
      sentences: ["20 req/s that now reach v1 would reach v2"],
    },
  ],
  [
    "weights over what is seen now keep what can stay",
    {
      before: [subsets, routes({ route: [to("v1", 80), to("v3", 20)] })],
      after: [subsets, routes({ route: [to("v1", 50), to("v2", 30), to("v3", 20)] })],
      seen: [call("v1", 8), call("v3", 2)],
      bands: ["v1>v1 5", "v1>v2 3", "v3>v3 2"],
      sentences: ["3 req/s that now reach v1 would reach v2"],
    },
  ],
  [
    "a change that is none leaves everything as it was seen, whatever chance made of the weights",
    {
      before: [subsets, routes({ route: [to("v1", 80), to("v3", 20)] })],
      after: [subsets, routes({ name: "all", route: [to("v1", 80), to("v3", 20)] })],
      seen: [call("v1", 7), call("v3", 3)],
      bands: ["v1>v1 7", "v3>v3 3"],
      sentences: [],
    },
  ],
  [
    "an abort takes its share of all versions",
    {
      before: [subsets, routes({ route: [to("v1", 50), to("v2", 50)] })],
      after: [
        subsets,
        routes({
          fault: { abort: { percentage: { value: 50 }, httpStatus: 503 } },
          route: [to("v1", 50), to("v2", 50)],
        }),
      ],
      seen: [call("v1", 4.1), call("v2", 4.1)],
      bands: ["v1>fault 2.05", "v1>v1 2.05", "v2>fault 2.05", "v2>v2 2.05"],
      sentences: ["4.1 req/s would be answered 503 by the fault"],
    },
  ],
  [
    "an abort that ends gives its requests back",
    {
      before: [
        subsets,
        routes({ fault: { abort: { percentage: { value: 100 }, httpStatus: 503 } }, route: [to("v1")] }),
      ],
      after: [subsets, v1],
      seen: [call("fault", 3)],
      bands: ["fault>v1 3"],
      sentences: [
        "3 req/s that the fault answers now would reach v1",
        "v1 has 1 ready pod and would get 3 req/s",
      ],
    },
  ],
  [
    "a delay moves nothing and is told",
    {
      before: [subsets, v1],
      after: [
        subsets,
        routes({ fault: { delay: { percentage: { value: 50 }, fixedDelay: "2s" } }, route: [to("v1")] }),
      ],
      seen: [call("v1", 4)],
      bands: ["v1>v1 4"],
      sentences: ["2 req/s would be delayed by 2 s by the fault"],
    },
  ],
  [
    "a header rule that goes gives back what only it sent there",
    {
      before: [subsets, routes({ ...jason, route: [to("v2")] }, { route: [to("v1")] })],
      after: [subsets, v1],
      seen: [call("v1", 9), call("v2", 1)],
      bands: ["v1>v1 9", "v2>v1 1"],
      sentences: ["1 req/s that now reach v2 would reach v1"],
    },
  ],
  [
    "a change behind one rule leaves the requests of the other alone",
    {
      before: [subsets, routes({ ...jason, route: [to("v2")] }, { route: [to("v1", 90), to("v2", 10)] })],
      after: [subsets, routes({ ...jason, route: [to("v2")] }, { route: [to("v1", 90), to("v3", 10)] })],
      seen: [call("v1", 9), call("v2", 3)],
      bands: ["v1>v1 9", "v2>v2 2", "v2>v3 1"],
      sentences: ["1 req/s that now reach v2 would reach v3"],
    },
  ],
  [
    "rules that end alike cannot be told apart",
    {
      before: [subsets, routes({ ...jason, route: [to("v1")] }, { route: [to("v1")] })],
      after: [subsets, routes({ ...jason, route: [to("v2")] }, { route: [to("v1")] })],
      seen: [call("v1", 9)],
      bands: ["v1>v1 9"],
      sentences: [],
      certain: false,
    },
  ],
  [
    "a new header rule takes nobody knows how many",
    {
      before: [subsets, v1],
      after: [subsets, routes({ ...jason, route: [to("v2")] }, { route: [to("v1")] })],
      seen: [call("v1", 9)],
      bands: ["v1>v1 9"],
      sentences: [
        'Requests with header end-user exact "jason" would reach v2: how many there are is not measured',
      ],
      certain: false,
    },
  ],
  [
    "a mirror copies, and moves nothing",
    {
      before: [subsets, v1],
      after: [
        subsets,
        routes({
          route: [to("v1")],
          mirrors: [{ destination: { host: "cart", subset: "v3" }, percentage: { value: 10 } }],
        }),
      ],
      seen: [call("v1", 20)],
      bands: ["v1>v1 20"],
      sentences: ["2 req/s would be copied to v3"],
    },
  ],
  [
    "a mirror that ends copies no more",
    {
      before: [subsets, routes({ route: [to("v1")], mirror: { host: "cart", subset: "v3" } })],
      after: [subsets, v1],
      seen: [call("v1", 20)],
      bands: ["v1>v1 20"],
      sentences: ["v3 would get no copies any more, now 20 req/s"],
    },
  ],
  [
    "a redirect is answered by the proxies",
    {
      before: [subsets, v1],
      after: [subsets, routes({ redirect: { uri: "/new", redirectCode: 302 } })],
      seen: [call("v1", 5)],
      bands: ["v1>redirect 5"],
      sentences: ["5 req/s would be redirected (302)"],
    },
  ],
  [
    "so is a direct response",
    {
      before: [subsets, v1],
      after: [subsets, routes({ directResponse: { status: 418 } })],
      seen: [call("v1", 5)],
      bands: ["v1>direct 5"],
      sentences: ["5 req/s would be answered 418 by the route itself"],
    },
  ],
  [
    "a subset that goes leaves its requests without an answer",
    {
      before: [subsets, routes({ route: [to("v2")] })],
      after: [
        config("DestinationRule", "shop/cart", { host: "cart", subsets: [] }),
        routes({ route: [to("v2")] }),
      ],
      seen: [call("v2", 5)],
      bands: ["v2>none 5"],
      sentences: ["5 req/s would find no endpoint: answered 503"],
    },
  ],
  [
    "a route that takes nothing any more leaves the rest without an answer",
    {
      before: [subsets, v1],
      after: [subsets, routes({ match: [{ uri: { exact: "/only" } }], route: [to("v1")] })],
      seen: [call("v1", 5)],
      bands: ["v1>none 5"],
      sentences: [
        "5 req/s would find no route: answered 404",
        'Requests with path exact "/only" would reach v1: how many there are is not measured',
      ],
      certain: false,
    },
  ],
  [
    "requests sent to another service are told by its name",
    {
      before: [subsets, v1],
      after: [subsets, routes({ route: [to("", undefined, "pay")] })],
      seen: [call("v1", 5)],
      bands: ["v1>pay v1 5"],
      sentences: ["5 req/s that now reach v1 would reach pay v1"],
    },
  ],
  [
    "a route that is removed leaves all pods to take part",
    {
      before: [subsets, v1],
      after: [subsets],
      seen: [call("v1", 9)],
      bands: ["v1>v1 3", "v1>v2 3", "v1>v3 3"],
      sentences: ["3 req/s that now reach v1 would reach v2", "3 req/s that now reach v1 would reach v3"],
    },
  ],
  [
    "a client without a proxy goes on as before",
    {
      before: [subsets, v1],
      after: [subsets, routes({ route: [to("v2")] })],
      seen: [call("v1", 4), call("v3", 2, { ...web, kind: "outside", workload: "cron" })],
      bands: ["v1>v2 4", "v3>v3 2"],
      sentences: ["4 req/s that now reach v1 would reach v2"],
    },
  ],
  [
    "routes for some clients move only theirs",
    {
      before: [subsets, v1],
      after: [
        subsets,
        routes({ match: [{ sourceLabels: { app: "web" } }], route: [to("v2")] }, { route: [to("v1")] }),
      ],
      seen: [call("v1", 4), call("v1", 6, { ...web, workload: "other", labels: { app: "other" } })],
      bands: ["v1>v1 6", "v1>v2 4"],
      sentences: ["4 req/s that now reach v1 would reach v2"],
    },
  ],
]

describe("the effect of a change on traffic", () => {
  test.each(cases)("%s", (_, { before, after, seen, bands, sentences, certain = true }) => {
    const result = effect(before, after, live(...seen))
    expect(bandsOf(result)).toEqual(bands)
    expect(result.sentences).toEqual(sentences)
    expect(result.certain).toBe(certain)
    expect(result).toMatchObject({ cluster: "c1", service: "shop/cart", measuredAt: 1_000 })
  })

  test("tells of a version with few pods that would get much", () => {
    const before = [subsets, podOf("v2", 1), routes({ route: [to("v2")] })]
    const after = [subsets, podOf("v2", 1), routes({ route: [to("v3")] })]
    expect(effect(before, after, live(call("v2", 8.4))).sentences).toEqual([
      "8.4 req/s that now reach v2 would reach v3",
      "v3 has 1 ready pod and would get 8.4 req/s; v2 serves 4.2 req/s a pod now",
    ])
  })

  test("of requests that nobody measured tells the shares", () => {
    const after = routes({ route: [to("v1", 80), to("v3", 20)] })
    const none = { measuredAt: null, calls: new Map() }
    expect(effect([subsets, v1], [subsets, after], none)).toMatchObject({
      bands: [],
      requestsPerSecond: 0,
      measuredAt: null,
      sentences: [
        "No requests were measured; of those that come 80 % would reach v1, now 100 %",
        "No requests were measured; of those that come 20 % would reach v3, now 0 %",
      ],
    })
  })

  test("counts what comes through a gateway by the host it is offered under", () => {
    const gateway = config("Gateway", "shop/edge", {
      selector: { istio: "edge" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    })
    const edge = (subset: string) =>
      config("VirtualService", "shop/edge", {
        hosts: ["shop.example.com"],
        gateways: ["edge"],
        http: [
          { match: [{ uri: { prefix: "/cart" } }], route: [to(subset)] },
          { route: [to("", undefined, "pay")] },
        ],
      })
    const ingress = {
      kind: "gateway" as const,
      namespace: "shop",
      workload: "edge",
      labels: { istio: "edge" },
    }
    const result = effect(
      [subsets, gateway, edge("v1")],
      [subsets, gateway, edge("v2")],
      live(call("v1", 7, ingress)),
    )
    expect(bandsOf(result)).toEqual(["v1>v2 7"])
    expect(result.certain).toBe(true)
  })

  test("counts requests that routes of the Gateway API send to the Services of versions", () => {
    const versionService = (version: string) =>
      service(`shop/cart-${version}`, 80, { selector: { app: "cart", version } })
    const route = (...weights: [string, number][]): KubeObject => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { namespace: "shop", name: "cart", creationTimestamp: "2026-01-01T00:00:00Z" },
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: "cart" }],
        rules: [
          {
            backendRefs: weights.map(([version, weight]) => ({ name: `cart-${version}`, port: 80, weight })),
          },
        ],
      },
    })
    const services = versions.map(versionService)
    const seen: Live = { measuredAt: 1, calls: new Map([["shop/cart-v1", [call("v1", 10)]]]) }
    const result = effect([...services, route(["v1", 1])], [...services, route(["v1", 70], ["v2", 30])], seen)
    expect(bandsOf(result)).toEqual(["v1>v1 7", "v1>v2 3"])
  })

  test("of many services tells only of those to which something happens", () => {
    const many = ["a", "b", "c"].map((name) => service(`shop/${name}`))
    const world = worldOf([...fixed, ...many, subsets, v1])
    const after = worldAfter(world, { put: [routes({ route: [to("v2")] })], remove: [] })
    const services = ["shop/a", "shop/b", "shop/c", "shop/cart"]
    const told = trafficEffect({ cluster: "c1", before: world, after, services, live: live(call("v1", 1)) })
    expect(told.map((one) => one.service)).toEqual(["shop/cart"])
  })

  test("has nothing to say of a service that is not there", () => {
    const world = worldOf(fixed)
    expect(
      trafficEffect({ cluster: "c1", before: world, after: world, services: ["shop/gone"], live: live() }),
    ).toEqual([])
  })

  test("is told in less than 20 ms among 1,000 services", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => [
      service(`ns-${i % 20}/svc-${i}`),
      pod(`ns-${i % 20}/svc-${i}-a`, { app: `svc-${i}`, version: "v1" }),
      config("VirtualService", `ns-${i % 20}/svc-${i}`, {
        hosts: [`svc-${i}`],
        http: [{ route: [{ destination: { host: `svc-${i}` } }] }],
      }),
      config("DestinationRule", `ns-${i % 20}/svc-${i}`, {
        host: `svc-${i}`,
        subsets: [{ name: "v1", labels: { version: "v1" } }],
      }),
    ]).flat()
    const world = worldOf([...fixed, subsets, v1, ...many])
    const calls = live(
      ...Array.from({ length: 20 }, (_, i) => call("v1", 1, { ...web, workload: `web-${i}` })),
    )
    const run = (weight: number): number => {
      const next = worldAfter(world, {
        put: [routes({ ...jason, route: [to("v2")] }, { route: [to("v1", weight), to("v3", 100 - weight)] })],
        remove: [],
      })
      const started = performance.now()
      const [result] = trafficEffect({
        cluster: "c1",
        before: world,
        after: next,
        services: ["shop/cart"],
        live: calls,
      })
      const took = performance.now() - started
      expect(result?.movedPerSecond).toBeCloseTo(20 * (1 - weight / 100))
      return took
    }
    expect(Math.min(...Array.from({ length: 30 }, (_, i) => run(50 + i)))).toBeLessThan(20)
  })
})

const weights = fc.array(fc.tuple(fc.constantFrom(...versions), fc.integer({ min: 1, max: 10 })), {
  minLength: 1,
  maxLength: 3,
})
const rule = fc
  .record({
    match: fc.option(
      fc.constantFrom(
        { headers: { a: { exact: "b" } } },
        { uri: { prefix: "/x" } },
        { uri: { regex: "/[a-z]+/\\d+" } },
        { sourceLabels: { app: "web" } },
      ),
    ),
    to: weights,
    abort: fc.option(fc.integer({ min: 0, max: 100 })),
    redirect: fc.boolean(),
  })
  .map(({ match, to: targets, abort, redirect }) => ({
    ...(match === null ? {} : { match: [match] }),
    ...(abort === null ? {} : { fault: { abort: { percentage: { value: abort }, httpStatus: 500 } } }),
    ...(redirect && abort === null
      ? { redirect: { uri: "/" } }
      : { route: targets.map(([version, weight]) => to(version, weight)) }),
  }))
const world = fc
  .array(rule, { maxLength: 4 })
  .map((http) => [subsets, ...(http.length === 0 ? [] : [routes(...http)])])
const calls = fc.array(
  fc.tuple(
    fc.constantFrom("v1", "v2", "v3", "fault", "none"),
    fc.double({ min: 0.1, max: 100, noNaN: true }),
    fc.constantFrom("web", "other"),
  ),
  { maxLength: 6 },
)

describe("for any routes and any requests", () => {
  test("as many requests end somewhere after as were seen before, place by place", () => {
    let movedAtAll = 0
    fc.assert(
      fc.property(world, world, calls, (before, after, seen) => {
        const result = effect(
          before,
          after,
          live(
            ...seen.map(([version, rate, workload]) =>
              call(version, rate, { ...web, workload, labels: { app: workload } }),
            ),
          ),
        )
        const total = seen.reduce((sum, [, rate]) => sum + rate, 0)
        expect(result.requestsPerSecond).toBeCloseTo(total, 6)
        for (const end of [...versions, "fault", "none"]) {
          const from = result.bands
            .filter((band) => band.from === end)
            .reduce((sum, band) => sum + band.requestsPerSecond, 0)
          expect(from).toBeCloseTo(
            seen.filter(([version]) => version === end).reduce((sum, [, rate]) => sum + rate, 0),
            6,
          )
        }
        expect(result.bands.every(({ requestsPerSecond }) => requestsPerSecond >= 0)).toBe(true)
        expect(result.movedPerSecond).toBeLessThanOrEqual(total + 1e-6)
        if (result.movedPerSecond > 0) movedAtAll++
      }),
      { numRuns: 300 },
    )
    expect(movedAtAll).toBeGreaterThan(50)
  })

  test("a change of nothing moves nothing", () => {
    fc.assert(
      fc.property(world, calls, (objects, seen) => {
        const result = effect(objects, objects, live(...seen.map(([version, rate]) => call(version, rate))))
        expect(result.movedPerSecond).toBe(0)
        expect(result.sentences).toEqual([])
      }),
    )
  })
})

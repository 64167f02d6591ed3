import { describe, expect, test } from "vitest"
import { type ExplainQuestion, Explainer, type ExplainOptions } from "./explain.ts"
import { config, pod, service } from "./fixture.ts"
import { defaultSettings } from "./mesh.ts"
import { indexMesh } from "./model.ts"

const ask = (over: Partial<ExplainQuestion> = {}): ExplainQuestion => ({
  id: 1,
  via: "sidecar shop/web-1",
  host: "cart.shop.svc.cluster.local",
  port: 80,
  method: "GET",
  path: "/",
  headers: {},
  ...over,
})

const objects = [
  service("shop/cart"),
  service("shop/idle"),
  pod("shop/web-1", { app: "web" }),
  pod("shop/cart-1", { app: "cart", version: "v1" }),
  pod("edge/gw-1", { istio: "ingress" }),
  config("Gateway", "edge/gw", {
    selector: { istio: "ingress" },
    servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
  }),
  config("VirtualService", "shop/cart", {
    hosts: ["cart", "cart.example"],
    gateways: ["mesh", "edge/gw"],
    http: [
      { match: [{ uri: { prefix: "/old" } }], redirect: { uri: "/new" } },
      {
        match: [{ uri: { prefix: "/broken" } }],
        fault: { abort: { httpStatus: 418, percentage: { value: 100 } } },
      },
      { match: [{ headers: { "x-canary": {} } }], route: [{ destination: { host: "cart", subset: "v9" } }] },
      {
        match: [{ uri: { prefix: "/" }, port: 8080 }],
        route: [{ destination: { host: "cart", port: { number: 80 } } }],
      },
      { route: [{ destination: { host: "cart" } }] },
    ],
  }),
]

const explainer = (options: ExplainOptions = {}) =>
  new Explainer(indexMesh(objects, { ...defaultSettings, outbound: "REGISTRY_ONLY" }), options)

describe("a request with a route", () => {
  test("names the route by its place in the virtual service that holds it, and where it goes", () => {
    expect(explainer().explain(ask())).toMatchObject({
      id: 1,
      virtualService: "shop/cart",
      route: 4,
      destinations: [
        {
          host: "cart.shop.svc.cluster.local",
          subset: "",
          port: 80,
          share: 1,
          state: "endpoints",
          endpoints: 1,
        },
      ],
      status: null,
    })
  })

  test("takes the short names a client in the namespace may write, with or without a port", () => {
    for (const host of ["cart", "cart.shop", "cart.shop.svc", "cart:80", "CART.shop.svc.cluster.local."])
      expect(explainer().explain(ask({ host }))).toMatchObject({ virtualService: "shop/cart", route: 4 })
  })

  test("tells what the proxy answers itself: redirects, faults for all, subsets that are not there", () => {
    const statuses = ["/old/x", "/broken"].map((path) => explainer().explain(ask({ path })).status)
    expect(statuses).toEqual([301, 418])
    expect(explainer().explain(ask({ headers: { "x-canary": "1" } }))).toMatchObject({
      route: 2,
      status: 503,
    })
  })

  test("at a gateway, is for the gateway's port", () => {
    const via = "gateway edge/gw-1"
    expect(explainer().explain(ask({ via, host: "cart.example", port: 8080 }))).toMatchObject({ route: 3 })
    expect(explainer().explain(ask({ via, host: "nobody.example", port: 8080 }))).toMatchObject({
      virtualService: null,
      route: null,
      status: 404,
    })
  })
})

describe("a request without a route", () => {
  test("goes to the service, and fails when nothing stands behind it", () => {
    const answer = explainer().explain(ask({ host: "idle.shop.svc.cluster.local" }))
    expect(answer).toMatchObject({ virtualService: null, route: null, status: 503 })
    expect(answer.destinations).toMatchObject([{ state: "no_endpoints" }])
  })

  test("to an unknown host is stopped; where the configuration is not known, the guess is said", () => {
    const host = "unknown.example"
    expect(explainer().explain(ask({ host }))).toMatchObject({ route: null, status: 502 })
    const codes = explainer({ outboundUnknown: true })
      .explain(ask({ host }))
      .reasons.map(({ code }) => code)
    expect(codes).toContain("outbound.unknown")
  })

  test("through a proxy that is not there says so", () => {
    for (const [via, code] of [
      ["sidecar shop/nobody", "client.unknown"],
      ["shop/web-1", "client.unreadable"],
    ] as const)
      expect(
        explainer()
          .explain(ask({ via }))
          .reasons.map((reason) => reason.code),
      ).toEqual([code])
  })

  test("takes the labels of a workload's template where there are no pods", () => {
    const templateLabels = (namespace: string, name: string) =>
      namespace === "edge" && name === "gw" ? { istio: "ingress" } : undefined
    const answer = explainer({ templateLabels }).explain(
      ask({ via: "gateway edge/gw", host: "cart.example", port: 8080 }),
    )
    expect(answer.route).toBe(3)
  })
})

describe("the whole story", () => {
  test("tells of each route why it does not take the request", () => {
    const { reasons } = explainer({ trace: true }).explain(ask({ path: "/x" }))
    const told = Object.fromEntries(reasons.map(({ path, text }) => [path, text]))
    expect(told["spec.http[0]"]).toContain('asks for path prefix "/old"')
    expect(told["spec.http[2]"]).toContain("asks for header x-canary (any)")
    expect(told["spec.http[3]"]).toContain("is not for this proxy")
  })
})

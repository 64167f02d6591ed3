import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import type { Client, HttpRequest } from "./client.ts"
import { config, service } from "./fixture.ts"
import { defaultSettings } from "./mesh.ts"
import { indexMesh } from "./model.ts"
import { routeRequest } from "./route.ts"

const client: Client = { kind: "sidecar", namespace: "shop", labels: { app: "web", version: "v1" } }
const gateway: Client = { kind: "gateway", namespace: "istio-system", labels: { istio: "ingressgateway" } }
const cart = "cart.shop.svc.cluster.local"
const ask = (over: Partial<HttpRequest> = {}): HttpRequest => ({
  host: cart,
  port: 80,
  method: "GET",
  path: "/",
  headers: {},
  ...over,
})
const to = (subset: string, weight?: number) => ({
  destination: { host: "cart", subset },
  ...(weight === undefined ? {} : { weight }),
})
const virtualService = (
  http: unknown[],
  over: Record<string, unknown> = {},
  at = "shop/cart",
  created?: string,
) => config("VirtualService", at, { hosts: ["cart"], http, ...over }, created)
const subsets = (objects: KubeObject[], request = ask(), as: Client = client): string[] =>
  routeRequest(indexMesh([service("shop/cart"), ...objects]), as, request).destinations.map(
    ({ subset }) => subset,
  )

describe("matches of a virtual service", () => {
  test.each<[string, Record<string, unknown>, Partial<HttpRequest>, boolean]>([
    ["an exact path", { uri: { exact: "/a" } }, { path: "/a" }, true],
    ["an exact path beside its query", { uri: { exact: "/a" } }, { path: "/a?b=1" }, true],
    ["no longer path", { uri: { exact: "/a" } }, { path: "/a/" }, false],
    ["a prefix, which need not end at a slash", { uri: { prefix: "/api" } }, { path: "/apix" }, true],
    ["a regular expression over the whole path", { uri: { regex: "/v[12]/.*" } }, { path: "/v2/x" }, true],
    ["no part of a path by regular expression", { uri: { regex: "/v2" } }, { path: "/v2/x" }, false],
    [
      "a path in another case when told so",
      { uri: { prefix: "/api" }, ignoreUriCase: true },
      { path: "/API/x" },
      true,
    ],
    ["a method", { method: { exact: "POST" } }, { method: "POST" }, true],
    ["a header", { headers: { "End-User": { exact: "jason" } } }, { headers: { "end-user": "jason" } }, true],
    ["no missing header", { headers: { "end-user": { exact: "jason" } } }, {}, false],
    ["the presence of a header", { headers: { "x-a": {} } }, { headers: { "x-a": "" } }, true],
    ["the absence of a header", { withoutHeaders: { "x-a": {} } }, {}, true],
    [
      "not a header that should be absent",
      { withoutHeaders: { "x-a": {} } },
      { headers: { "x-a": "1" } },
      false,
    ],
    [
      "another value than the one refused",
      { withoutHeaders: { "x-a": { exact: "1" } } },
      { headers: { "x-a": "2" } },
      true,
    ],
    ["a query parameter", { queryParams: { q: { regex: "[0-9]+" } } }, { path: "/?q=12" }, true],
    ["no other query parameter", { queryParams: { q: { exact: "1" } } }, { path: "/?q=12" }, false],
    ["all conditions of one match", { uri: { prefix: "/" }, method: { exact: "PUT" } }, {}, false],
    ["the client's labels", { sourceLabels: { app: "web" } }, {}, true],
    ["no other client", { sourceLabels: { app: "other" } }, {}, false],
    ["the client's namespace", { sourceNamespace: "shop" }, {}, true],
    ["the port", { port: 80 }, {}, true],
    ["no other port", { port: 81 }, {}, false],
    ["the mesh, named as a gateway", { gateways: ["mesh"] }, {}, true],
    ["no other gateway", { gateways: ["edge"] }, {}, false],
  ])("take %s", (_, match, request, matched) => {
    const objects = [virtualService([{ match: [match], route: [to("hit")] }, { route: [to("rest")] }])]
    expect(subsets(objects, ask(request))).toEqual([matched ? "hit" : "rest"])
  })

  test("of one route are alternatives, and the first route that matches counts", () => {
    const match = [{ uri: { exact: "/a" } }, { uri: { exact: "/b" } }]
    const objects = [
      virtualService([
        { match, route: [to("one")] },
        { match, route: [to("two")] },
      ]),
    ]
    expect(subsets(objects, ask({ path: "/b" }))).toEqual(["one"])
  })

  test("that are all missed end in 404 NR, with the object as the reason", () => {
    const mesh = indexMesh([
      service("shop/cart"),
      virtualService([{ match: [{ uri: { exact: "/a" } }], route: [to("x")] }]),
    ])
    const decision = routeRequest(mesh, client, ask({ path: "/b" }))
    expect(decision).toMatchObject({
      outcome: "not_found",
      status: 404,
      decidedBy: { name: "cart", namespace: "shop" },
    })
    expect(decision.reasons.map(({ code }) => code)).toContain("route.none")
  })

  test("for other proxies only leave the host as it is", () => {
    const objects = [virtualService([{ match: [{ sourceLabels: { app: "other" } }], route: [to("x")] }])]
    expect(subsets(objects)).toEqual([""])
  })
})

describe("which virtual service answers for a host", () => {
  const simple = (at: string, subset: string, over: Record<string, unknown> = {}, created?: string) =>
    virtualService([{ route: [to(subset)] }], { hosts: [cart], ...over }, at, created)

  test.each<[string, KubeObject[], string]>([
    ["none: all of the service", [], ""],
    [
      "the one that names it, before a wildcard",
      [simple("shop/a", "wild", { hosts: ["*.shop.svc.cluster.local"] }), simple("shop/b", "exact")],
      "exact",
    ],
    [
      "the longer wildcard",
      [
        simple("shop/a", "short", { hosts: ["*.cluster.local"] }),
        simple("shop/b", "long", { hosts: ["*.shop.svc.cluster.local"] }),
      ],
      "long",
    ],
    [
      "the older of two",
      [
        simple("shop/a", "young", {}, "2026-02-02T00:00:00Z"),
        simple("shop/b", "old", {}, "2026-01-01T00:00:00Z"),
      ],
      "old",
    ],
    [
      "the first by name when they are of one age",
      [simple("shop/b", "second"), simple("shop/a", "first")],
      "first",
    ],
    [
      "one that is private to the client's namespace before a public older one",
      [
        simple("shop/a", "public", {}, "2025-01-01T00:00:00Z"),
        simple("shop/b", "private", { exportTo: ["."] }),
      ],
      "private",
    ],
    [
      "not one of another namespace that is kept there",
      [simple("team/a", "hidden", { exportTo: ["."] })],
      "",
    ],
    [
      "one of another namespace that is exported here",
      [simple("team/a", "given", { exportTo: ["shop"] })],
      "given",
    ],
    ["not one for a gateway only", [simple("shop/a", "edge", { gateways: ["edge/gw"] })], ""],
    [
      "one for the mesh beside a gateway",
      [simple("shop/a", "both", { gateways: ["edge/gw", "mesh"] })],
      "both",
    ],
  ])("%s", (_, objects, subset) => {
    expect(subsets(objects)).toEqual([subset])
  })

  test("a short host is read in the object's own namespace, one with a dot as it stands", () => {
    expect(subsets([virtualService([{ route: [to("x")] }], { hosts: ["cart"] }, "team/a")])).toEqual([""])
    expect(subsets([virtualService([{ route: [to("x")] }], { hosts: ["cart.shop"] })])).toEqual([""])
  })

  test("what is hidden by another is named", () => {
    const mesh = indexMesh([service("shop/cart"), simple("shop/a", "first"), simple("shop/b", "second")])
    expect(routeRequest(mesh, client, ask()).reasons).toMatchObject([
      { code: "route.matched", object: { name: "a" }, path: "spec.http[0]" },
      { code: "route.shadowed", object: { name: "b" } },
    ])
  })

  test("a Sidecar that does not import it leaves the default", () => {
    const sidecar = config("Sidecar", "shop/default", { egress: [{ hosts: ["./*"] }] })
    expect(subsets([sidecar, simple("team/a", "far")])).toEqual([""])
    expect(subsets([sidecar, simple("shop/a", "near")])).toEqual(["near"])
  })
})

describe("what a route does", () => {
  const decide = (route: Record<string, unknown>) =>
    routeRequest(indexMesh([service("shop/cart"), virtualService([route])]), client, ask())

  test("weights are shares of their sum, and zero takes nothing", () => {
    const { destinations } = decide({ route: [to("a", 1), to("b", 3), to("c", 0)] })
    expect(destinations.map(({ subset, share }) => [subset, share])).toEqual([
      ["a", 0.25],
      ["b", 0.75],
    ])
  })

  test("faults, timeout, retries and mirrors are read out", () => {
    expect(
      decide({
        route: [to("a")],
        fault: {
          delay: { percentage: { value: 10 }, fixedDelay: "1m1.5s" },
          abort: { percentage: { value: 0.5 }, httpStatus: 503 },
        },
        timeout: "250ms",
        retries: { attempts: 3, retryOn: "5xx,reset", perTryTimeout: "1s" },
        mirror: { host: "shadow" },
        mirrorPercentage: { value: 25 },
      }),
    ).toMatchObject({
      fault: { delay: { share: 0.1, ms: 61_500 }, abort: { share: 0.005, httpStatus: 503 } },
      timeoutMs: 250,
      retries: { attempts: 3, on: ["5xx", "reset"], perTryTimeoutMs: 1000 },
      mirrors: [{ host: "shadow.shop.svc.cluster.local", share: 0.25 }],
    })
  })

  test.each([
    [{ redirect: { uri: "/b" } }, "redirect", 301],
    [{ redirect: { uri: "/b", redirectCode: 308 } }, "redirect", 308],
    [{ directResponse: { status: 418 } }, "direct", 418],
  ])("%j answers by itself", (route, outcome, status) => {
    expect(decide(route)).toMatchObject({ outcome, status, destinations: [] })
  })

  test("a destination without a port takes at a gateway the service's only one, else and at a sidecar the request's", () => {
    const mesh = indexMesh([
      service("shop/cart"),
      service("shop/one", 9000),
      service("shop/two", 80, {
        ports: [
          { name: "http", port: 80 },
          { name: "http-b", port: 81 },
        ],
      }),
      config("Gateway", "shop/gw", {
        selector: gateway.labels,
        servers: [{ port: { number: 80, protocol: "HTTP" }, hosts: ["*"] }],
      }),
      virtualService(
        [
          {
            route: [
              { destination: { host: "one" }, weight: 1 },
              { destination: { host: "two" }, weight: 1 },
            ],
          },
        ],
        { gateways: ["mesh", "gw"], hosts: ["cart"] },
      ),
    ])
    const ports = (from: Client) => routeRequest(mesh, from, ask()).destinations.map(({ port }) => port)
    expect([ports(client), ports(gateway)]).toEqual([
      [80, 80],
      [9000, 80],
    ])
  })

  test("a fault without a percentage happens never, a mirror without one always", () => {
    const decision = decide({
      route: [to("a")],
      fault: { abort: { httpStatus: 500 }, delay: { fixedDelay: "1s" } },
      mirror: { host: "shadow" },
    })
    expect(decision.fault).toMatchObject({ abort: { share: 0 }, delay: { share: 0 } })
    expect(decision.mirrors[0]?.share).toBe(1)
  })

  test("shares add up to one for any weights that are not all zero", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 }), (weights) => {
        fc.pre(weights.length === 1 || weights.some((weight) => weight > 0))
        const { destinations } = decide({ route: weights.map((weight, i) => to(`s${i}`, weight)) })
        expect(destinations.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
      }),
    )
  })
})

describe("hosts that no service has", () => {
  test("pass through, or end in 502 when only the registry is allowed", () => {
    const request = ask({ host: "api.example.com" })
    expect(routeRequest(indexMesh([]), client, request).outcome).toBe("passthrough")
    const closed = indexMesh([], {
      rootNamespace: "istio-system",
      domain: "cluster.local",
      trustDomain: "cluster.local",
      autoMtls: true,
      outbound: "REGISTRY_ONLY",
      exportTo: defaultSettings.exportTo,
    })
    expect(routeRequest(closed, client, request)).toMatchObject({ outcome: "blackhole", status: 502 })
  })

  test("may still be routed by a virtual service, on port 80", () => {
    const mesh = indexMesh([
      service("shop/cart"),
      virtualService([{ route: [to("x")] }], { hosts: ["api.example.com"] }),
    ])
    expect(routeRequest(mesh, client, ask({ host: "api.example.com" })).destinations).toHaveLength(1)
    expect(routeRequest(mesh, client, ask({ host: "api.example.com", port: 8080 })).outcome).toBe(
      "passthrough",
    )
  })
})

describe("delegates", () => {
  const root = virtualService([
    { match: [{ uri: { prefix: "/api" } }], delegate: { name: "inner" }, timeout: "2s" },
    { route: [to("rest")] },
  ])
  const inner = (http: unknown[], over: Record<string, unknown> = {}) =>
    config("VirtualService", "shop/inner", { http, ...over })

  test("take their root's match, and its settings where they have none", () => {
    const mesh = indexMesh([service("shop/cart"), root, inner([{ route: [to("inner")] }])])
    expect(routeRequest(mesh, client, ask({ path: "/api/x" }))).toMatchObject({
      destinations: [{ subset: "inner" }],
      timeoutMs: 2000,
    })
    expect(subsets([root, inner([{ route: [to("inner")] }])], ask({ path: "/x" }))).toEqual(["rest"])
  })

  test("narrow their root; what contradicts it is dropped", () => {
    const narrow = inner([
      { match: [{ uri: { prefix: "/other" } }], route: [to("never")] },
      { match: [{ uri: { prefix: "/api/v1" } }], route: [to("v1")] },
    ])
    expect(subsets([root, narrow], ask({ path: "/api/v1/x" }))).toEqual(["v1"])
    expect(subsets([root, narrow], ask({ path: "/api/v2" }))).toEqual(["rest"])
    expect(subsets([root, narrow], ask({ path: "/other" }))).toEqual(["rest"])
  })

  test("lose a route whole when one of its matches is outside of the root's", () => {
    const mixed = inner([
      { match: [{ uri: { prefix: "/api/v1" } }, { uri: { prefix: "/other" } }], route: [to("mixed")] },
    ])
    expect(subsets([root, mixed], ask({ path: "/api/v1" }))).toEqual(["rest"])
  })

  test("with hosts of their own are none", () => {
    expect(
      subsets([root, inner([{ route: [to("inner")] }], { hosts: ["x.example"] })], ask({ path: "/api" })),
    ).toEqual(["rest"])
  })
})

describe("a gateway", () => {
  const server = (hosts: string[], over: Record<string, unknown> = {}) =>
    config("Gateway", "edge/gw", {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 80, protocol: "HTTP" }, hosts, ...over }],
    })
  const bound = (at: string, hosts: string[], http: unknown[], created?: string) =>
    config("VirtualService", at, { hosts, gateways: ["edge/gw"], http }, created)
  const at = (objects: KubeObject[], over: Partial<HttpRequest> = {}) =>
    routeRequest(indexMesh([service("shop/cart"), ...objects]), gateway, ask({ host: "a.example", ...over }))
  const route = (subset: string) => ({ route: [{ destination: { host: cart, subset } }] })

  test("routes hosts that one of its servers takes", () => {
    expect(
      at([server(["*.example"]), bound("shop/a", ["a.example"], [route("a")])]).destinations[0]?.subset,
    ).toBe("a")
    expect(at([server(["b.example"]), bound("shop/a", ["a.example"], [route("a")])])).toMatchObject({
      outcome: "not_found",
      status: 404,
    })
  })

  test("takes routes only from namespaces its server names", () => {
    expect(at([server(["shop/*"]), bound("shop/a", ["a.example"], [route("a")])]).outcome).toBe("route")
    expect(at([server(["team/*"]), bound("shop/a", ["a.example"], [route("a")])]).outcome).toBe("not_found")
    expect(at([server(["./*"]), bound("shop/a", ["a.example"], [route("a")])]).outcome).toBe("not_found")
  })

  test("joins the routes of one host, what takes everything last", () => {
    const objects = [
      server(["*"]),
      bound("shop/a", ["a.example"], [route("all")], "2025-01-01T00:00:00Z"),
      bound("shop/b", ["a.example"], [{ match: [{ uri: { prefix: "/x" } }], ...route("x") }]),
    ]
    expect(at(objects, { path: "/x" }).destinations[0]?.subset).toBe("x")
    expect(at(objects).destinations[0]?.subset).toBe("all")
  })

  test("stops at what takes everything before it joins", () => {
    const objects = [
      server(["*"]),
      bound(
        "shop/a",
        ["a.example"],
        [route("all"), { match: [{ uri: { prefix: "/x" } }], ...route("late") }],
      ),
      bound("shop/b", ["a.example"], [{ match: [{ uri: { prefix: "/y" } }], ...route("y") }]),
    ]
    expect(at(objects, { path: "/x" }).destinations[0]?.subset).toBe("all")
    expect(at(objects, { path: "/y" }).destinations[0]?.subset).toBe("y")
  })

  test.each(["edge/gw", "gw.edge.svc.cluster.local", "gw.edge"])("may be named %s", (name) => {
    const config1 = config("VirtualService", "shop/a", {
      hosts: ["a.example"],
      gateways: [name],
      http: [route("a")],
    })
    expect(at([server(["*"]), config1]).outcome).toBe("route")
  })

  test("prefers the closer host, even when that has no route for the path", () => {
    const objects = [
      server(["*"]),
      bound("shop/a", ["*"], [route("any")]),
      bound("shop/b", ["a.example"], [{ match: [{ uri: { prefix: "/x" } }], ...route("x") }]),
    ]
    expect(at(objects, { path: "/y" }).outcome).toBe("not_found")
    expect(at(objects, { host: "z.example" }).destinations[0]?.subset).toBe("any")
  })

  test("redirects to https where the server says so, and has nothing on other ports", () => {
    expect(at([server(["*"], { tls: { httpsRedirect: true } })])).toMatchObject({
      outcome: "redirect",
      status: 301,
    })
    expect(at([server(["*"])], { port: 8443 }).reasons[0]?.code).toBe("gateway.no_server")
  })

  test("sees only the matches that are for it", () => {
    const match = [{ gateways: ["mesh"], uri: { prefix: "/" } }]
    const objects = [
      server(["*"]),
      bound("shop/a", ["a.example"], [{ match, ...route("mesh") }, route("edge")]),
    ]
    expect(at(objects).destinations[0]?.subset).toBe("edge")
  })
})

describe("HTTPRoutes", () => {
  const httpRoute = (name: string, spec: Record<string, unknown>): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec,
  })
  const backend = (name: string, weight = 1) => ({ name, port: 80, weight })
  const parent = [{ kind: "Service", group: "", name: "cart", port: 80 }]
  const hosts = (routes: KubeObject[], over: Partial<HttpRequest> = {}, as: Client = client) =>
    routeRequest(
      indexMesh([service("shop/cart"), service("shop/a"), service("shop/b"), ...routes]),
      as,
      ask(over),
    ).destinations.map(({ host, share }) => `${host.split(".")[0] ?? ""} ${share}`)

  test("of a service split its traffic by weight", () => {
    expect(
      hosts([
        httpRoute("r", { parentRefs: parent, rules: [{ backendRefs: [backend("a", 9), backend("b", 1)] }] }),
      ]),
    ).toEqual(["a 0.9", "b 0.1"])
  })

  test("are chosen by precedence and not by order, and prefixes end at a slash", () => {
    const rules = [
      { matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [backend("cart")] },
      { matches: [{ path: { type: "PathPrefix", value: "/api" } }], backendRefs: [backend("a")] },
      {
        matches: [{ path: { type: "Exact", value: "/api" }, headers: [{ name: "X-B", value: "1" }] }],
        backendRefs: [backend("b")],
      },
    ]
    const routes = [httpRoute("r", { parentRefs: parent, rules })]
    expect(hosts(routes, { path: "/api/x" })).toEqual(["a 1"])
    expect(hosts(routes, { path: "/apix" })).toEqual(["cart 1"])
    expect(hosts(routes, { path: "/api", headers: { "x-b": "1" } })).toEqual(["b 1"])
    expect(hosts(routes, { path: "/api" })).toEqual(["a 1"])
  })

  test("of a Gateway answer for its listener's hosts", () => {
    const objects: KubeObject[] = [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: "edge", namespace: "shop" },
        spec: { listeners: [{ name: "http", port: 80, protocol: "HTTP", hostname: "*.example" }] },
      },
      httpRoute("r", {
        parentRefs: [{ name: "edge" }],
        hostnames: ["a.example"],
        rules: [{ backendRefs: [backend("a")] }],
      }),
    ]
    const edge: Client = {
      kind: "gateway",
      namespace: "shop",
      labels: { "gateway.networking.k8s.io/gateway-name": "edge" },
    }
    expect(hosts(objects, { host: "a.example" }, edge)).toEqual(["a 1"])
    expect(hosts(objects, { host: "b.example" }, edge)).toEqual([])
  })
})

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { Explainer, type ExplainQuestion } from "./explain.ts"
import { config, pod, service } from "./fixture.ts"
import { indexMesh } from "./model.ts"
import { connectionAtGateway, routeTcp } from "./tcp-route.ts"

const api = "gateway.networking.k8s.io/v1"
const label = { "gateway.networking.k8s.io/gateway-name": "gw", istio: "gw" }
const gatewayApi = (kind: string, at: string, spec: Record<string, unknown>): KubeObject => ({
  ...config(kind, at, spec),
  apiVersion: api,
})

/** One of each kind that decides about a route, with everything in it that is read. */
const objects: KubeObject[] = [
  service("shop/cart"),
  pod("shop/web-1", { app: "web" }),
  pod("shop/gw-1", label),
  config("Gateway", "shop/gw", {
    selector: { istio: "gw" },
    servers: [
      { port: { number: 80, protocol: "HTTP" }, hosts: ["*", "./a.test"], tls: { httpsRedirect: false } },
      { port: { number: 443, protocol: "TLS" }, hosts: ["a.test"], tls: { mode: "PASSTHROUGH" } },
    ],
  }),
  config("VirtualService", "shop/cart", {
    hosts: ["cart", "*.test"],
    gateways: ["mesh", "gw"],
    exportTo: ["*"],
    http: [
      { match: [{ uri: { prefix: "/d" } }], delegate: { name: "leaf" } },
      {
        match: [
          {
            uri: { regex: "/x.*" },
            headers: { a: { exact: "b" } },
            queryParams: { q: {} },
            sourceLabels: { app: "web" },
          },
        ],
        fault: { abort: { httpStatus: 500, percentage: { value: 100 } } },
        route: [{ destination: { host: "cart", subset: "v1", port: { number: 80 } }, weight: 1 }],
      },
      { route: [{ destination: { host: "cart" } }], mirrors: [{ destination: { host: "cart" } }] },
    ],
    tls: [{ match: [{ sniHosts: ["a.test"], port: 443 }], route: [{ destination: { host: "cart" } }] }],
    tcp: [{ match: [{ port: 80 }], route: [{ destination: { host: "cart" } }] }],
  }),
  config("VirtualService", "shop/leaf", {
    http: [{ match: [{ uri: { prefix: "/d/e" } }], redirect: { uri: "/" } }],
  }),
  config("DestinationRule", "shop/cart", {
    host: "cart",
    subsets: [{ name: "v1", labels: { version: "v1" } }],
    workloadSelector: { matchLabels: { app: "web" } },
  }),
  config("Sidecar", "shop/default", {
    egress: [{ hosts: ["*/*", "~*/b.test"], port: { number: 80, protocol: "HTTP" } }],
  }),
  gatewayApi("Gateway", "shop/gw", {
    listeners: [
      {
        name: "a",
        port: 80,
        protocol: "HTTP",
        hostname: "*.test",
        allowedRoutes: { namespaces: { from: "All" } },
      },
    ],
  }),
  gatewayApi("HTTPRoute", "shop/r", {
    parentRefs: [
      { name: "gw", sectionName: "a" },
      { kind: "Service", name: "cart" },
    ],
    hostnames: ["a.test"],
    rules: [
      {
        matches: [{ path: { type: "Exact", value: "/x" }, headers: [{ name: "a", value: "b" }] }],
        backendRefs: [{ name: "cart", port: 80 }],
      },
    ],
  }),
]

const junk = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  1e20,
  "",
  "*",
  "(",
  true,
  [],
  {},
  [null],
  [[]],
  { a: null },
  ["x"],
  "__proto__",
)

/** Every place in a value, as a way to it. */
function placesIn(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object") return [at]
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...at, key]))]
}

function replaced(value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown {
  if (first === undefined) return by
  // What stood there may have been replaced before.
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === first ? replaced(item, rest, by) : item))
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === first ? replaced(inner, rest, by) : inner]),
  )
}

const places = objects.flatMap((object, index) => placesIn(object["spec"]).map((at) => ({ index, at })))
const asked = (["sidecar shop/web-1", "gateway shop/gw-1"] as const).flatMap((via) =>
  ["cart.shop.svc.cluster.local", "a.test", "other.test"].flatMap((host) =>
    ["/d/e", "/x?q=1"].map((path): ExplainQuestion => ({
      id: 0,
      via,
      host,
      path,
      port: 80,
      method: "GET",
      headers: { a: "b" },
    })),
  ),
)

describe("objects of any shape", () => {
  test("never make the model throw", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...places), junk), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const changed = [...objects]
          for (const [{ index, at }, by] of changes) {
            const object = changed[index]
            if (object) changed[index] = { ...object, spec: replaced(object["spec"], at, by) } as KubeObject
          }
          const mesh = indexMesh(changed)
          const explainer = new Explainer(mesh, { trace: true })
          for (const question of asked) expect(explainer.explain(question).reasons).toBeInstanceOf(Array)
          const client = { kind: "gateway", namespace: "shop", labels: label } as const
          for (const port of [80, 443]) connectionAtGateway(mesh, { client, port, sni: "a.test" })
          routeTcp(
            mesh,
            { kind: "sidecar", namespace: "shop", labels: { app: "web" } },
            { host: "cart.shop.svc.cluster.local", port: 80 },
          )
        },
      ),
      { numRuns: 400 },
    )
  })
})

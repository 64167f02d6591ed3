import { describe, expect, test } from "vitest"
import { documents } from "../services/examples-yaml.ts"
import { aroundFix, fixedIn } from "../services/fix-proof.ts"
import { type Input, validateYaml } from "../../testing.ts"
import {
  all,
  attached,
  gateway,
  grpcRoute,
  http,
  httpRoute,
  listening,
  namespace,
  referenceGrant,
  service,
  tcpRoute,
  toCart,
} from "./examples-yaml.ts"
import { gatewayApiExamples } from "./examples.ts"
import { gatewayApi } from "./family.ts"

const told = (yaml: string, input: Input = {}): string[] =>
  validateYaml(yaml, { families: [gatewayApi], ...input }).map(
    ({ code, object, path }) => `${code} ${object.name} ${path}`,
  )

const cart = service("cart")
const base = documents(gateway("gw", listening(http)), cart)
const matching = (path: string, more = ""): string =>
  `- matches: [{ path: { type: PathPrefix, value: ${path} }${more} }]\n  backendRefs: [{ name: cart, port: 80 }]`
const old = { created: "2026-01-01T00:00:00Z" }
const young = { created: "2026-02-01T00:00:00Z" }

describe("a route of a Service", () => {
  const bound = (name: string, more = ""): string =>
    `parentRefs: [{ group: "", kind: Service, name: ${name}${more} }]\nrules:\n${toCart}`

  test("is attached to one that is there, on a port that it has", () => {
    expect(told(documents(cart, httpRoute("cart", bound("cart", ", port: 80"))))).toEqual([])
    expect(told(documents(cart, httpRoute("cart", bound("cart", ", port: 8080"))))).toEqual([
      "route.listener_unknown cart spec.parentRefs[0].port",
    ])
    expect(told(documents(cart, httpRoute("cart", bound("carts"))))).toEqual([
      "route.parent_unknown cart spec.parentRefs[0].name",
    ])
  })

  test("may be attached to one of another cluster, and needs no grant for its backends", () => {
    expect(told(httpRoute("cart", bound("cart")), { clusters: { west: cart } })).toEqual([])
    const across = httpRoute(
      "cart",
      `parentRefs: [{ group: "", kind: Service, name: cart, namespace: shop }]\nrules:\n- backendRefs: [{ name: cart, namespace: shop, port: 80 }]`,
      { namespace: "front" },
    )
    expect(told(documents(cart, across))).toEqual([])
  })

  test("goes to its consumers alone when it is of another namespace, beside the producer's", () => {
    const of = (where: string): string =>
      httpRoute(
        "cart",
        `parentRefs: [{ group: "", kind: Service, name: cart, namespace: shop }]\nrules:\n- backendRefs: [{ name: cart, namespace: shop, port: 80 }]`,
        { namespace: where },
      )
    expect(told(documents(cart, of("shop"), of("front")))).toEqual([])
  })
})

describe("a route at a Gateway", () => {
  test("may be let in by an expression over its namespace's labels", () => {
    const selecting = (values: string): string =>
      gateway(
        "gw",
        listening(
          `${http}, allowedRoutes: { namespaces: { from: Selector, selector: { matchExpressions: [{ key: team, operator: In, values: [${values}] }] } } }`,
        ),
        { namespace: "infra" },
      )
    const route = httpRoute("cart", `parentRefs: [{ name: gw, namespace: infra }]\nrules:\n${toCart}`)
    expect(told(documents(namespace("shop"), selecting("shop"), cart, route))).toEqual([])
    expect(told(documents(namespace("shop"), selecting("front"), cart, route))).toEqual([
      "route.namespace_not_allowed cart spec.parentRefs[0]",
    ])
  })

  test("is told of the one host that no listener takes", () => {
    const route = httpRoute("cart", attached(toCart, "hostnames: [a.shop.example, b.shop.test]"))
    expect(
      told(documents(gateway("gw", listening(`${http}, hostname: "*.shop.example"`)), cart, route)),
    ).toEqual(["route.hostname_unmatched cart spec.hostnames[1]"])
  })

  test("may narrow a wildcard, and be narrowed", () => {
    const route = httpRoute("cart", attached(toCart, 'hostnames: ["*.shop.example"]'))
    expect(
      told(documents(gateway("gw", listening(`${http}, hostname: a.shop.example`)), cart, route)),
    ).toEqual([])
  })

  test("of kind GRPCRoute goes with HTTP, and TCPRoute with a TLS listener that terminates", () => {
    expect(told(documents(base, grpcRoute("cart", attached(toCart))))).toEqual([])
    const tls = (mode: string): string =>
      gateway("gw", listening(`name: tls, port: 443, protocol: TLS, tls: { mode: ${mode} }`))
    expect(told(documents(tls("Terminate"), cart, tcpRoute("cart", attached(toCart))))).toEqual([])
    expect(told(documents(tls("Passthrough"), cart, tcpRoute("cart", attached(toCart))))).toEqual([
      "route.kind_not_allowed cart spec.parentRefs[0]",
    ])
  })

  test("of another controller's kind of parent is left alone", () => {
    const route = httpRoute(
      "cart",
      `parentRefs: [{ group: mesh.example, kind: Router, name: r }]\nrules:\n${toCart}`,
    )
    expect(told(documents(cart, route))).toEqual([])
  })
})

describe("equal matches", () => {
  test("of two routes count for the older, at all places they share", () => {
    const yaml = documents(
      base,
      httpRoute("b-old", attached(matching("/cart")), old),
      httpRoute("a-new", attached(matching("/cart")), young),
    )
    expect(told(yaml)).toEqual(["route.match_taken a-new spec.rules[0].matches[0]"])
  })

  test("are told apart by method, headers, listener and host", () => {
    const pair = (one: string, two: string): string =>
      documents(base, httpRoute("a", one, old), httpRoute("b", two, young))
    const get = attached(matching("/", ", method: GET"))
    const headed = attached(matching("/", ", headers: [{ name: x-a, value: b }]"))
    expect(told(pair(get, attached(matching("/"))))).toEqual([])
    expect(told(pair(headed, get))).toEqual([])
    expect(
      told(pair(attached(toCart, "hostnames: [a.example]"), attached(toCart, "hostnames: [b.example]"))),
    ).toEqual([])
    expect(told(pair(headed, headed.replace("x-a", "X-A")))).toEqual([
      "route.match_taken b spec.rules[0].matches[0]",
    ])
  })

  test("within a route count for the first rule", () => {
    expect(told(documents(base, httpRoute("a", attached(`${matching("/a")}\n${matching("/a/")}`))))).toEqual([
      "route.match_taken a spec.rules[1].matches[0]",
    ])
  })

  test("are all connections of a TCP listener, for the oldest route", () => {
    const yaml = documents(
      gateway("gw", listening("name: tcp, port: 6379, protocol: TCP")),
      cart,
      tcpRoute("a", attached(toCart), young),
      tcpRoute("b", attached(toCart), old),
    )
    expect(told(yaml)).toEqual(["route.match_taken a spec.rules[0]"])
  })

  test("do not meet where one of the routes is not let in", () => {
    const yaml = documents(
      gateway("gw", listening(http)),
      cart,
      httpRoute("a", attached(toCart), young),
      httpRoute("b", attached(toCart).replace("name: gw", "name: gw, namespace: shop"), {
        ...old,
        namespace: "front",
      }).replace("name: cart, port", "name: cart, namespace: shop, port"),
      referenceGrant(
        "cart",
        'from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: front }]\nto: [{ group: "", kind: Service }]',
      ),
      namespace("front"),
    )
    expect(told(yaml)).toEqual(["route.namespace_not_allowed b spec.parentRefs[0]"])
  })
})

describe("a Gateway", () => {
  test("of a waypoint's class listens with HBONE, another does not", () => {
    const hbone = listening("name: mesh, port: 15008, protocol: HBONE")
    expect(told(gateway("w", hbone.replace(": istio", ": istio-waypoint")))).toEqual([])
    expect(told(gateway("w", hbone))).toEqual([
      "kubernetesgateway.protocol_unsupported w spec.listeners[0].protocol",
    ])
  })

  test("without a host of its own is no rival of another such", () => {
    expect(
      told(documents(gateway("a", listening(http)), gateway("b", listening(`${http}, ${all}`)))),
    ).toEqual([])
  })

  test("of a class that the cluster has is taken", () => {
    const known = `apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: nginx }`
    const of = (name: string): string => gateway("gw", listening(http).replace(": istio", `: ${name}`))
    expect(told(documents(known, of("nginx")))).toEqual([])
    expect(told(documents(known, of("ngnix")))).toEqual([
      "kubernetesgateway.class_unknown gw spec.gatewayClassName",
    ])
  })

  test("is not asked for secrets where they may not be read", () => {
    const tls = gateway(
      "gw",
      listening("name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: c }] }"),
    )
    expect(told(tls)).toEqual([
      "kubernetesgateway.certificate_unknown gw spec.listeners[0].tls.certificateRefs[0].name",
    ])
    expect(told(tls, { states: { Secret: "denied" } })).toEqual([])
  })
})

describe("a status", () => {
  const accepted = (observed: number): string =>
    `${httpRoute("cart", attached(toCart)).replace("name: cart,", "name: cart, generation: 2,")}\nstatus:\n  parents: [{ conditions: [{ type: Accepted, status: "False", reason: NotAllowedByListeners, observedGeneration: ${observed} }] }]`

  test("of an earlier content says nothing", () => {
    expect(told(documents(base, accepted(1)))).toEqual([])
    expect(told(documents(base, accepted(2)))).toEqual([
      "status.condition_negative cart status.parents[0].conditions[0]",
    ])
  })

  test("of a policy that a waypoint took in part is negative though true", () => {
    const policy = (reason: string): string =>
      `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p, namespace: shop }\nstatus: { conditions: [{ type: WaypointAccepted, status: "True", reason: ${reason} }] }`
    expect(told(policy("PartiallyInvalid"))).toEqual(["status.condition_negative p status.conditions[0]"])
    expect(told(policy("Accepted"))).toEqual([])
  })
})

describe("fixes of the Gateway API", () => {
  const families = [gatewayApi]
  const grant = (from: string, to: string): string =>
    documents(
      namespace("front"),
      cart,
      referenceGrant(
        "cart",
        `from: [{ group: "${from}", kind: HTTPRoute, namespace: front }]\nto: [{ group: "${to}", kind: Service }]`,
      ),
    )
  const all = fixedIn(
    [
      ...gatewayApiExamples.map(({ fires }) => fires),
      grant("", ""),
      grant("gateway.networking.k8s.io", "core"),
    ],
    families,
  )

  test("are there", () => {
    expect(new Set(all.map(({ finding }) => finding.code))).toEqual(
      new Set([
        "kubernetesgateway.protocol_unsupported",
        "referencegrant.grants_nothing",
        "route.backend_port_unknown",
        "route.field_ignored",
      ]),
    )
  })

  test.each(all)("$finding.fix.title removes $finding.code and adds nothing", (one) => {
    const { before, after } = aroundFix(one, families)
    expect(after).toEqual(before)
  })
})

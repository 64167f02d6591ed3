import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { ambient } from "./family.ts"

const told = (...documents: readonly string[]): string[] =>
  validateYaml(documents.join("\n---"), { families: [ambient] }).map(
    ({ code, object, path, message }) => `${code} ${object.name} ${path}: ${message}`,
  )

const namespace = (name: string, labels: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { ${labels} } }`
const shop = (labels = ""): string =>
  namespace("shop", `istio.io/dataplane-mode: ambient${labels === "" ? "" : `, ${labels}`}`)

const gateway = (name: string, { labels = "", className = "istio-waypoint", routes = "" } = {}): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: shop, labels: { ${labels} } }
spec: { gatewayClassName: ${className}, listeners: [{ name: mesh, port: 15008, protocol: HBONE${routes} }] }`

const service = (labels = "", name = "cart"): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop, labels: { ${labels} } }
spec: { selector: { app: ${name} }, ports: [{ name: http, port: 80 }] }`

const route = (at = "shop"): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: ${at} }
spec: { hosts: [cart.shop.svc.cluster.local], http: [{ route: [{ destination: { host: cart.shop.svc.cluster.local } }] }] }`

const none = "virtualservice.no_waypoint cart spec.hosts[0]: service shop/cart is ambient and has no waypoint"

describe("the waypoint of a service", () => {
  test("is the one its namespace names, unless it refuses", () => {
    const bound = shop("istio.io/use-waypoint: wp")
    expect(told(bound, gateway("wp"), service(), route())).toEqual([])
    expect(told(bound, gateway("wp"), service("istio.io/use-waypoint: none"), route())).toEqual([none])
  })

  test("must be for services, by its own label or by that of its class", () => {
    const bound = shop("istio.io/use-waypoint: wp")
    const forWorkloads = gateway("wp", { labels: "istio.io/waypoint-for: workload" })
    expect(told(bound, forWorkloads, service(), route())).toEqual([none])
    const byClass = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: other, labels: { istio.io/waypoint-for: workload } }
spec: { controllerName: a/b }`
    const other = gateway("wp", { className: "other" })
    expect(told(bound, byClass, other, service(), route())).toEqual([none])
    const all = gateway("wp", { className: "other", labels: "istio.io/waypoint-for: all" })
    expect(told(bound, byClass, all, service(), route())).toEqual([])
  })

  test("may be of another namespace that lets it in", () => {
    const guest = namespace(
      "guest",
      "istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp, istio.io/use-waypoint-namespace: shop, team: a",
    )
    const selecting = (team: string): string =>
      gateway("wp", {
        routes: `, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: ${team} } } } }`,
      })
    expect(told(shop(), guest, selecting("a"))).toEqual([])
    expect(told(shop(), guest, selecting("b"))).toEqual([
      'waypoint.not_allowed guest metadata.labels["istio.io/use-waypoint"]: waypoint shop/wp does not take what is in guest',
    ])
  })

  test("is no ingress gateway", () => {
    const ingress = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: wp, namespace: shop }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }`
    expect(told(shop("istio.io/use-waypoint: wp"), ingress)).toEqual([
      'waypoint.not_found shop metadata.labels["istio.io/use-waypoint"]: Gateway shop/wp is no waypoint: it does not listen for HBONE',
    ])
  })

  test("is looked for only where Gateways may be read", () => {
    const input = { families: [ambient], states: { "Gateway.gateway.networking.k8s.io": "denied" as const } }
    expect(validateYaml(shop("istio.io/use-waypoint: wp"), input)).toEqual([])
  })
})

describe("a route to an ambient service", () => {
  test("at a gateway needs no waypoint", () => {
    const atGateway = route().replace("hosts:", "gateways: [front], hosts:")
    expect(told(shop(), service(), atGateway)).toEqual([])
  })
  test("of TCP alone needs none either", () => {
    expect(told(shop(), service(), route().replace("http:", "tcp:"))).toEqual([])
  })
  test("to a service with a sidecar is no business of a waypoint", () => {
    expect(told(namespace("shop", "istio-injection: enabled"), service(), route())).toEqual([])
  })
})

const policy = (spec: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: guard, namespace: shop }
spec: { ${spec} }`
const get = "rules: [{ to: [{ operation: { methods: [GET] } }] }]"

const pod = (name: string, labels = ""): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name}${labels === "" ? "" : `, ${labels}`} } }
spec: { containers: [{ name: app }] }`

describe("an HTTP policy in an ambient namespace", () => {
  test("is nothing for a ztunnel, whether by selector or for all", () => {
    expect(told(shop(), pod("cart"), policy(get))).toEqual([
      "authorizationpolicy.no_waypoint guard spec: methods is for a waypoint, and shop has none",
    ])
    expect(
      told(
        shop("istio.io/use-waypoint: wp"),
        gateway("wp"),
        pod("cart"),
        policy(`selector: { matchLabels: { app: cart } }, ${get}`),
      ),
    ).toEqual([
      "authorizationpolicy.no_target guard spec.selector: methods is for a waypoint, which looks only at policies with targetRefs",
    ])
  })
  test("is right for a workload that is left out of ambient", () => {
    const left = pod("old", "istio.io/dataplane-mode: none")
    expect(told(shop(), left, policy(`selector: { matchLabels: { app: old } }, ${get}`))).toEqual([])
  })
  test("is right when it says nothing that only HTTP knows", () => {
    expect(
      told(shop(), pod("cart"), policy("rules: [{ from: [{ source: { namespaces: [shop] } }] }]")),
    ).toEqual([])
  })
  test("needs a waypoint for the service it names, wherever that is asked for", () => {
    const named = policy(`targetRefs: [{ kind: Service, group: "", name: cart }], ${get}`)
    expect(told(shop(), service(), named)).toEqual([
      "policy.target_without_waypoint guard spec.targetRefs[0]: no waypoint takes what is sent to Service cart",
    ])
    expect(told(shop(), service("istio.io/use-waypoint: wp"), gateway("wp"), named)).toEqual([])
  })
  test("may ask for an authorizer, which only a waypoint asks", () => {
    expect(told(shop(), pod("cart"), policy("action: CUSTOM, provider: { name: opa }, rules: [{}]"))).toEqual(
      ["authorizationpolicy.no_waypoint guard spec: action CUSTOM is for a waypoint, and shop has none"],
    )
  })
})

describe("a pod without an owner", () => {
  test("with a sidecar in an ambient namespace is told of itself", () => {
    const proxied = pod("cart").replace("{ name: app }", "{ name: app }, { name: istio-proxy }")
    expect(told(shop(), proxied)).toEqual([
      "workload.sidecar_in_ambient_namespace cart metadata: namespace shop is ambient, and this pod has a sidecar",
    ])
  })
  test("of a gateway is a proxy and nothing else", () => {
    const front = pod("front", "gateway.networking.k8s.io/gateway-name: front").replace(
      "name: app",
      "name: istio-proxy",
    )
    expect(told(shop(), front)).toEqual([])
  })
})

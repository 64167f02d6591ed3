import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { destination, namespace, peer, plainPod, pod, policy, service, yaml } from "./example-objects.ts"
import { security } from "./family.ts"

const told = (text: string, meshConfig = ""): string[] =>
  validateYaml(text, { families: [security], ...(meshConfig === "" ? {} : { meshConfig }) })
    .filter(({ code }) => !code.endsWith("selects_nothing"))
    .map(({ code, object, path, message }) => `${code} ${object.name} ${path}: ${message}`)

const shop = namespace("shop")
const cart = [pod("cart"), service("cart")]

describe("a DestinationRule that turns TLS off", () => {
  test("is told once of all the servers that refuse plain text, with the policy that decides", () => {
    const found = validateYaml(
      yaml(
        shop,
        ...cart,
        pod("web"),
        service("web"),
        peer("{ mtls: { mode: STRICT } }"),
        destination('"*.shop.svc.cluster.local"', "DISABLE"),
      ),
      { families: [security] },
    )
    expect(found).toHaveLength(1)
    expect(found[0]?.message).toBe(
      "DISABLE sends plain text to cart:80 and web:80, which takes only mutual TLS: PeerAuthentication shop/default",
    )
    expect(
      found[0]?.references.map(({ object }) => `${object.kind.split(".")[0] ?? ""} ${object.name}`),
    ).toEqual(["PeerAuthentication default", "Service cart", "Service web", "Pod cart-1", "Pod web-1"])
  })

  test("is right where the workload's own policy lets plain text in on that port", () => {
    const lax = peer(
      "{ selector: { matchLabels: { app: cart } }, portLevelMtls: { 8080: { mode: PERMISSIVE } } }",
      "cart",
    )
    const strict = peer("{ mtls: { mode: STRICT } }")
    expect(told(yaml(shop, ...cart, strict, lax, destination("cart", "DISABLE")))).toEqual([])
  })

  test("is not told when a closer rule is used in its place", () => {
    const objects = yaml(
      shop,
      ...cart,
      peer("{ mtls: { mode: STRICT } }"),
      destination('"*.shop.svc.cluster.local"', "DISABLE", "wide"),
      destination("cart", "ISTIO_MUTUAL", "close"),
    )
    expect(told(objects)).toEqual([])
  })

  test("is told when only clients of its own namespace use it", () => {
    const elsewhere = destination("cart.shop.svc.cluster.local", "DISABLE").replace(
      "namespace: shop",
      "namespace: web",
    )
    expect(
      told(yaml(shop, namespace("web"), ...cart, peer("{ mtls: { mode: STRICT } }"), elsewhere)),
    ).toEqual([
      "destinationrule.plaintext_to_strict tls spec.trafficPolicy.tls.mode: DISABLE sends plain text to cart:80, which takes only mutual TLS: PeerAuthentication shop/default",
    ])
  })

  test("of a port or a subset is told of what that reaches", () => {
    const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: parts, namespace: shop }
spec:
  host: cart
  trafficPolicy: { portLevelSettings: [{ port: { number: 81 }, tls: { mode: DISABLE } }] }
  subsets:
    - { name: old, labels: { version: old }, trafficPolicy: { tls: { mode: DISABLE } } }
    - { name: gone, labels: { version: gone }, trafficPolicy: { tls: { mode: DISABLE } } }`
    const strict = peer("{ mtls: { mode: STRICT } }")
    const old = pod("cart", { labels: "app: cart, version: old" })
    expect(told(yaml(shop, old, service("cart"), strict, rule))).toEqual([
      "destinationrule.plaintext_to_strict parts spec.subsets[0].trafficPolicy.tls.mode: DISABLE sends plain text to cart:80, which takes only mutual TLS: PeerAuthentication shop/default",
    ])
  })
})

describe("a DestinationRule for the whole mesh", () => {
  const wide = (mode: string): string =>
    destination('"*.local"', mode).replace("namespace: shop", "namespace: istio-system")

  test("that turns TLS off is told of each namespace that refuses plain text", () => {
    expect(told(yaml(shop, ...cart, peer("{ mtls: { mode: STRICT } }"), wide("DISABLE")))).toEqual([
      "destinationrule.plaintext_to_strict tls spec.trafficPolicy.tls.mode: DISABLE sends plain text where only mutual TLS is taken: PeerAuthentication shop/default",
    ])
  })
  test("that asks for mutual TLS is told of the pods without a proxy behind a service", () => {
    expect(told(yaml(shop, plainPod("cart"), service("cart"), wide("ISTIO_MUTUAL")))).toEqual([
      "destinationrule.mutual_to_no_proxy tls spec.trafficPolicy.tls.mode: ISTIO_MUTUAL is not understood by cart-1, which has no proxy, behind cart:80",
    ])
  })
})

describe("automatic mutual TLS", () => {
  test("suits every server, so that nothing is said of a mixed namespace without rules", () => {
    expect(
      told(yaml(shop, ...cart, plainPod("old"), service("old"), peer("{ mtls: { mode: PERMISSIVE } }"))),
    ).toEqual([])
  })
  test("turned off leaves a strict namespace without callers", () => {
    expect(told(yaml(shop, ...cart, peer("{ mtls: { mode: STRICT } }")), "enableAutoMtls: false")).toEqual([
      "peerauthentication.strict_without_client_mutual default spec.mtls.mode: enableAutoMtls is false and no DestinationRule asks for ISTIO_MUTUAL to cart",
    ])
  })
})

describe("a policy that asks for identities", () => {
  const byNamespace = policy("{ action: DENY, rules: [{ from: [{ source: { notNamespaces: [shop] } }] }] }")

  test("is right as long as one of its workloads can be shown them", () => {
    const off = peer("{ selector: { matchLabels: { app: cart } }, mtls: { mode: DISABLE } }", "cart")
    expect(told(yaml(shop, ...cart, pod("web"), off, byNamespace))).toEqual([])
    expect(told(yaml(shop, ...cart, off, byNamespace))).toEqual([
      "authorizationpolicy.identity_without_mutual_tls guard spec.rules[0].from[0].source.notNamespaces: notNamespaces needs mutual TLS: PeerAuthentication disables mutual TLS there",
    ])
  })
  test("is right for captured pods, whatever a DestinationRule says", () => {
    const objects = yaml(
      namespace("shop", "istio.io/dataplane-mode: ambient"),
      pod("cart", { sidecar: false }),
      service("cart"),
      destination("cart", "DISABLE"),
      byNamespace,
    )
    expect(told(objects)).toEqual([])
  })
})

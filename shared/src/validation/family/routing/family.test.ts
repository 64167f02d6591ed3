import { describe, expect, test } from "vitest"
import { defaultSettings } from "../../../istio/mesh.ts"
import { Engine } from "../../engine/engine.ts"
import { engineOf, here, objectsOf, validateYaml } from "../../testing.ts"
import {
  destinationRule,
  gateway,
  ingress,
  reviews,
  together,
  toReviews,
  virtualService,
} from "./examples/parts.ts"
import { untilNovember2026 } from "./examples/certificates.ts"
import { routing } from "./family.ts"

const families = [routing]
type Options = Parameters<typeof validateYaml>[1]
const findings = (yaml: string, more: Options = {}) => validateYaml(yaml, { families, ...more })
const codes = (yaml: string, more: Options = {}): string[] => findings(yaml, more).map(({ code }) => code)
const messages = (yaml: string, more: Options = {}): string[] =>
  findings(yaml, more).map(({ message }) => message)

const mesh = together(reviews, ingress, gateway())
const to = (destination: string, more = "  hosts: [reviews]"): string =>
  virtualService("reviews", `${more}\n  http:\n  - route:\n    - destination: ${destination}`)
const edge = (rules: string, name = "edge", created?: string): string =>
  virtualService(name, `  hosts: [shop.example.com]\n  gateways: [edge/public]\n  http:${rules}`, created)
const rule = (match: string): string => `
  - match: [${match}]
    route:
    - destination: { host: reviews }`

const later = "2026-02-01T00:00:00Z"
const versions = (names: string[]): string =>
  `{ host: reviews.shop.svc.cluster.local, subsets: [${names.map((name) => `{ name: ${name}, labels: { version: ${name} } }`).join(", ")}] }`

describe("a destination", () => {
  test("of another cluster of the mesh is there, and so are its ports", () => {
    const yaml = together(reviews, to("{ host: ledger.bank.svc.cluster.local, port: { number: 80 } }"))
    const bank = reviews.replace("reviews, namespace: shop", "ledger, namespace: bank").replace("9080", "80")
    expect(codes(yaml)).toEqual(["virtualservice.host_unknown"])
    expect(codes(yaml, { clusters: { west: bank } })).toEqual([])
  })

  test("is completed with the domain of the cluster", () => {
    const engine = new Engine({
      families,
      settings: { ...defaultSettings, domain: "corp.example" },
      strict: true,
    })
    const yaml = together(
      reviews,
      to("{ host: reviews }"),
      to("{ host: reviews.shop.svc.cluster.local }").replace("name: reviews", "name: far"),
    )
    for (const object of objectsOf(yaml)) engine.put(here, object)
    expect(engine.findings().map(({ code, object }) => `${code} ${object.name}`)).toContain(
      "virtualservice.host_unknown far",
    )
    expect(engine.findings().map(({ code, object }) => `${code} ${object.name}`)).not.toContain(
      "virtualservice.host_unknown reviews",
    )
  })

  test("may be a host within the wildcard of a ServiceEntry", () => {
    const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: partners, namespace: shop }
spec:
  hosts: ["*.partner.example"]
  ports: [{ number: 443, name: tls, protocol: TLS }]
`
    expect(codes(together(reviews, entry, to("{ host: api.partner.example }")))).toEqual([])
    expect(codes(together(reviews, entry, to("{ host: partner.example }")))).toEqual([
      "virtualservice.host_unknown",
    ])
  })

  test("shortened to name.namespace is told how to be written, with a fix", () => {
    const [finding] = findings(together(reviews, to("{ host: reviews.shop }")))
    expect(finding?.message).toContain("reviews.shop.svc.cluster.local is a service")
    expect(finding?.fix?.title).toBe("Write reviews.shop.svc.cluster.local")
  })

  test("with the targetPort for its port is told the port, with a fix", () => {
    const service = reviews.replace("port: 9080", "port: 80, targetPort: 9080")
    const [finding] = findings(together(service, to("{ host: reviews, port: { number: 9080 } }")))
    expect(finding?.message).toBe(
      "Service shop/reviews has no port 9080, which is the targetPort of its port 80",
    )
    expect(finding?.fix?.title).toBe("Write 80")
  })

  test("is not asked for while Services may not be read", () => {
    const engine = engineOf(to("{ host: gone }"), { families, states: { Service: "denied" } })
    expect(engine.findings()).toEqual([])
    expect(engine.notEvaluated()[0]).toMatchObject({ kind: "Service", state: "denied" })
    expect(codes(to("{ host: gone }"), { states: { Service: "absent" } })).toEqual([])
  })

  test("is said once for its host, at each place", () => {
    const twice = edge(`${rule("{ uri: { prefix: /a } }")}${rule("{ uri: { prefix: /b } }")}`).replaceAll(
      "host: reviews",
      "host: gone",
    )
    const found = findings(together(mesh, twice))
    expect(found.map(({ path }) => path)).toEqual([
      "spec.http[0].route[0].destination.host",
      "spec.http[1].route[0].destination.host",
    ])
    expect(new Set(found.map(({ message }) => message)).size).toBe(1)
  })
})

describe("routes on the mesh", () => {
  const tcp = "  hosts: [reviews]\n  tcp:\n  - route:\n    - destination: { host: reviews }"

  test("are not used where the service has no port of their kind", () => {
    expect(messages(together(reviews, virtualService("reviews", tcp)))).toEqual([
      "No port of its hosts uses tcp routes: 9080 of Service shop/reviews is http",
    ])
  })

  test("are used at a port whose protocol is found out", () => {
    const sniffed = reviews.replace("name: http", "name: main")
    expect(codes(together(sniffed, virtualService("reviews", tcp)))).toEqual([])
    expect(codes(together(sniffed, virtualService("reviews", `  hosts: [reviews]${toReviews}`)))).toEqual([])
  })
})

describe("a subset", () => {
  test("of a DestinationRule with a wildcard host counts", () => {
    const wide = destinationRule(
      `{ host: "*.shop.svc.cluster.local", subsets: [{ name: v1, labels: { version: v1 } }] }`,
    )
    expect(codes(together(reviews, wide, to("{ host: reviews, subset: v1 }")))).toEqual([])
  })

  test("in the root namespace counts where nearer ones say nothing", () => {
    const root = destinationRule(versions(["v1"]), "istio-system")
    expect(codes(together(reviews, root, to("{ host: reviews, subset: v1 }")))).toEqual([])
    const nearer = destinationRule(versions(["v2"]))
    expect(codes(together(reviews, root, nearer, to("{ host: reviews, subset: v1 }")))).toEqual([
      "virtualservice.subset_not_effective",
    ])
  })

  test("is looked up for the gateway's pods where the route is theirs", () => {
    const atEdge = destinationRule(versions(["v2"]), "edge")
    const shop = destinationRule(versions(["v1"]))
    const bound = edge("\n  - route:\n    - destination: { host: reviews, subset: v1 }")
    expect(messages(together(mesh, shop, atEdge, bound))).toEqual([
      "For clients in edge DestinationRule edge/reviews counts, without subset v1; it is defined by DestinationRule shop/reviews",
    ])
  })

  test("of an abbreviated host is looked for where the host is meant to be", () => {
    const rule = destinationRule(versions(["v1"]))
    expect(codes(together(reviews, rule, to("{ host: reviews.shop, subset: v1 }")))).toEqual([
      "virtualservice.host_unknown",
    ])
    expect(codes(together(reviews, rule, to("{ host: reviews.shop, subset: v2 }")))).toEqual([
      "virtualservice.host_unknown",
      "virtualservice.subset_unknown",
    ])
  })

  test("of a rule for a host that is none is laid at that rule", () => {
    const stray = destinationRule("{ host: review, subsets: [{ name: v1, labels: { version: v1 } }] }")
    const [finding] = findings(together(reviews, stray, to("{ host: reviews, subset: v1 }")))
    expect(finding).toMatchObject({ code: "virtualservice.subset_unknown", level: "warning" })
    expect(finding?.references).toMatchObject([{ object: { name: "reviews" }, path: "spec.host" }])
  })
})

describe("routes of several VirtualServices at a gateway", () => {
  test("are asked oldest first, and catch-all routes last of all", () => {
    const old = edge("\n  - route:\n    - destination: { host: reviews }", "a-old")
    const young = edge(rule("{ uri: { prefix: /cart } }"), "young", later)
    expect(codes(together(mesh, old, young))).toEqual([])
    const other = edge("\n  - route:\n    - destination: { host: reviews }", "other", later)
    expect(messages(together(mesh, old, other))).toEqual([
      "For shop.example.com all of its requests are taken by spec.http[0] of VirtualService shop/a-old, which is asked first",
    ])
  })

  test("meet at two Gateways of the same pods as well, if both take the host", () => {
    const second = gateway({ name: "second" })
    const old = edge(rule("{ uri: { prefix: /cart } }"), "old")
    const young = edge(rule("{ uri: { exact: /cart/1 } }"), "young", later).replace(
      "edge/public",
      "edge/second",
    )
    expect(codes(together(mesh, second, old, young))).toEqual([
      "gateway.host_shared",
      "gateway.host_shared",
      "virtualservice.rule_shadowed_elsewhere",
    ])
  })

  test("do not meet where methods, headers or hosts keep them apart", () => {
    const old = edge(rule("{ uri: { prefix: /cart }, method: { exact: GET } }"), "old")
    expect(codes(together(mesh, old, edge(rule("{ uri: { prefix: /cart/1 } }"), "young", later)))).toEqual([])
    const other = edge(rule("{ uri: { prefix: /cart/1 }, method: { exact: GET } }"), "young", later)
    expect(codes(together(mesh, old, other))).toEqual(["virtualservice.rule_shadowed_elsewhere"])
    const elsewhere = other.replace("shop.example.com", "www.example.com")
    const wide = together(reviews, ingress, gateway({ hosts: "*.example.com" }))
    expect(codes(together(wide, old, elsewhere))).toEqual([])
  })

  test("meet where a server leaves only one host of their wildcards", () => {
    const old = edge(rule("{ uri: { prefix: /cart } }"), "old").replace(
      "[shop.example.com]",
      '["*.example.com"]',
    )
    const young = edge(rule("{ uri: { exact: /cart/1 } }"), "young", later)
    expect(messages(together(mesh, old, young))).toEqual([
      "For shop.example.com all of its requests are taken by spec.http[0] of VirtualService shop/old, which is asked first",
    ])
    const wide = together(reviews, ingress, gateway({ hosts: "*.example.com" }))
    expect(codes(together(wide, old, young))).toEqual(["virtualservice.wildcard_narrowed"])
  })

  test("are said of the delegate that holds them", () => {
    const old = edge(rule("{ uri: { prefix: /cart } }"), "old")
    const root = edge(
      "\n  - match: [{ uri: { prefix: /cart/items } }]\n    delegate: { name: cart }",
      "root",
      later,
    )
    const cart = virtualService("cart", "  http:\n  - route:\n    - destination: { host: reviews }")
    expect(findings(together(mesh, old, root, cart))).toMatchObject([
      { code: "virtualservice.rule_shadowed_elsewhere", object: { name: "cart" }, path: "spec.http[0]" },
    ])
  })

  test("for connections: the first takes them all", () => {
    const tcp = gateway({ protocol: "TCP", hosts: "*" })
    const vs = (name: string, created?: string): string =>
      virtualService(
        name,
        '  hosts: ["*"]\n  gateways: [edge/public]\n  tcp:\n  - route:\n    - destination: { host: reviews }',
        created,
      )
    expect(findings(together(reviews, ingress, tcp, vs("old"), vs("young", later)))).toMatchObject([
      { object: { name: "young" }, path: "spec.tcp[0]" },
    ])
  })

  test("for TLS that passes through: the first with the name", () => {
    const tls = gateway({ protocol: "TLS", port: 443, tls: "{ mode: PASSTHROUGH }", hosts: "*.example.com" })
    const vs = (name: string, sni: string, created?: string): string =>
      virtualService(
        name,
        `  hosts: ["*.example.com"]\n  gateways: [edge/public]\n  tls:\n  - match: [{ sniHosts: [${sni}] }]\n    route:\n    - destination: { host: reviews }`,
        created,
      )
    const all = (sni: string): string =>
      together(reviews, ingress, tls, vs("old", "a.example.com"), vs("young", sni, later))
    expect(findings(all("a.example.com"))).toMatchObject([
      { object: { name: "young" }, path: "spec.tls[0].match[0].sniHosts[0]" },
    ])
    expect(codes(all("b.example.com"))).toEqual([])
  })
})

describe("VirtualServices with one host on the mesh", () => {
  const one = (name: string, spec: string, created?: string): string =>
    virtualService(name, `  hosts: [reviews]${spec}${toReviews}`, created)

  test("conflict; the oldest counts, but before it the one private to the clients' namespace", () => {
    const own = one("own", '\n  exportTo: ["."]', later)
    expect(findings(together(reviews, one("all", ""), own))).toMatchObject([
      { object: { name: "all" }, level: "error" },
      { object: { name: "own" }, level: "warning" },
    ])
  })

  test("are said once, however many hosts and others there are", () => {
    const two = (name: string): string => one(name, "").replace("[reviews]", "[reviews, ratings]")
    const ratings = reviews.replaceAll("reviews", "ratings")
    expect(messages(together(reviews, ratings, two("a"), two("b"), two("c")))).toEqual([
      "VirtualService shop/b, VirtualService shop/c have reviews.shop.svc.cluster.local, ratings.shop.svc.cluster.local as well; this one counts, what they say is ignored",
      "VirtualService shop/a, VirtualService shop/c have reviews.shop.svc.cluster.local, ratings.shop.svc.cluster.local as well; VirtualService shop/a counts, this one is ignored",
      "VirtualService shop/a, VirtualService shop/b have reviews.shop.svc.cluster.local, ratings.shop.svc.cluster.local as well; VirtualService shop/a counts, this one is ignored",
    ])
  })

  test("do not conflict where one is for connections and the other for requests", () => {
    const both = reviews.replace("ports: [", "ports: [{ name: tcp, port: 9000, protocol: TCP }, ")
    const tcp = virtualService(
      "tcp",
      "  hosts: [reviews]\n  tcp:\n  - route:\n    - destination: { host: reviews }",
    )
    expect(
      codes(
        together(
          both,
          one("http", "").replace("{ host: reviews }", "{ host: reviews, port: { number: 9080 } }"),
          tcp,
        ),
      ),
    ).toEqual([])
  })

  test("do not conflict at a gateway", () => {
    const bound = edge(rule("{ uri: { prefix: /a } }"), "a")
    expect(codes(together(mesh, bound, edge(rule("{ uri: { prefix: /b } }"), "b")))).toEqual([])
  })
})

describe("Gateways of the same pods", () => {
  const tls = "{ mode: PASSTHROUGH }"

  test("conflict where both have TLS for a name on a port, and the younger is left out", () => {
    const found = findings(
      together(
        ingress,
        gateway({ name: "a", protocol: "TLS", port: 443, tls }),
        gateway({ name: "b", protocol: "TLS", port: 443, tls }),
      ),
    )
    expect(found).toMatchObject([
      { object: { name: "a" }, level: "warning" },
      { object: { name: "b" }, level: "error" },
    ])
  })

  test("do not where ports, hosts, addresses or pods differ", () => {
    const a = gateway({ name: "a", protocol: "TLS", port: 443, tls })
    const b = gateway({ name: "b", protocol: "TLS", port: 443, tls })
    const bound = b.replace("  - port:", "  - bind: 10.0.0.1\n    port:")
    expect(codes(together(ingress, a, bound))).toEqual([])
    expect(codes(together(ingress, a, b.replace("shop.", "www.")))).toEqual([])
    const pods = ingress.replaceAll("ingressgateway", "other").replaceAll("ingress", "second")
    expect(codes(together(ingress, pods, a, b.replace("ingressgateway", "other")))).toEqual([])
  })

  test("that end TLS for one name cannot both do so, for whatever namespaces", () => {
    const ends = "{ mode: ISTIO_MUTUAL }"
    const https = { protocol: "HTTPS", port: 443 }
    const pair = (mode: string): string =>
      together(
        ingress,
        gateway({ ...https, name: "a", tls: mode, hosts: "shop/shop.example.com" }),
        gateway({ ...https, name: "b", tls: mode, hosts: "search/shop.example.com" }),
      )
    expect(codes(pair(ends))).toEqual(["gateway.server_conflict", "gateway.server_conflict"])
    expect(codes(pair(tls))).toEqual([])
  })

  test("that only send to HTTPS are plain HTTP as others are", () => {
    const redirect = gateway({ name: "a", tls: "{ httpsRedirect: true }" })
    expect(findings(together(ingress, redirect, gateway({ name: "b" })))).toMatchObject([
      { code: "gateway.host_shared", object: { name: "a" } },
      { code: "gateway.host_shared", object: { name: "b" } },
    ])
    expect(
      findings(together(ingress, redirect, gateway({ name: "b", protocol: "TCP", portName: "tcp" }))),
    ).toMatchObject([
      { code: "gateway.server_conflict", object: { name: "a" }, level: "warning" },
      { code: "gateway.server_conflict", object: { name: "b" }, level: "error" },
    ])
  })

  test("are compared at every server, whatever its place", () => {
    const first = `${gateway({ name: "a", port: 443, hosts: "www.example.com" })}  - port: { number: 80, name: second, protocol: HTTP }
    hosts: [shop.example.com]
`
    expect(findings(together(ingress, first, gateway({ name: "b" })))).toMatchObject([
      { object: { name: "a" }, path: "spec.servers[1]" },
      { object: { name: "b" }, path: "spec.servers[0]" },
    ])
  })

  test("without a pod are compared by their selectors", () => {
    const yaml = together(gateway({ name: "a" }), gateway({ name: "b" }))
    expect(codes(yaml, { states: { Pod: "absent", Service: "absent" } })).toEqual([
      "gateway.host_shared",
      "gateway.host_shared",
    ])
  })

  test("may have a Secret that is only written down yet", () => {
    const secret =
      "\napiVersion: v1\nkind: Secret\nmetadata: { name: shop, namespace: edge }\nstringData: { tls.crt: x, tls.key: y }\n"
    const https = gateway({ protocol: "HTTPS", port: 443, tls: "{ mode: SIMPLE, credentialName: shop }" })
    expect(findings(together(ingress, secret, https))).toMatchObject([
      { code: "gateway.credential_invalid", level: "info" },
    ])
    expect(codes(together(ingress, secret, https), { states: { Secret: "denied" } })).toEqual([])
  })

  test("that are nowhere to be seen are no error where no gateway is known", () => {
    const pod = "\napiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: shop, labels: { app: a } }\n"
    expect(findings(together(pod, gateway()))).toMatchObject([
      { code: "gateway.selector_unmatched", level: "info" },
    ])
  })
})

describe("a certificate", () => {
  test("grows old with the clock alone", () => {
    const secret = `
apiVersion: v1
kind: Secret
metadata: { name: shop, namespace: edge }
data: { tls.crt: ${untilNovember2026}, tls.key: a2V5 }
`
    const https = gateway({ protocol: "HTTPS", port: 443, tls: "{ mode: SIMPLE, credentialName: shop }" })
    const engine = engineOf(together(ingress, secret, https), { families })
    const at = (month: number, day: number): string[] => {
      engine.setTime(Date.UTC(2026, month - 1, day))
      return engine.findings().map(({ code }) => code)
    }
    expect(engine.findings()).toEqual([])
    expect(at(10, 1)).toEqual([])
    expect(at(10, 20)).toEqual(["gateway.certificate_expiring"])
    expect(at(11, 2)).toEqual(["gateway.certificate_expired"])
  })
})

describe("where the pods of a gateway are not known", () => {
  test("nothing is said of what they see", () => {
    const ledger = reviews.replace(
      "reviews, namespace: shop }",
      'ledger, namespace: bank, annotations: { networking.istio.io/exportTo: "edge" } }',
    )
    const bound = edge("\n  - route:\n    - destination: { host: ledger.bank.svc.cluster.local }")
    expect(
      codes(
        together(
          ledger,
          gateway().replace("namespace: edge", "namespace: other"),
          bound.replace("edge/public", "other/public"),
        ),
        { states: { Pod: "absent" } },
      ),
    ).toEqual([])
    expect(codes(together(ledger, ingress, gateway(), bound))).toEqual([])
  })
})

describe("a change", () => {
  test("of one object is followed by what it is about", () => {
    const engine = engineOf(together(mesh, edge(rule("{ uri: { prefix: /a } }"))), { families })
    expect(engine.findings()).toEqual([])
    engine.remove(here, { kind: "Gateway.networking.istio.io", namespace: "edge", name: "public" })
    expect(engine.findings().map(({ code }) => code)).toEqual(["virtualservice.gateway_unknown"])
    engine.remove(here, { kind: "Service", namespace: "shop", name: "reviews" })
    expect(engine.findings().map(({ code }) => code)).toEqual([
      "virtualservice.gateway_unknown",
      "virtualservice.host_unknown",
    ])
  })
})

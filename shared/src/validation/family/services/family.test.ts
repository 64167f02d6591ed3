import { describe, expect, test } from "vitest"
import type { Finding } from "../../finding.ts"
import { type Input, validateYaml } from "../../testing.ts"
import {
  destinationRule,
  documents,
  host,
  namespace,
  pod,
  service,
  serviceEntry,
  sidecar,
  virtualService,
} from "./examples-yaml.ts"
import { servicesExamples } from "./examples.ts"
import { services } from "./family.ts"
import { aroundFix, fixedIn } from "./fix-proof.ts"

const findings = (yaml: string, input: Input = {}): readonly Finding[] =>
  validateYaml(yaml, { families: [services], ...input })

const told = (yaml: string, input: Input = {}): string[] =>
  findings(yaml, input).map(({ code, object, path }) => `${code} ${object.name} ${path}`)

const node = (zone: string): string =>
  `apiVersion: v1\nkind: Node\nmetadata: { name: n1, labels: { topology.kubernetes.io/zone: ${zone} } }`

const placed = (name: string, labels: string): string =>
  pod(name, labels).replace("spec:", "spec:\n  nodeName: n1")

const inZone = destinationRule(
  "cart",
  "host: cart\nsubsets: [{ name: a, labels: { topology.kubernetes.io/zone: a } }]",
)
const v2 = destinationRule("cart", "host: cart\nsubsets: [{ name: v2, labels: { version: v2 } }]")

const deployment = (replicas: number): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: cart-v2, namespace: shop }\nspec:\n  replicas: ${replicas}\n  template: { metadata: { labels: { app: cart, version: v2 } } }`

describe("a subset", () => {
  const empty = ["destinationrule.subset_empty cart spec.subsets[0]"]
  const cart = service("cart")

  test("has the zone of its pods' nodes", () => {
    expect(told(documents(cart, placed("cart-x", "app: cart"), node("a"), inZone))).toEqual([])
    expect(told(documents(cart, placed("cart-x", "app: cart"), node("b"), inZone))).toEqual(empty)
  })

  test("may have the zone of a pod whose node is not known", () => {
    expect(told(documents(cart, placed("cart-x", "app: cart"), inZone))).toEqual([])
  })

  test("is not filled by pods of another service or namespace with the same labels", () => {
    expect(told(documents(cart, pod("web-x", "app: web, version: v2"), v2))).toEqual(empty)
    expect(told(documents(cart, pod("cart-x", "app: cart, version: v2", "front"), v2))).toEqual(empty)
  })

  test("is filled by pods of another cluster, and by a workload whose pods are to come", () => {
    const west = documents(cart, pod("cart-x", "app: cart, version: v2"))
    expect(told(documents(cart, v2), { clusters: { west } })).toEqual([])
    expect(told(documents(cart, deployment(1), v2))).toEqual([])
  })

  test("of a workload that is scaled to zero says so", () => {
    const [finding] = findings(documents(cart, deployment(0), v2))
    expect(finding?.message).toContain("scaled to zero")
  })

  test("is filled by the endpoints of a service entry", () => {
    const entry = (version: string): string =>
      serviceEntry(
        "vm",
        `hosts: [vm.example]\nresolution: STATIC\nports: [{ number: 80, name: http, protocol: HTTP }]\nendpoints: [{ address: 10.0.0.1, labels: { version: ${version} } }]`,
      )
    const rule = destinationRule("cart", "host: vm.example\nsubsets: [{ name: v2, labels: { version: v2 } }]")
    expect(told(documents(entry("v2"), rule))).toEqual([])
    expect(told(documents(entry("v1"), rule))).toEqual(empty)
  })

  test("of a name that is resolved is empty, as the address has no labels; of any address it is not", () => {
    const entry = (resolution: string): string =>
      serviceEntry(
        "api",
        `hosts: [api.example]\nresolution: ${resolution}\nports: [{ number: 80, name: http, protocol: HTTP }]`,
      )
    const rule = destinationRule(
      "cart",
      "host: api.example\nsubsets: [{ name: v2, labels: { version: v2 } }]",
    )
    expect(told(documents(entry("DNS"), rule))).toEqual(empty)
    expect(told(documents(entry("NONE"), rule))).toEqual([])
  })

  test("is an error only where routes send to it", () => {
    const route = virtualService(
      "cart",
      "hosts: [shop.example]\ngateways: [gw]\nhttp: [{ route: [{ destination: { host: cart, subset: v2 } }] }]",
    )
    expect(findings(documents(cart, v2)).map(({ level }) => level)).toEqual(["warning"])
    expect(findings(documents(cart, v2, route)).map(({ level }) => level)).toEqual(["error"])
  })
})

describe("the host of a DestinationRule", () => {
  const rule = (written: string): string => destinationRule("cart", `host: "${written}"`)

  test("may be of another cluster, of another domain, of a wildcard, of the cluster set", () => {
    expect(told(rule("cart"), { clusters: { west: service("cart") } })).toEqual([])
    expect(told(documents(service("cart"), rule("cart.shop.svc.corp")), { domain: "corp" })).toEqual([])
    for (const written of ["*.local", "*", "*.shop.svc.cluster.local", "cart.shop.svc.clusterset.local"])
      expect(told(documents(service("cart"), rule(written)))).toEqual([])
    expect(told(rule("*.front.svc.cluster.local"))).toHaveLength(1)
  })

  test("is unknown under the default domain where the domain is another one", () => {
    expect(told(documents(service("cart"), rule(host("cart"))), { domain: "corp" })).toHaveLength(1)
  })

  test("that is half a name is taken as it is, and mended", () => {
    const [finding] = findings(documents(service("cart"), rule("cart.shop")))
    expect(finding).toMatchObject({
      code: "destinationrule.host_unknown",
      fix: { title: `Write the host as ${host("cart")}` },
    })
  })

  test("is not looked for where services may not be read", () => {
    expect(told(rule("nowhere"), { states: { Service: "denied" } })).toEqual([])
  })
})

describe("a DestinationRule outside of its service's namespace", () => {
  const rule = (where: string): string =>
    destinationRule("cart", `host: ${host("cart")}`, { namespace: where })
  const hiding = sidecar("default", 'egress: [{ hosts: ["./*"] }]', { namespace: "front" })

  test("is for the workloads beside it, and for nobody where there are none", () => {
    expect(told(documents(service("cart"), pod("web", "app: web", "front"), rule("front")))).toEqual([])
    expect(told(documents(service("cart"), rule("config")))).toEqual([
      "destinationrule.never_used cart spec.host",
    ])
    expect(told(documents(service("cart"), rule("istio-system")))).toEqual([])
  })

  test("is not hidden from a gateway, which no Sidecar is for", () => {
    const gateway = `apiVersion: v1\nkind: Pod\nmetadata: { name: gw, namespace: front }\nspec: { containers: [{ name: istio-proxy }] }`
    const web = pod("web", "app: web", "front")
    expect(told(documents(service("cart"), web, hiding, rule("front")))).toEqual([
      "destinationrule.host_not_imported cart spec.host",
    ])
    expect(told(documents(service("cart"), web, gateway, hiding, rule("front")))).toEqual([])
  })
})

describe("a Service of three clusters", () => {
  test("is told of where it differs from the first", () => {
    const differing = service("cart").replace("name: http", "name: tcp")
    const clusters = { east: service("cart"), west: differing }
    const found = findings(service("cart"), { clusters })
    expect(found.map(({ cluster, code, path }) => [cluster, code, path])).toEqual([
      ["west", "service.cluster_drift", "spec.ports"],
    ])
  })
})

describe("a selector", () => {
  const selecting = sidecar("cart", "workloadSelector: { labels: { app: cart } }")

  test("may be for workloads that are to come, and for those of another cluster", () => {
    expect(told(selecting)).toEqual(["selector.unmatched cart spec.workloadSelector.labels"])
    expect(told(documents(deployment(0), selecting))).toEqual([])
    expect(told(selecting, { clusters: { remote: pod("cart", "app: cart") } })).toEqual([])
  })

  test("is not looked for where pods may not be read", () => {
    expect(told(selecting, { states: { Pod: "absent" } })).toEqual([])
  })
})

describe("a DestinationRule with a wildcard in a client's namespace", () => {
  const wide = destinationRule("all", 'host: "*.local"\ntrafficPolicy: { tls: { mode: ISTIO_MUTUAL } }', {
    namespace: "front",
  })
  const web = pod("web", "app: web", "front")
  const cart = documents(service("cart"), pod("cart-v2", "app: cart, version: v2"), web, v2)

  test("hides the subsets of services' own rules", () => {
    expect(told(documents(cart, wide))).toEqual(["destinationrule.shadowing all spec.host"])
  })

  test("does not where the namespace has a rule of its own for the host", () => {
    const own = destinationRule(
      "cart",
      `host: ${host("cart")}\nsubsets: [{ name: v2, labels: { version: v2 } }]`,
      { namespace: "front" },
    )
    expect(told(documents(cart, wide, own))).toEqual([])
  })
})

describe("two DestinationRules of one host", () => {
  const tls = "trafficPolicy: { tls: { mode: ISTIO_MUTUAL } }"

  test("go together when one has the policy and the other the subsets", () => {
    expect(
      told(
        documents(
          service("cart"),
          pod("cart-x", "app: cart, version: v2"),
          v2,
          destinationRule("policy", `host: ${host("cart")}\n${tls}`),
        ),
      ),
    ).toEqual([])
  })

  test("do not when they are for different clients", () => {
    const selecting = (name: string, app: string): string =>
      destinationRule(name, `host: cart\nworkloadSelector: { matchLabels: { app: ${app} } }\n${tls}`)
    const pods = documents(pod("a-x", "app: a"), pod("b-x", "app: b"))
    expect(told(documents(service("cart"), pods, selecting("a", "a"), selecting("b", "b")))).toEqual([])
    expect(told(documents(service("cart"), pods, selecting("a", "a"), selecting("b", "a")))).toHaveLength(2)
  })
})

describe("service entries of one host", () => {
  const api = (where: string, more: string): string =>
    serviceEntry(
      "api",
      `hosts: [api.example]\nresolution: DNS\nports: [{ number: 443, name: https, protocol: HTTPS }]\n${more}`,
      { namespace: where },
    )
  const privately = 'exportTo: ["."]'

  test("do not meet where each keeps to its namespace, and do where one is for all", () => {
    expect(told(documents(api("a", privately), api("b", privately), api("c", privately)))).toEqual([])
    expect(
      told(documents(api("a", privately), api("b", privately), api("c", "location: MESH_EXTERNAL"))),
    ).toEqual([
      "serviceentry.duplicate api spec.hosts[0]",
      "serviceentry.duplicate api spec.hosts[0]",
      "serviceentry.duplicate api spec.hosts[0]",
    ])
  })

  test("meet with wildcards too, and take a DestinationRule for one of their hosts", () => {
    const wide = (name: string): string =>
      api("a", "").replace("name: api,", `name: ${name},`).replace("api.example", '"*.example"')
    const rule = destinationRule("api", "host: v1.api.example", { namespace: "a" })
    expect(told(documents(wide("w"), rule))).toEqual([])
    expect(told(documents(wide("w"), wide("v")))).toEqual([
      "serviceentry.duplicate v spec.hosts[0]",
      "serviceentry.duplicate w spec.hosts[0]",
    ])
  })
})

describe("a Sidecar's egress", () => {
  const egress = (entry: string): string =>
    documents(namespace("shop"), service("cart"), sidecar("default", `egress: [{ hosts: ["${entry}"] }]`))

  test.each(["*/*", "./*", "~/*", "istio-system/*", "*/*.svc.cluster.local", `*/${host("cart")}`])(
    "may import %s",
    (entry) => {
      expect(told(egress(entry))).toEqual([])
    },
  )

  test.each(["nowhere/*", "*/*.example.com", `front/${host("cart")}`])("imports nothing by %s", (entry) => {
    expect(told(egress(entry))).toEqual(["sidecar.egress_unknown default spec.egress[0].hosts[0]"])
  })
})

describe("fixes of services", () => {
  const families = [services]
  const all = fixedIn(
    [
      ...servicesExamples.map(({ fires }) => fires),
      documents(service("cart"), destinationRule("cart", 'host: "cart.shop"')),
    ],
    families,
  )

  test("are there", () => {
    expect(new Set(all.map(({ finding }) => finding.code))).toEqual(
      new Set(["destinationrule.host_unknown", "exportto.namespace_unknown", "sidecar.outbound_mode"]),
    )
  })

  test.each(all)("$finding.fix.title removes $finding.code and adds nothing", (one) => {
    const { before, after } = aroundFix(one, families)
    expect(after).toEqual(before)
  })
})

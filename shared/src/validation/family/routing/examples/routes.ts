import type { Example } from "../../../check.ts"
import { destinationRule, gateway, ingress, reviews, together, toReviews, virtualService } from "./parts.ts"

const mesh = together(reviews, ingress, gateway())
const later = "2026-02-01T00:00:00Z"

const partners = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: partners, namespace: shop }
spec:
  hosts: ["*.example.com", example.com, a.example.org]
  ports: [{ number: 80, name: http, protocol: HTTP }]
`

const onMesh = (name: string, hosts: string, more = ""): string =>
  virtualService(name, `  hosts: ${hosts}${more}${toReviews}`)

const prefixed = (name: string, prefix: string, created?: string): string =>
  virtualService(
    name,
    `  hosts: [shop.example.com]
  gateways: [edge/public]
  http:
  - match: [{ uri: { prefix: ${prefix} } }]
    route:
    - destination: { host: reviews }`,
    created,
  )

const twoMatches = (second: string): string =>
  virtualService(
    "young",
    `  hosts: [shop.example.com]
  gateways: [edge/public]
  http:
  - match: [{ uri: { prefix: /help } }, { uri: { prefix: ${second} } }]
    route:
    - destination: { host: reviews }`,
    later,
  )

const delegating = (name: string, namespace = "shop"): string =>
  virtualService(
    "root",
    `  hosts: [shop.example.com]
  gateways: [edge/public]
  http:
  - match: [{ uri: { prefix: /cart } }]
    delegate: { name: ${name}, namespace: ${namespace} }`,
  )

const delegate = (more: string): string => virtualService("cart", more)
const cart = `  http:
  - match: [{ uri: { prefix: /cart/items } }]
    route:
    - destination: { host: reviews }`

const elsewhere = (exportTo: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: cart }
spec:
  exportTo: ["${exportTo}"]
  http:
  - route:
    - destination: { host: reviews.shop.svc.cluster.local }
`

const sidecar = (hosts: string): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: search }
spec:
  egress: [{ hosts: ["${hosts}"] }]
`

const bySubset = (gateways: string): string =>
  virtualService(
    "reviews",
    `  hosts: [reviews]\n  gateways: ${gateways}\n  http:\n  - route:\n    - destination: { host: reviews, subset: v1 }`,
  )

const v1 = destinationRule("{ host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }")
const wide = gateway({ hosts: "*.example.com" })

export const routeExamples: readonly Example[] = [
  {
    code: "virtualservice.mesh_host_conflict",
    fires: together(reviews, onMesh("one", "[reviews]"), onMesh("two", "[reviews.shop.svc.cluster.local]")),
    silent: together(
      reviews,
      onMesh("one", "[reviews, reviews.shop.svc.cluster.local]", "\n  exportTo: [shop]"),
      onMesh("two", "[reviews]", "\n  exportTo: [search]"),
    ),
    note: "Two spellings in one VirtualService are one host, and VirtualServices for different namespaces never meet",
  },
  {
    code: "virtualservice.mesh_host_overridden",
    fires: together(
      reviews,
      partners,
      onMesh("all", '["*.example.com"]'),
      onMesh("own", "[a.example.com]", '\n  exportTo: ["."]'),
    ),
    silent: together(
      reviews,
      partners,
      onMesh("all", '["*.example.com"]'),
      onMesh("own", "[a.example.org]", '\n  exportTo: ["."]'),
    ),
  },
  {
    code: "virtualservice.wildcard_narrowed",
    fires: together(reviews, partners, onMesh("all", '["*.example.com"]'), onMesh("one", "[a.example.com]")),
    silent: together(reviews, partners, onMesh("all", '["*.example.com"]'), onMesh("one", "[example.com]")),
  },
  {
    code: "virtualservice.not_imported",
    fires: together(reviews, sidecar("./*"), onMesh("reviews", "[reviews]", "\n  exportTo: [search]")),
    silent: together(reviews, sidecar("shop/*"), onMesh("reviews", "[reviews]", "\n  exportTo: [search]")),
  },
  {
    code: "virtualservice.rule_shadowed_elsewhere",
    fires: together(mesh, prefixed("old", "/cart"), prefixed("young", "/cart/items", later)),
    silent: together(mesh, prefixed("old", "/cart/items"), prefixed("young", "/cart", later)),
    note: "The older one is asked first",
  },
  {
    code: "virtualservice.match_shadowed_elsewhere",
    fires: together(mesh, prefixed("old", "/cart"), twoMatches("/cart/items")),
    silent: together(mesh, prefixed("old", "/cart"), twoMatches("/about")),
  },
  {
    code: "virtualservice.delegate_unknown",
    fires: together(mesh, delegating("cart"), delegate(cart).replace("name: cart", "name: carts")),
    silent: together(mesh, delegating("cart"), delegate(cart)),
  },
  {
    code: "virtualservice.delegate_has_hosts",
    fires: together(mesh, delegating("cart"), delegate(`  hosts: [cart.example.com]\n${cart}`)),
    silent: together(mesh, delegating("cart"), delegate(cart)),
  },
  {
    code: "virtualservice.delegate_not_exported",
    fires: together(mesh, delegating("cart", "cart"), elsewhere(".")),
    silent: together(mesh, delegating("cart", "cart"), elsewhere("shop")),
  },
  {
    code: "virtualservice.delegate_nested",
    fires: together(mesh, delegating("cart"), delegate("  http:\n  - delegate: { name: last }")),
    silent: together(mesh, delegating("cart"), delegate(cart)),
  },
  {
    code: "virtualservice.delegate_match_conflict",
    fires: together(mesh, delegating("cart"), delegate(cart.replace("/cart/items", "/checkout"))),
    silent: together(mesh, delegating("cart"), delegate(cart)),
  },
  {
    code: "virtualservice.delegate_unused",
    fires: together(reviews, delegate(cart)),
    silent: together(mesh, delegating("cart"), delegate(cart)),
  },
  {
    code: "virtualservice.ingress_bypass",
    fires: together(mesh, v1, bySubset("[mesh]"), prefixed("edge", "/")),
    silent: together(
      reviews,
      ingress,
      wide,
      v1,
      bySubset("[mesh]"),
      prefixed("edge", "/").replace("{ host: reviews }", "{ host: reviews, subset: v1 }"),
    ),
  },
]

import type { Example } from "../../check.ts"
import {
  destinationRule,
  documents,
  host,
  namespace,
  pod,
  service,
  sidecar,
  virtualService,
} from "./examples-yaml.ts"

const cart = documents(service("cart"), pod("cart-v1-x", "app: cart, version: v1"))
const web = documents(service("web", "front"), pod("web-x", "app: web", "front"))

const subsets = (version: string): string =>
  `host: cart\nsubsets: [{ name: ${version}, labels: { version: ${version} } }]`

const outlier = "trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } }"

export const destinationRuleExamples: readonly Example[] = [
  {
    code: "destinationrule.host_unknown",
    fires: documents(cart, destinationRule("cart", `host: carts\n${outlier}`)),
    silent: documents(cart, destinationRule("cart", `host: cart\n${outlier}`)),
  },
  {
    code: "destinationrule.host_hidden",
    fires: documents(
      web,
      service("cart", "shop", '"networking.istio.io/exportTo": "."'),
      destinationRule("cart", `host: ${host("cart")}\n${outlier}`, { namespace: "front" }),
    ),
    silent: documents(
      web,
      namespace("front"),
      service("cart", "shop", '"networking.istio.io/exportTo": ".,front"'),
      destinationRule("cart", `host: ${host("cart")}\n${outlier}`, { namespace: "front" }),
    ),
  },
  {
    code: "destinationrule.host_not_imported",
    fires: documents(
      web,
      cart,
      sidecar("default", 'egress: [{ hosts: ["./*"] }]', { namespace: "front" }),
      destinationRule("cart", `host: ${host("cart")}\n${outlier}`, { namespace: "front" }),
    ),
    silent: documents(
      web,
      cart,
      sidecar("default", `egress: [{ hosts: ["./*", "shop/${host("cart")}"] }]`, { namespace: "front" }),
      destinationRule("cart", `host: ${host("cart")}\n${outlier}`, { namespace: "front" }),
    ),
  },
  {
    code: "destinationrule.never_used",
    fires: documents(
      namespace("front"),
      cart,
      destinationRule("cart", `host: ${host("cart")}\nexportTo: [front]\n${outlier}`, {
        namespace: "config",
      }),
    ),
    silent: documents(
      namespace("front"),
      cart,
      destinationRule("cart", `host: ${host("cart")}\nexportTo: [front]\n${outlier}`, {
        namespace: "istio-system",
      }),
    ),
    note: "Rules of the root namespace are for all",
  },
  {
    code: "destinationrule.subset_empty",
    fires: documents(
      cart,
      destinationRule("cart", subsets("v2")),
      virtualService(
        "cart",
        "hosts: [cart]\nhttp: [{ route: [{ destination: { host: cart, subset: v2 } }] }]",
      ),
    ),
    silent: documents(
      cart,
      destinationRule("cart", subsets("v1")),
      virtualService(
        "cart",
        "hosts: [cart]\nhttp: [{ route: [{ destination: { host: cart, subset: v1 } }] }]",
      ),
    ),
  },
  {
    code: "destinationrule.subset_unlabelled",
    fires: documents(cart, destinationRule("cart", "host: cart\nsubsets: [{ name: all }]")),
    silent: documents(cart, destinationRule("cart", subsets("v1"))),
  },
  {
    code: "destinationrule.duplicate",
    fires: documents(
      cart,
      destinationRule("cart-a", subsets("v1")),
      destinationRule("cart-b", `${subsets("v1")}\n${outlier}`),
    ),
    silent: documents(
      cart,
      pod("cart-v2-x", "app: cart, version: v2"),
      destinationRule("cart-a", subsets("v1")),
      destinationRule("cart-b", subsets("v2")),
    ),
    note: "Istio joins rules of one host: different subsets go together",
  },
  {
    code: "destinationrule.shadowing",
    fires: documents(
      cart,
      web,
      destinationRule("cart", subsets("v1")),
      destinationRule("cart", `host: ${host("cart")}\n${outlier}`, { namespace: "front" }),
    ),
    silent: documents(
      cart,
      web,
      destinationRule("cart", `${subsets("v1")}\nexportTo: ["."]`),
      destinationRule("cart", `host: ${host("cart")}\n${outlier}`, { namespace: "front" }),
    ),
    note: "What is not exported to the client's namespace is not lost there",
  },
]

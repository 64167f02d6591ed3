import type { Example } from "../../check.ts"
import { documents } from "../services/examples-yaml.ts"
import {
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

const base = documents(gateway("gw", listening(http)), service("cart"))
const matching = (path: string): string =>
  `- matches: [{ path: { type: PathPrefix, value: ${path} } }]\n  backendRefs: [{ name: cart, port: 80 }]`
const filtering = (filters: string): string =>
  `- filters: [${filters}]\n  backendRefs: [{ name: cart, port: 80 }]`
const header = "{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [x-a] } }"
const redirect = "{ type: RequestRedirect, requestRedirect: { scheme: https } }"

const grant = (name: string): string =>
  referenceGrant(
    name,
    'from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: front }]\nto: [{ group: "", kind: Service, name: cart }]',
  )
const across = documents(
  gateway("gw", listening(http), { namespace: "front" }),
  service("cart"),
  httpRoute("cart", attached("- backendRefs: [{ name: cart, namespace: shop, port: 80 }]"), {
    namespace: "front",
  }),
)

export const routeExamples: readonly Example[] = [
  {
    code: "route.parent_unknown",
    fires: documents(base, httpRoute("cart", `parentRefs: [{ name: gv }]\nrules:\n${toCart}`)),
    silent: documents(base, httpRoute("cart", attached(toCart))),
  },
  {
    code: "route.listener_unknown",
    fires: documents(
      base,
      httpRoute("cart", `parentRefs: [{ name: gw, sectionName: https }]\nrules:\n${toCart}`),
    ),
    silent: documents(
      base,
      httpRoute("cart", `parentRefs: [{ name: gw, sectionName: http, port: 80 }]\nrules:\n${toCart}`),
    ),
  },
  {
    code: "route.kind_not_allowed",
    fires: documents(base, tcpRoute("cart", attached(toCart))),
    silent: documents(
      gateway("gw", listening("name: tcp, port: 6379, protocol: TCP")),
      service("cart"),
      tcpRoute("cart", attached(toCart)),
    ),
  },
  {
    code: "route.namespace_not_allowed",
    fires: documents(
      gateway("gw", listening(http), { namespace: "infra" }),
      service("cart"),
      httpRoute("cart", `parentRefs: [{ name: gw, namespace: infra }]\nrules:\n${toCart}`),
    ),
    silent: documents(
      namespace("shop"),
      gateway(
        "gw",
        listening(
          `${http}, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: shop } } } }`,
        ),
        { namespace: "infra" },
      ),
      service("cart"),
      httpRoute("cart", `parentRefs: [{ name: gw, namespace: infra }]\nrules:\n${toCart}`),
    ),
  },
  {
    code: "route.hostname_unmatched",
    fires: documents(
      gateway("gw", listening(`${http}, hostname: "*.shop.example"`)),
      service("cart"),
      httpRoute("cart", attached(toCart, "hostnames: [cart.shop.test]")),
    ),
    silent: documents(
      gateway("gw", listening(`${http}, hostname: "*.shop.example"`)),
      service("cart"),
      httpRoute("cart", attached(toCart, "hostnames: [cart.shop.example]")),
    ),
  },
  {
    code: "route.backend_unknown",
    fires: documents(base, httpRoute("cart", attached("- backendRefs: [{ name: carts, port: 80 }]"))),
    silent: documents(
      base,
      httpRoute(
        "cart",
        attached("- backendRefs: [{ name: cart, port: 80 }, { name: carts, port: 80, weight: 0 }]"),
      ),
    ),
    note: "A backend with weight 0 is not looked for",
  },
  {
    code: "route.backend_port_unknown",
    fires: documents(base, httpRoute("cart", attached("- backendRefs: [{ name: cart, port: 8080 }]"))),
    silent: documents(base, httpRoute("cart", attached(toCart))),
  },
  {
    code: "route.backend_not_granted",
    fires: across,
    silent: documents(namespace("front"), across, grant("cart")),
  },
  {
    code: "route.backend_kind_unknown",
    fires: documents(
      base,
      httpRoute("cart", attached("- backendRefs: [{ kind: Deployment, group: apps, name: cart, port: 80 }]")),
    ),
    silent: documents(
      base,
      httpRoute(
        "cart",
        attached(
          "- backendRefs: [{ kind: Hostname, group: networking.istio.io, name: cart.shop.svc.cluster.local, port: 80 }]",
        ),
      ),
    ),
  },
  {
    code: "route.no_backend",
    fires: documents(base, httpRoute("cart", attached("- matches: [{ path: { value: /old } }]"))),
    silent: documents(base, httpRoute("cart", attached(`- filters: [${redirect}]`))),
  },
  {
    code: "route.match_taken",
    fires: documents(
      base,
      httpRoute("old", attached(matching("/cart")), { created: "2026-01-01T00:00:00Z" }),
      httpRoute("new", attached(matching("/cart/")), { created: "2026-02-01T00:00:00Z" }),
    ),
    silent: documents(
      base,
      httpRoute("old", attached(matching("/cart")), { created: "2026-01-01T00:00:00Z" }),
      httpRoute("new", attached(matching("/cart/api")), { created: "2026-02-01T00:00:00Z" }),
    ),
    note: "A longer prefix goes first, whatever its age",
  },
  {
    code: "route.filter_unsupported",
    fires: documents(
      base,
      httpRoute(
        "cart",
        attached(
          filtering("{ type: ExtensionRef, extensionRef: { group: x.example, kind: Limit, name: l } }"),
        ),
      ),
    ),
    silent: documents(base, httpRoute("cart", attached(filtering(header)))),
  },
  {
    code: "route.field_ignored",
    fires: documents(base, grpcRoute("cart", attached(`${toCart}\n  sessionPersistence: { type: Cookie }`))),
    silent: documents(base, grpcRoute("cart", attached(`${toCart}\n  name: cart`))),
  },
  {
    code: "referencegrant.namespace_unknown",
    fires: documents(namespace("shop"), service("cart"), grant("cart")),
    silent: documents(namespace("shop"), namespace("front"), service("cart"), grant("cart")),
  },
  {
    code: "referencegrant.grants_nothing",
    fires: documents(namespace("front"), service("stock"), grant("cart")),
    silent: documents(namespace("front"), service("cart"), grant("cart")),
  },
]

import type { ObjectInput } from "#demo/kube/store.ts"
import type { Behaviour, Call, Origin } from "#demo/traffic/behaviour.ts"
import { type App, appObjects, behavioursOf, callTo } from "./app.ts"
import { bookinfoBehaviours, bookinfoObjects, bookinfoOrigins } from "./bookinfo.ts"
import { controlPlane, nodes } from "./control-plane.ts"
import { type DemoMesh, call, istio, namespace, object, security } from "./parts.ts"
import { shopApps, shopOutside } from "./shop-apps.ts"

const meshed = ["storefront", "catalog", "checkout", "accounts", "fulfilment", "analytics"]
const host = "shop.example.com"
const { erp, provider, mailer } = shopOutside

const backend = (name: string, namespaceOfIt = "storefront") => ({
  destination: { host: `${name}.${namespaceOfIt}.svc.cluster.local`, port: { number: 8080 } },
})

const entry: readonly ObjectInput[] = [
  istio("Gateway", "storefront", "shop", {
    selector: { istio: "ingressgateway" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: [host] }],
  }),
  istio("VirtualService", "storefront", "shop", {
    hosts: [host],
    gateways: ["shop"],
    http: [
      { match: [{ uri: { prefix: "/m/" } }], route: [backend("mobile-bff")], timeout: "5s" },
      { match: [{ uri: { prefix: "/assets/" } }], route: [backend("assets")] },
      { match: [{ uri: { prefix: "/reports" } }], route: [backend("dashboards", "analytics")] },
      { route: [backend("web")] },
    ],
  }),
]

/** A canary of orders at a tenth, a slow service with a timeout, a circuit breaker before what fails. */
const routing: readonly ObjectInput[] = [
  istio("DestinationRule", "checkout", "orders", {
    host: "orders",
    subsets: [
      { name: "stable", labels: { version: "v1" } },
      { name: "canary", labels: { version: "v2" } },
    ],
  }),
  istio("VirtualService", "checkout", "orders", {
    hosts: ["orders"],
    http: [
      {
        name: "canary",
        route: [
          { destination: { host: "orders", subset: "stable" }, weight: 90 },
          { destination: { host: "orders", subset: "canary" }, weight: 10 },
        ],
      },
    ],
  }),
  istio("DestinationRule", "checkout", "payment", {
    host: "payment",
    trafficPolicy: {
      connectionPool: { http: { http1MaxPendingRequests: 64, maxRequestsPerConnection: 100 } },
      outlierDetection: {
        consecutive5xxErrors: 20,
        interval: "10s",
        baseEjectionTime: "30s",
        maxEjectionPercent: 50,
      },
    },
  }),
  istio("VirtualService", "catalog", "recommendations", {
    hosts: ["recommendations"],
    http: [
      { route: [{ destination: { host: "recommendations" } }], timeout: "1.5s", retries: { attempts: 0 } },
    ],
  }),
  istio("DestinationRule", "catalog", "search-index", {
    host: "search-index",
    trafficPolicy: { loadBalancer: { simple: "LEAST_REQUEST" } },
  }),
]

const policies: readonly ObjectInput[] = [
  security("PeerAuthentication", "istio-system", "default", { mtls: { mode: "PERMISSIVE" } }),
  security("PeerAuthentication", "checkout", "default", { mtls: { mode: "STRICT" } }),
  security("AuthorizationPolicy", "checkout", "payment-callers", {
    selector: { matchLabels: { app: "payment" } },
    action: "ALLOW",
    rules: [{ from: [{ source: { principals: ["cluster.local/ns/checkout/sa/checkout"] } }] }],
  }),
  security("AuthorizationPolicy", "accounts", "users-db-callers", {
    selector: { matchLabels: { app: "users-db" } },
    action: "ALLOW",
    rules: [{ from: [{ source: { namespaces: ["accounts"] } }] }],
  }),
]

const outside: readonly ObjectInput[] = [
  istio("ServiceEntry", "checkout", "payment-provider", {
    hosts: [provider.host],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: [{ number: provider.port, name: "http-tls", protocol: "HTTP" }],
  }),
  istio("ServiceEntry", "accounts", "mailer", {
    hosts: [mailer.host],
    location: "MESH_EXTERNAL",
    resolution: "DNS",
    ports: [{ number: mailer.port, name: "tcp-smtp", protocol: "TCP" }],
  }),
  istio("ServiceEntry", "fulfilment", "erp", {
    hosts: [erp.host],
    location: "MESH_INTERNAL",
    resolution: "STATIC",
    ports: [{ number: erp.port, name: "http", protocol: "HTTP" }],
    workloadSelector: { labels: { app: "erp" } },
  }),
  istio("WorkloadEntry", "fulfilment", "erp-vm-1", {
    address: "192.0.2.17",
    labels: { app: "erp", version: "v7" },
    serviceAccount: "erp",
  }),
  object("v1", "ServiceAccount", { namespace: "fulfilment", name: "erp" }, {}),
]

const without = (app: App): App => ({ ...app, calls: app.calls.filter(({ to }) => to !== "fulfilment/erp") })

/** Calls that leave the cluster are no app's service, so the table cannot name them. */
const extraCalls: Readonly<Record<string, Call[]>> = {
  "checkout/payment": [
    call({ host: provider.host, port: provider.port, method: "POST", path: "/v2/charges" }),
  ],
  "accounts/email": [
    call({ host: mailer.host, port: mailer.port, protocol: "tcp", bytes: { sent: 18_000, received: 300 } }),
  ],
  "fulfilment/warehouse": [{ ...callTo(erp, 0.6), host: erp.host }],
}

function behaviours(): Map<string, Behaviour> {
  const known = behavioursOf(shopApps.map(without))
  for (const [name, calls] of Object.entries(extraCalls)) {
    const own = known.get(name)
    if (own) known.set(name, { ...own, calls: [...own.calls, ...calls] })
  }
  known.set("fulfilment/erp-vm-1", { latencyMs: erp.latencyMs, errors: erp.errors, calls: [] })
  return new Map([...known, ...bookinfoBehaviours])
}

const visits = (perSecond: number, path: string): Origin => ({
  workload: "istio-system/istio-ingressgateway",
  perSecond,
  call: call({ host, port: 80, path, bytes: { sent: 460, received: 14_200 } }),
})

const job = (workload: string, perSecond: number, to: string): Origin[] => {
  const target = shopApps.find((app) => `${app.namespace}/${app.name}` === to)
  return target ? [{ workload, perSecond, call: callTo(target, 1) }] : []
}

const origins: readonly Origin[] = [
  visits(46, "/"),
  visits(18, "/m/home"),
  visits(70, "/assets/app.css"),
  visits(0.6, "/reports"),
  ...job("legacy/intranet", 1.5, "catalog/catalog"),
  ...job("legacy/intranet", 0.7, "catalog/opinions"),
  ...job("analytics/reports", 0.4, "checkout/payment"),
  ...job("analytics/dashboards", 0.3, "accounts/users-db"),
  ...bookinfoOrigins,
]

/** A shop of some forty services in seven namespaces, with Bookinfo beside it: the default demo. */
export const shop = (): DemoMesh => ({
  name: "shop",
  objects: [
    ...nodes(3),
    ...controlPlane(2),
    ...meshed.map((name) => namespace(name, { "istio-injection": "enabled" })),
    namespace("legacy"),
    ...shopApps.flatMap(appObjects),
    ...entry,
    ...routing,
    ...policies,
    ...outside,
    ...bookinfoObjects(),
  ],
  demand: { origins, behaviours: behaviours() },
})

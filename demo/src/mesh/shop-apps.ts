import { type App, app } from "./app.ts"

type Target = App["calls"][number]

/** `"cart"`, `"cart*2"` (twice a request) or `"cart!"` (the request fails with it); names without a namespace are in the caller's own. */
const calls = (namespace: string, ...targets: string[]): Target[] =>
  targets.map((text) => {
    const [, name = "", times = "1", needed = ""] = /^([^*!]+)(?:\*([\d.]+))?(!)?$/.exec(text) ?? []
    return {
      to: name.includes("/") ? name : `${namespace}/${name}`,
      perRequest: Number(times),
      critical: needed === "!",
    }
  })

const grpc = { protocol: "grpc", port: 9000 } as const
const tcp = (port: number, portName: string, image: string): Partial<App> => ({
  protocol: "tcp",
  port,
  portName,
  image,
  latencyMs: 1,
})
const postgres = tcp(5432, "tcp-postgres", "docker.io/library/postgres:17.2")
const redis = tcp(6379, "redis", "docker.io/library/redis:7.4.1")

const storefront: readonly App[] = [
  app("storefront", "web", {
    replicas: 3,
    latencyMs: 14,
    calls: calls(
      "storefront",
      "catalog/catalog*1.4!",
      "search*0.3",
      "checkout/cart*0.4",
      "accounts/auth*0.6",
      "ads*0.8",
    ),
  }),
  app("storefront", "mobile-bff", {
    replicas: 2,
    latencyMs: 11,
    calls: calls(
      "storefront",
      "catalog/catalog!",
      "checkout/cart*0.3",
      "accounts/auth*0.9",
      "catalog/recommendations*0.5",
    ),
  }),
  app("storefront", "search", { replicas: 2, latencyMs: 18, calls: calls("catalog", "search-index*2!") }),
  app("storefront", "assets", { replicas: 2, latencyMs: 2, calls: calls("catalog", "images*0.2") }),
  app("storefront", "ads", { latencyMs: 6, calls: calls("analytics", "collector") }),
]

const catalog: readonly App[] = [
  app("catalog", "catalog", {
    ...grpc,
    replicas: 3,
    latencyMs: 5,
    calls: calls("catalog", "catalog-db*2!", "pricing!", "inventory*0.7", "opinions*0.4"),
  }),
  app("catalog", "pricing", {
    ...grpc,
    replicas: 2,
    latencyMs: 3,
    calls: calls("catalog", "catalog-db*0.2", "currency*0.3"),
  }),
  app("catalog", "currency", { ...grpc, latencyMs: 2 }),
  app("catalog", "inventory", { ...grpc, replicas: 2, latencyMs: 4, calls: calls("catalog", "catalog-db") }),
  app("catalog", "opinions", { latencyMs: 7, calls: calls("catalog", "catalog-db", "accounts/users*0.1") }),
  // the slow one: a model that takes its time
  app("catalog", "recommendations", {
    ...grpc,
    replicas: 2,
    latencyMs: 640,
    calls: calls("catalog", "features*3"),
  }),
  app("catalog", "features", { ...grpc, latencyMs: 4, calls: calls("catalog", "features-redis") }),
  app("catalog", "features-redis", redis),
  app("catalog", "images", { latencyMs: 9 }),
  app("catalog", "catalog-db", postgres),
  app("catalog", "search-index", {
    kind: "StatefulSet",
    port: 9200,
    replicas: 3,
    latencyMs: 12,
    image: "docker.io/opensearchproject/opensearch:2.18.0",
  }),
]

const checkout: readonly App[] = [
  app("checkout", "cart", {
    replicas: 2,
    latencyMs: 6,
    calls: calls("checkout", "cart-redis*2!", "coupons*0.2", "checkout*0.15"),
  }),
  app("checkout", "cart-redis", redis),
  app("checkout", "checkout", {
    replicas: 2,
    latencyMs: 16,
    calls: calls("checkout", "orders!", "payment!", "tax", "fulfilment/shipping", "accounts/notifications"),
  }),
  app("checkout", "orders", {
    ...grpc,
    replicas: 2,
    versions: ["v1", "v2"],
    latencyMs: 8,
    calls: calls("checkout", "orders-db*2!", "fulfilment/event-bus"),
  }),
  app("checkout", "orders-db", postgres),
  // the failing one: its provider drops one call in twelve
  app("checkout", "payment", {
    replicas: 2,
    latencyMs: 45,
    errors: { share: 0.08, code: 502, grpc: "14" },
    calls: calls("checkout", "ledger"),
  }),
  app("checkout", "ledger", { ...grpc, latencyMs: 5, calls: calls("checkout", "orders-db*0.5") }),
  app("checkout", "tax", { latencyMs: 4 }),
  app("checkout", "coupons", { latencyMs: 3, calls: calls("checkout", "cart-redis*0.3") }),
]

const accounts: readonly App[] = [
  app("accounts", "auth", {
    replicas: 2,
    latencyMs: 7,
    calls: calls("accounts", "sessions*1.2!", "users*0.3"),
  }),
  app("accounts", "users", { ...grpc, replicas: 2, latencyMs: 5, calls: calls("accounts", "users-db") }),
  app("accounts", "users-db", postgres),
  app("accounts", "sessions", redis),
  app("accounts", "notifications", { latencyMs: 5, calls: calls("accounts", "email*0.8", "loyalty*0.5") }),
  app("accounts", "email", { latencyMs: 22 }),
  app("accounts", "loyalty", { latencyMs: 6, calls: calls("accounts", "users") }),
]

const fulfilment: readonly App[] = [
  app("fulfilment", "shipping", {
    latencyMs: 12,
    calls: calls("fulfilment", "carriers", "labels*0.5", "warehouse"),
  }),
  app("fulfilment", "warehouse", {
    replicas: 2,
    latencyMs: 9,
    calls: calls("fulfilment", "event-bus", "erp*0.6"),
  }),
  app("fulfilment", "carriers", { latencyMs: 30 }),
  app("fulfilment", "labels", { latencyMs: 15 }),
  app("fulfilment", "event-bus", {
    ...tcp(9092, "tcp-kafka", "docker.io/apache/kafka:4.0.0"),
    kind: "StatefulSet",
    replicas: 3,
  }),
]

const analytics: readonly App[] = [
  app("analytics", "collector", { replicas: 2, latencyMs: 2, calls: calls("fulfilment", "event-bus*0.5") }),
  app("analytics", "reports", {
    latencyMs: 80,
    calls: calls("analytics", "analytics-db*4!", "checkout/payment*0.5"),
  }),
  app("analytics", "dashboards", { latencyMs: 25, calls: calls("analytics", "reports", "analytics-db") }),
  app("analytics", "analytics-db", postgres),
]

/** Outside of the mesh's care: no sidecar. */
const legacy: readonly App[] = [
  app("legacy", "intranet", {
    sidecar: false,
    latencyMs: 35,
    calls: calls("catalog", "catalog", "opinions*0.5"),
  }),
]

export const shopApps: readonly App[] = [
  ...storefront,
  ...catalog,
  ...checkout,
  ...accounts,
  ...fulfilment,
  ...analytics,
  ...legacy,
]

/** What is called but has no pods: a machine beside the cluster, and hosts of others. */
export const shopOutside = {
  erp: { ...app("fulfilment", "erp", { port: 8080, latencyMs: 55 }), host: "erp.shop.internal" },
  provider: { host: "api.payments.example", port: 443 },
  mailer: { host: "smtp.mail.example", port: 587 },
} as const

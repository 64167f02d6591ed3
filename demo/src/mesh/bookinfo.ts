import type { ObjectInput } from "#demo/kube/store.ts"
import type { Behaviour, Origin } from "#demo/traffic/behaviour.ts"
import { controlPlane, nodes } from "./control-plane.ts"
import { type DemoMesh, account, behaviour, call, deployment, istio, namespace, service } from "./parts.ts"

const at = "bookinfo"
const port = 9080
const hostOf = (name: string): string => `${name}.${at}.svc.cluster.local`
const versions: Readonly<Record<string, readonly string[]>> = {
  productpage: ["v1"],
  details: ["v1"],
  reviews: ["v1", "v2", "v3"],
  ratings: ["v1"],
}

const app = (name: string): ObjectInput[] => [
  account(at, `bookinfo-${name}`),
  service(at, name, [{ name: "http", port }]),
  ...(versions[name] ?? []).map((version) =>
    deployment({
      namespace: at,
      name: `${name}-${version}`,
      labels: { app: name, version },
      account: `bookinfo-${name}`,
      image: `registry.istio.io/release/examples-bookinfo-${name}-${version}:1.20.3`,
      port,
    }),
  ),
]

const destinationRule = (name: string): ObjectInput =>
  istio("DestinationRule", at, name, {
    host: name,
    subsets: (versions[name] ?? []).map((version) => ({ name: version, labels: { version } })),
  })

/** Istio's Bookinfo sample, with its reviews split over three versions. */
export const bookinfoObjects = (): ObjectInput[] => [
  namespace(at, { "istio-injection": "enabled" }),
  ...Object.keys(versions).flatMap(app),
  istio("Gateway", at, "bookinfo-gateway", {
    selector: { istio: "ingressgateway" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["bookinfo.example.com"] }],
  }),
  istio("VirtualService", at, "bookinfo", {
    hosts: ["bookinfo.example.com"],
    gateways: ["bookinfo-gateway"],
    http: [
      {
        match: [
          { uri: { exact: "/productpage" } },
          { uri: { prefix: "/static" } },
          { uri: { exact: "/login" } },
          { uri: { exact: "/logout" } },
          { uri: { prefix: "/api/v1/products" } },
        ],
        route: [{ destination: { host: "productpage", port: { number: port } } }],
      },
    ],
  }),
  ...Object.keys(versions).map(destinationRule),
  istio("VirtualService", at, "reviews", {
    hosts: ["reviews"],
    http: [
      {
        match: [{ headers: { "end-user": { exact: "jason" } } }],
        route: [{ destination: { host: "reviews", subset: "v2" } }],
      },
      {
        route: [
          { destination: { host: "reviews", subset: "v1" }, weight: 50 },
          { destination: { host: "reviews", subset: "v2" }, weight: 30 },
          { destination: { host: "reviews", subset: "v3" }, weight: 20 },
        ],
      },
    ],
  }),
]

const ratings = call({
  host: hostOf("ratings"),
  port,
  path: "/ratings/0",
  bytes: { sent: 310, received: 48 },
})

export const bookinfoBehaviours: readonly (readonly [string, Behaviour])[] = [
  [
    `${at}/productpage`,
    behaviour(9, [
      call({ host: hostOf("details"), port, path: "/details/0", bytes: { sent: 290, received: 178 } }),
      call({ host: hostOf("reviews"), port, path: "/reviews/0", bytes: { sent: 300, received: 420 } }),
    ]),
  ],
  [`${at}/details`, behaviour(3)],
  [`${at}/reviews-v1`, behaviour(5)],
  [`${at}/reviews-v2`, behaviour(7, [ratings])],
  [`${at}/reviews-v3`, behaviour(8, [ratings])],
  [`${at}/ratings`, behaviour(2)],
]

const visit = (perSecond: number, path: string, headers: Record<string, string> = {}): Origin => ({
  workload: "istio-system/istio-ingressgateway",
  perSecond,
  call: call({
    host: "bookinfo.example.com",
    port: 80,
    path,
    headers,
    bytes: { sent: 420, received: 5_183 },
  }),
})

export const bookinfoOrigins: readonly Origin[] = [
  visit(18, "/productpage"),
  visit(2, "/productpage", { "end-user": "jason" }),
  visit(0.2, "/wp-login.php"),
]

export const bookinfo = (): DemoMesh => ({
  name: "bookinfo",
  objects: [...nodes(2), ...controlPlane(), ...bookinfoObjects()],
  demand: { origins: bookinfoOrigins, behaviours: new Map(bookinfoBehaviours) },
})

import type { KubeObject } from "#shared/kube/object.ts"

type Spec = Record<string, unknown>

const networking = "networking.istio.io/v1"
const security = "security.istio.io/v1"
const gatewayApi = "gateway.networking.k8s.io/v1"

const object = (apiVersion: string, kind: string, at: string, spec: Spec): KubeObject => {
  const [namespace = "", name = ""] = at.split("/")
  return { apiVersion, kind, metadata: { namespace, name }, spec }
}

const times = (count: number, make: (n: number) => KubeObject | KubeObject[]): KubeObject[] =>
  Array.from({ length: count }, (_, n) => make(n)).flat()

const service = (name: string, selector: Spec = { app: name }): KubeObject =>
  object("v1", "Service", `a/${name}`, {
    selector,
    ports: [{ name: "http", port: 80, targetPort: 8080 }],
  })

const pod = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "a", name, labels },
  spec: { containers: [{ name: "app", ports: [{ containerPort: 8080 }] }, { name: "istio-proxy" }] },
})

const gateway = (name: string, hosts = ["*"]): KubeObject =>
  object(networking, "Gateway", `a/${name}`, {
    selector: { istio: "ingress" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts }],
  })

const ingress = pod("ingress", { istio: "ingress" })
const toWeb = [{ destination: { host: "web" } }]

const virtualService = (n: number, spec: Spec): KubeObject =>
  object(networking, "VirtualService", `a/v${n}`, { http: [{ route: toWeb }], ...spec })

const destinationRule = (n: number, spec: Spec): KubeObject =>
  object(networking, "DestinationRule", `a/d${n}`, spec)

const serviceEntry = (n: number, host: string): KubeObject =>
  object(networking, "ServiceEntry", `a/e${n}`, {
    hosts: [host],
    location: "MESH_EXTERNAL",
    resolution: "NONE",
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
  })

const httpRoute = (n: number, host: string, path: string): KubeObject =>
  object(gatewayApi, "HTTPRoute", `a/r${n}`, {
    parentRefs: [{ name: "gw" }],
    hostnames: [host],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: path } }],
        backendRefs: [{ name: "web", port: 80 }],
      },
    ],
  })

const listener = [
  object(gatewayApi, "GatewayClass", "/istio", { controllerName: "istio.io/gateway-controller" }),
  object(gatewayApi, "Gateway", "a/gw", {
    gatewayClassName: "istio",
    listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
  }),
]

const web = { matchLabels: { app: "web" } }

export type Growth = {
  name: string
  /** How many it is measured with in the bench: more than anybody has. */
  most: number
  /** How many the test goes up to. */
  size: number
  make: (n: number) => KubeObject[]
}

/** Meshes in which much of one kind is in one place: what would be slow if each were held against each. */
export const growths: readonly Growth[] = [
  {
    name: "VirtualServices with one host on the mesh",
    most: 2_000,
    size: 800,
    make: (n) => [service("web"), ...times(n, (i) => virtualService(i, { hosts: ["web"] }))],
  },
  {
    name: "VirtualServices with hosts of their own on the mesh",
    most: 2_000,
    size: 800,
    make: (n) => times(n, (i) => [service(`s${i}`), virtualService(i, { hosts: [`s${i}`] })]),
  },
  {
    name: "VirtualServices with wildcards on the mesh",
    most: 2_000,
    size: 800,
    make: (n) => times(n, (i) => virtualService(i, { hosts: [`*.h${i}.example.com`] })),
  },
  {
    name: "VirtualServices with one host at a gateway",
    most: 2_000,
    size: 800,
    make: (n) => [
      service("web"),
      ingress,
      gateway("gw"),
      ...times(n, (i) => virtualService(i, { hosts: ["x.example.com"], gateways: ["gw"] })),
    ],
  },
  {
    name: "VirtualServices with hosts of their own at a gateway",
    most: 3_000,
    size: 1_200,
    make: (n) => [
      service("web"),
      ingress,
      gateway("gw"),
      ...times(n, (i) => virtualService(i, { hosts: [`h${i}.example.com`], gateways: ["gw"] })),
    ],
  },
  {
    name: "VirtualServices with wildcards at a gateway",
    most: 2_000,
    size: 800,
    make: (n) => [
      ingress,
      gateway("gw"),
      ...times(n, (i) => virtualService(i, { hosts: [`*.h${i}.example.com`], gateways: ["gw"] })),
    ],
  },
  {
    name: "VirtualServices of twenty routes for one host at a gateway",
    most: 500,
    size: 240,
    make: (n) => [
      service("web"),
      ingress,
      gateway("gw"),
      ...times(n, (i) =>
        virtualService(i, {
          hosts: ["x.example.com"],
          gateways: ["gw"],
          http: Array.from({ length: 20 }, (_, j) => ({
            match: [{ uri: { prefix: `/p${i}/${j}/` } }],
            route: toWeb,
          })),
        }),
      ),
    ],
  },
  {
    name: "routes of one VirtualService, alike but for a header",
    most: 1_000,
    size: 1_000,
    make: (n) => [
      service("web"),
      virtualService(0, {
        hosts: ["web"],
        http: Array.from({ length: n }, (_, i) => ({
          match: [{ uri: { prefix: "/a" }, headers: { x: { exact: `v${i}` } } }],
          route: toWeb,
        })),
      }),
    ],
  },
  {
    name: "Gateways of one pod",
    most: 1_600,
    size: 800,
    make: (n) => [ingress, ...times(n, (i) => gateway(`gw${i}`, [`h${i}.example.com`]))],
  },
  {
    name: "pods of three hundred services in one namespace",
    most: 5_000,
    size: 2_000,
    make: (n) => [
      ...times(300, (i) => service(`s${i}`)),
      ...times(n, (i) => pod(`p${i}`, { app: `s${i % 300}`, env: "prod" })),
    ],
  },
  {
    name: "DestinationRules for one host",
    most: 1_000,
    size: 600,
    make: (n) => [
      service("web"),
      ...times(n, (i) => destinationRule(i, { host: "web", subsets: [{ name: `v${i}`, labels: {} }] })),
    ],
  },
  {
    name: "ServiceEntries with wildcards",
    most: 2_000,
    size: 800,
    make: (n) => times(n, (i) => serviceEntry(i, `*.h${i}.example.com`)),
  },
  {
    name: "ServiceEntries with one host",
    most: 2_000,
    size: 800,
    make: (n) => times(n, (i) => serviceEntry(i, "x.example.com")),
  },
  {
    name: "HTTPRoutes with hosts of their own at a Gateway",
    most: 3_000,
    size: 800,
    make: (n) => [service("web"), ...listener, ...times(n, (i) => httpRoute(i, `h${i}.example.com`, "/"))],
  },
  {
    name: "HTTPRoutes with one host at a Gateway",
    most: 3_000,
    size: 800,
    make: (n) => [service("web"), ...listener, ...times(n, (i) => httpRoute(i, "h.example.com", `/p${i}`))],
  },
  {
    name: "egress hosts of a Sidecar",
    most: 1_000,
    size: 800,
    make: (n) => [
      ...times(n, (i) => service(`s${i}`)),
      object(networking, "Sidecar", "b/default", {
        egress: [{ hosts: Array.from({ length: n }, (_, i) => `a/s${i}.a.svc.cluster.local`) }],
      }),
    ],
  },
  {
    name: "AuthorizationPolicies of services of their own in one namespace",
    most: 1_000,
    size: 800,
    make: (n) =>
      times(n, (i) => [
        pod(`p${i}`, { app: `s${i}` }),
        object(security, "AuthorizationPolicy", `a/p${i}`, {
          selector: { matchLabels: { app: `s${i}` } },
          action: i % 2 === 0 ? "ALLOW" : "DENY",
          rules: [{ to: [{ operation: { paths: [`/p${i}`] } }] }],
        }),
      ]),
  },
  {
    name: "PeerAuthentications of one workload",
    most: 1_000,
    size: 800,
    make: (n) => [
      service("web"),
      pod("p", { app: "web" }),
      ...times(n, (i) => object(security, "PeerAuthentication", `a/m${i}`, { selector: web })),
    ],
  },
]

import type { ExplainQuestion } from "#shared/istio/explain.ts"
import { addresses } from "./bed.ts"
import type { Proxy } from "./bootstrap.ts"
import { type AskedMesh, Objects, podOf } from "./http-mesh.ts"
import { type Random, randomOf } from "./random.ts"

const api = "gateway.networking.k8s.io/v1"
const istio = "networking.istio.io/v1"
const paths = ["/", "/api", "/api/", "/api/v1", "/users", "/x"]
const label = "gateway.networking.k8s.io/gateway-name"
// The stub sets no defaults, which istiod relies on; so everything that has one is written out.
const everything = { type: "PathPrefix", value: "/" }

type Match = {
  path: { type: string; value: string }
  method?: string
  headers?: { name: string; type: string; value: string }[]
  queryParams?: { name: string; type: string; value: string }[]
}

function matchOf(random: Random): Match {
  const type = random.pick(["PathPrefix", "PathPrefix", "Exact", "RegularExpression"])
  const regex = random.pick(["/api(/.*)?", "/[a-z]+", "/.*"])
  const header = {
    type: "Exact",
    name: random.pick(["x-user", "X-Tier"]),
    value: random.pick(["alpha", "beta"]),
  }
  return {
    path: random.chance(0.85)
      ? { type, value: type === "RegularExpression" ? regex : random.pick(paths) }
      : everything,
    ...(random.chance(0.2) ? { method: random.pick(["GET", "POST"]) } : {}),
    ...(random.chance(0.3)
      ? { headers: [random.chance(0.3) ? { ...header, type: "RegularExpression", value: "al.*" } : header] }
      : {}),
    ...(random.chance(0.15) ? { queryParams: [{ type: "Exact", name: "q", value: "alpha" }] } : {}),
  }
}

function ruleOf(random: Random, name: string): { name: string; matches?: Match[] } & Record<string, unknown> {
  const matches = random.chance(0.8)
    ? random.some(1 + random.int(2), () => matchOf(random))
    : [{ path: everything }]
  const backend = () => ({
    ...{ group: "", kind: "Service", weight: 1 },
    name: random.pick(["b0", "b1", "b2", "gone"]),
    port: 80,
  })
  const action = random.chance(0.1)
    ? {
        filters: [
          { type: "RequestRedirect", requestRedirect: { hostname: "elsewhere.test", statusCode: 302 } },
        ],
      }
    : random.chance(0.08)
      ? {}
      : {
          backendRefs: random.chance(0.2)
            ? [
                { ...backend(), weight: 1 },
                { ...backend(), weight: random.pick([0, 3]) },
              ]
            : [backend()],
        }
  return { name, matches, ...action }
}

const listeners = [
  { name: "plain", hostname: undefined, from: "All", port: 0 },
  { name: "wild", hostname: "*.a.test", from: "All", port: 0 },
  { name: "exact", hostname: "one.a.test", from: "Same", port: 0 },
  { name: "second", hostname: "*.a.test", from: "All", port: 1 },
]

type Asked = { hosts: string[]; matches: Match[] }

function addGatewayRoute(objects: Objects, random: Random, index: number, ports: readonly number[]): Asked {
  const at = `${random.pick(["edge", "shop", "team"])}/r-${(index * 7) % 20}-${index}`
  const hostnames = random.chance(0.2)
    ? undefined
    : random.some(1 + random.int(2), () =>
        random.pick(["one.a.test", "two.a.test", "*.a.test", "*.x.a.test", "other.test", "*.b.test"]),
      )
  const section = random.pick([undefined, undefined, ...listeners.map(({ name }) => name), "absent"])
  const rules = random.some(1 + random.int(3), (rule) => ruleOf(random, `${at}#${rule}`))
  objects.add(api, "HTTPRoute", at, {
    parentRefs: [
      {
        ...{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "kgw", namespace: "edge" },
        ...(section === undefined ? {} : { sectionName: section }),
        ...(random.chance(0.2) ? { port: random.pick(ports) } : {}),
      },
    ],
    ...(hostnames && { hostnames: [...new Set(hostnames)] }),
    rules,
  })
  return {
    hosts: hostnames ?? ["any.test", "z.a.test"],
    matches: rules.flatMap(({ matches }) => matches ?? []),
  }
}

function addMeshRoute(objects: Objects, random: Random, index: number): Asked {
  const service = random.pick(["b0", "b1", "b2"])
  const namespace = random.pick(["shop", "client", "team"])
  const at = `${namespace}/m-${index}`
  const host = `${service}.shop.svc.cluster.local`
  if (random.chance(0.25)) {
    const destination = { host: "b2.shop.svc.cluster.local", port: { number: 80 } }
    objects.add(istio, "VirtualService", at, {
      hosts: [host],
      http: [{ name: `${at}#0`, match: [{ uri: { prefix: random.pick(paths) } }], route: [{ destination }] }],
      ...(random.chance(0.3) ? { exportTo: ["client"] } : {}),
    })
    return { hosts: [host], matches: [] }
  }
  const rules = random.some(1 + random.int(3), (rule) => ruleOf(random, `${at}#${rule}`))
  objects.add(api, "HTTPRoute", at, {
    parentRefs: [
      {
        group: "",
        kind: "Service",
        name: service,
        namespace: "shop",
        ...(random.chance(0.3) ? { port: random.pick([80, 8080]) } : {}),
      },
    ],
    rules,
  })
  return { hosts: [host], matches: rules.flatMap(({ matches }) => matches ?? []) }
}

function requestFor(random: Random, { hosts, matches }: Asked) {
  const match: Match = matches.length === 0 ? { path: everything } : random.pick(matches)
  const { type, value } = match.path
  const aimed = type === "RegularExpression" || random.chance(0.15) ? random.pick(paths) : value
  const path = aimed + random.pick(["", "", "/", "x", "/v1"])
  const headers = Object.fromEntries(
    (match.headers ?? [])
      .filter(() => random.chance(0.8))
      .map((header) => [header.name.toLowerCase(), random.pick([header.value, "alpha", "gamma"])]),
  )
  const host = random.pick(hosts)
  return {
    method: match.method ?? random.pick(["GET", "POST"]),
    path:
      (path.startsWith("//") ? path.slice(1) : path) +
      (match.queryParams || random.chance(0.1) ? "?q=alpha" : ""),
    headers,
    host: host.startsWith("*") ? random.pick(["one", "w", "h.x"]) + host.slice(1) : host,
  }
}

/** HTTPRoutes of a Gateway with several listeners, and of services, beside VirtualServices of the same services. `ports`: two free ones. */
export function gatewayApiMesh(seed: number, ports: readonly number[], count = 900): AskedMesh {
  const random = randomOf(seed)
  const [gateway = "", client = ""] = addresses(2)
  const router: Proxy = {
    name: "kgw",
    kind: "router",
    namespace: "edge",
    labels: { [label]: "kgw" },
    address: gateway,
  }
  const sidecar: Proxy = {
    name: "client",
    kind: "sidecar",
    namespace: "client",
    labels: { app: "client" },
    address: client,
  }
  const objects = new Objects(random)
  objects.add(api, "GatewayClass", "/istio", { controllerName: "istio.io/gateway-controller" })
  objects.add(api, "Gateway", "edge/kgw", {
    gatewayClassName: "istio",
    listeners: listeners.map(({ name, hostname, from, port }) => ({
      ...{ name, protocol: "HTTP", port: ports[port], allowedRoutes: { namespaces: { from } } },
      ...(hostname === undefined ? {} : { hostname }),
    })),
  })
  objects.add("v1", "Service", "edge/kgw-istio", {
    selector: { [label]: "kgw" },
    clusterIP: "10.96.1.1",
    ports: ports.map((port) => ({ name: `http-${port}`, port, targetPort: port, protocol: "TCP" })),
  })
  objects.all.push(podOf(router))
  // The Gateway API has no address to listen on but all; the bed's stay on loopback.
  objects.add("networking.istio.io/v1alpha3", "EnvoyFilter", "edge/loopback", {
    workloadSelector: { labels: { [label]: "kgw" } },
    configPatches: [
      {
        applyTo: "LISTENER",
        match: { context: "GATEWAY" },
        patch: { operation: "MERGE", value: { address: { socket_address: { address: gateway } } } },
      },
    ],
  })
  objects.add(istio, "Sidecar", "client/default", {
    egress: [
      {
        bind: client,
        captureMode: "NONE",
        port: { number: 80, name: "http", protocol: "HTTP" },
        hosts: ["*/*"],
      },
      {
        bind: client,
        captureMode: "NONE",
        port: { number: 8080, name: "http-8080", protocol: "HTTP" },
        hosts: ["*/*"],
      },
    ],
  })
  for (const namespace of ["edge", "shop", "team", "client"])
    for (const name of ["b0", "b1", "b2"])
      objects.add("v1", "Service", `${namespace}/${name}`, {
        selector: { app: name },
        ports: [
          { name: "http", port: 80, protocol: "TCP" },
          { name: "http-b", port: 8080, protocol: "TCP" },
        ],
      })
  const gatewayRoutes = random.some(14, (index) => addGatewayRoute(objects, random, index, ports))
  const meshRoutes = random.some(8, (index) => addMeshRoute(objects, random, index))
  return {
    objects: objects.all,
    proxies: [router, sidecar],
    questions: random.some(count, (id): ExplainQuestion => {
      const mesh = random.chance(0.4)
      return {
        ...{ id, via: mesh ? "sidecar client/client" : "gateway edge/kgw" },
        port: mesh ? random.pick([80, 80, 8080]) : random.pick(ports),
        ...requestFor(random, random.pick(mesh ? meshRoutes : gatewayRoutes)),
      }
    }),
  }
}

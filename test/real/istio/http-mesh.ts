import type { ExplainQuestion } from "#shared/istio/explain.ts"
import { addresses } from "./bed.ts"
import type { Proxy } from "./bootstrap.ts"
import type { Resource } from "./kube-stub.ts"
import { matchOf, requestFor, type Match } from "./match.ts"
import { type Random, randomOf } from "./random.ts"

/** A mesh to ask about: what is in it, who asks, and what. */
export type AskedMesh = { objects: Resource[]; proxies: Proxy[]; questions: ExplainQuestion[] }

const istio = "networking.istio.io/v1"

/** Objects of a mesh as they are made, each with an age of its own. */
export class Objects {
  readonly all: Resource[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    for (const name of ["edge", "shop", "team", "client", "guest", "istio-system"])
      this.add("v1", "Namespace", `/${name}`, {})
    this.add("security.istio.io/v1", "PeerAuthentication", "istio-system/default", {
      mtls: { mode: "DISABLE" },
    })
  }

  add(
    apiVersion: string,
    kind: string,
    at: string,
    spec: unknown,
    annotations?: Record<string, string>,
  ): Resource {
    const [namespace = "", name = ""] = at.split("/")
    const created = new Date(Date.UTC(2026, 0, 1) + this.#random.int(100_000) * 1_000).toISOString()
    const object: Resource = {
      apiVersion,
      kind,
      metadata: {
        name,
        ...(namespace === "" ? {} : { namespace }),
        creationTimestamp: created.replace(".000", ""),
        ...(annotations && { annotations }),
      },
      spec,
    }
    this.all.push(object)
    return object
  }
}

export const podOf = ({ name, namespace, labels, address }: Proxy): Resource => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: "istio-proxy", image: "proxyv2" }] },
  status: { phase: "Running", podIP: address },
})

const servicePorts = [
  [{ name: "http", port: 80 }],
  [{ name: "http", port: 8080 }],
  [
    { name: "http", port: 80 },
    { name: "http-more", port: 8080 },
  ],
  [{ name: "grpc", port: 80 }],
  [{ name: "web", port: 80 }],
  [{ name: "tcp", port: 80 }],
]

type Named = { host: string; short: string; namespace: string; ports: number[] }

function addServices(objects: Objects, random: Random): Named[] {
  // istiod makes no listener for a port that no imported service has.
  for (const namespace of ["shop", "team"])
    objects.add("v1", "Service", `${namespace}/always`, { ports: servicePorts[2] })
  return random.some(14, (index) => {
    const namespace = random.pick(["shop", "team"])
    const ports = random.pick(servicePorts)
    const short = `s${index}`
    const exportTo = random.chance(0.15) ? random.pick([".", "client", "*", "edge,guest"]) : undefined
    objects.add(
      "v1",
      "Service",
      `${namespace}/${short}`,
      {
        selector: { app: short },
        ports: ports.map((port) => ({ ...port, protocol: "TCP" })),
        clusterIP: `10.96.0.${index + 1}`,
      },
      exportTo === undefined ? undefined : { "networking.istio.io/exportTo": exportTo },
    )
    return {
      host: `${short}.${namespace}.svc.cluster.local`,
      short,
      namespace,
      ports: ports.map(({ port }) => port),
    }
  })
}

function addExternal(objects: Objects, random: Random): Named[] {
  return ["api.ext.test", "*.wild.test", "db.ext.test"].map((host, index) => {
    const namespace = random.pick(["shop", "team", "client"])
    objects.add(istio, "ServiceEntry", `${namespace}/external-${index}`, {
      hosts: [host],
      ports: [{ number: 80, name: "http", protocol: index === 2 ? "TCP" : "HTTP" }],
      resolution: "NONE",
      ...(random.chance(0.3) ? { exportTo: [random.pick([".", "*", "guest"])] } : {}),
    })
    return { host, short: host, namespace, ports: [80] }
  })
}

function addRules(objects: Objects, random: Random, services: readonly Named[]): void {
  for (let index = 0; index < 18; index += 1) {
    const service = random.pick(services)
    const namespace = random.pick([service.namespace, "client", "guest", "istio-system", "edge"])
    const own = service.namespace === namespace && random.chance(0.5)
    const wild = `*.${service.namespace}.svc.cluster.local`
    objects.add(istio, "DestinationRule", `${namespace}/dr-${index}`, {
      host: own ? service.short : random.chance(0.15) ? wild : service.host,
      subsets: random
        .pick([["v1"], ["v2"], ["v1", "v2"]])
        .map((name) => ({ name, labels: { version: name } })),
      ...(random.chance(0.25) ? { exportTo: [random.pick([".", "*", "client"])] } : {}),
      ...(random.chance(0.1)
        ? { workloadSelector: { matchLabels: { app: random.pick(["client", "guest"]) } } }
        : {}),
    })
  }
}

const edgeHosts = [
  "h0.a.test",
  "h1.a.test",
  "h2.b.test",
  "H3.a.test",
  "*.a.test",
  "*.b.test",
  "*.x.a.test",
  "*",
]

type Target = { hosts: string[]; mesh: boolean; matches: Match[]; gateways: string[] }

function destinationOf(random: Random, services: readonly Named[], namespace: string): unknown {
  const service = random.pick(services)
  const short = service.namespace === namespace && random.chance(0.5)
  return {
    host: random.chance(0.08) ? "nobody.shop.svc.cluster.local" : short ? service.short : service.host,
    ...(random.chance(0.3) ? { subset: random.pick(["v1", "v2"]) } : {}),
    ...(random.chance(0.5) ? { port: { number: random.pick([...service.ports, 80]) } } : {}),
  }
}

function actionOf(random: Random, services: readonly Named[], namespace: string): Record<string, unknown> {
  if (random.chance(0.06))
    return { redirect: { authority: "elsewhere.test", redirectCode: random.pick([301, 302, 308]) } }
  if (random.chance(0.06)) return { directResponse: { status: random.pick([202, 418]) } }
  const destination = () => destinationOf(random, services, namespace)
  const route = random.chance(0.2)
    ? [
        { destination: destination(), weight: 30 },
        { destination: destination(), weight: 70 },
      ]
    : [{ destination: destination() }]
  const abort = { httpStatus: random.pick([417, 429]), percentage: { value: random.pick([0, 100]) } }
  return { route, ...(random.chance(0.08) ? { fault: { abort } } : {}) }
}

/** A virtual service without hosts, and the route that hands requests on to it; now and then one that may not be used. */
function addDelegate(objects: Objects, random: Random, services: readonly Named[], root: string): unknown[] {
  const namespace = random.pick(["shop", "team"])
  const at = `${namespace}/leaf-of-${root.replace("/", "-")}`
  objects.add(istio, "VirtualService", at, {
    ...(random.chance(0.3) ? { exportTo: [random.pick([".", "*", "edge"])] } : {}),
    http: random.some(1 + random.int(3), (index) => ({
      name: `${at}#${index}`,
      ...(random.chance(0.7) ? { match: [matchOf(random, ["mesh", "edge/gw"])] } : {}),
      ...actionOf(random, services, namespace),
    })),
  })
  const match = random.some(1 + random.int(2), () => ({
    uri: { prefix: random.pick(["/", "/api", "/users"]) },
  }))
  return [{ match, delegate: { name: at.slice(namespace.length + 1), namespace } }]
}

function addRoutes(objects: Objects, random: Random, services: readonly Named[], index: number): Target {
  const namespace = random.pick(["edge", "shop", "team", "client", "guest"])
  const name = `vs-${(index * 37) % 100}-${index}`
  const mesh = random.chance(0.5)
  const service = random.pick(services)
  const meshHost = random.chance(0.15)
    ? random.pick([
        "*.shop.svc.cluster.local",
        "*.svc.cluster.local",
        "*.ext.test",
        "free.test",
        "*.free.test",
      ])
    : service.namespace === namespace && random.chance(0.4)
      ? service.short
      : service.host
  const hosts = mesh
    ? [meshHost, ...(random.chance(0.15) ? ["also.test"] : [])]
    : [...new Set(random.some(1 + random.int(2), () => random.pick(edgeHosts)))]
  const gateways = mesh
    ? random.pick([["mesh"], ["mesh", "edge/gw"]])
    : random.pick([["edge/gw"], ["edge/gw2"], ["edge/gw", "edge/gw2"]])
  const matches: Match[] = []
  const delegated = random.chance(0.15) ? addDelegate(objects, random, services, `${namespace}/${name}`) : []
  const count = 1 + random.int(4)
  const http = random.some(count, (at) => {
    const last = at === count - 1 && random.chance(0.6)
    const own = last ? [] : random.some(1 + random.int(2), () => matchOf(random, gateways))
    matches.push(...own)
    return {
      name: `${namespace}/${name}#${at + delegated.length}`,
      ...(last ? {} : { match: own }),
      ...actionOf(random, services, namespace),
    }
  })
  objects.add(istio, "VirtualService", `${namespace}/${name}`, {
    hosts,
    ...(gateways.length === 1 && mesh && random.chance(0.5) ? {} : { gateways }),
    ...(random.chance(0.2)
      ? { exportTo: random.pick([["."], ["*"], ["client"], ["guest", "edge"], ["~"]]) }
      : {}),
    http: [...delegated, ...http],
  })
  return {
    hosts: hosts.map((host) => (host.includes(".") || host === "*" ? host : service.host)),
    mesh,
    matches,
    gateways,
  }
}

function addGateways(objects: Objects, random: Random, bind: string): void {
  const server = (number: number, hosts: string[], protocol = "HTTP") => ({
    port: { number, name: `p-${number}-${protocol.toLowerCase()}`, protocol },
    hosts,
    bind,
  })
  const selector = { istio: "ingress" }
  objects.add(istio, "Gateway", "edge/gw", { selector, servers: [server(8080, ["*"])] })
  objects.add(istio, "Gateway", "edge/gw2", {
    selector,
    servers: [server(8081, ["*.a.test", "team/*.b.test", "./*"]), server(8080, ["shop/*.a.test"], "HTTP2")],
  })
  // Whether it or the plain server comes first is a matter of age.
  objects.add(istio, "Gateway", "edge/other", {
    selector,
    servers: [server(8082, ["*"], random.pick(["HTTP", "GRPC"]))],
  })
}

function addSidecars(objects: Objects, client: string, guest: string): void {
  const listener = (bind: string, number: number, hosts: string[]) => ({
    ...{ bind, captureMode: "NONE", hosts },
    port: { number, name: `http-${number}`, protocol: "HTTP" },
  })
  objects.add(istio, "Sidecar", "client/default", {
    egress: [listener(client, 80, ["*/*"]), listener(client, 8080, ["*/*"])],
  })
  objects.add(istio, "Sidecar", "guest/default", {
    workloadSelector: { labels: { app: "guest" } },
    egress: [
      listener(guest, 80, [
        "shop/*",
        "./*",
        "team/s3.team.svc.cluster.local",
        "~*/s1.shop.svc.cluster.local",
        "*/*.ext.test",
      ]),
      listener(guest, 8080, ["team/*", "shop/s2.shop.svc.cluster.local"]),
    ],
  })
}

function questionOf(random: Random, target: Target, id: number): ExplainQuestion {
  const viaMesh = target.mesh && (!target.gateways.includes("edge/gw") || random.chance(0.7))
  const written = random.pick(target.hosts)
  const host = written.startsWith("*")
    ? `${random.pick(["h1", "h9.x", "s1", "w"])}${written === "*" ? ".any.test" : written.slice(1)}`
    : written
  const port = viaMesh ? random.pick([80, 80, 8080]) : random.pick([8080, 8080, 8081])
  return {
    id,
    via: viaMesh ? random.pick(["sidecar client/client", "sidecar guest/guest"]) : "gateway edge/gateway",
    port,
    host: random.chance(0.1) && viaMesh ? host.replace(".svc.cluster.local", "") : host,
    ...requestFor(random, target.matches.length === 0 ? {} : random.pick(target.matches)),
  }
}

/** Random virtual services, destination rules, service entries and Sidecars with real destinations, and questions aimed at their matches. */
export function httpMesh(seed: number, { routes = 90, questions = 1_500 } = {}): AskedMesh {
  const random = randomOf(seed)
  const [gateway = "", client = "", guest = ""] = addresses(3)
  const proxies: Proxy[] = [
    { name: "gateway", kind: "router", namespace: "edge", labels: { istio: "ingress" }, address: gateway },
    {
      name: "client",
      kind: "sidecar",
      namespace: "client",
      labels: { app: "client", version: "v1" },
      address: client,
    },
    { name: "guest", kind: "sidecar", namespace: "guest", labels: { app: "guest" }, address: guest },
  ]
  const objects = new Objects(random)
  addGateways(objects, random, gateway)
  addSidecars(objects, client, guest)
  const services = [...addServices(objects, random), ...addExternal(objects, random)]
  addRules(objects, random, services)
  const targets = random.some(routes, (index) => addRoutes(objects, random, services, index))
  return {
    objects: objects.all,
    proxies,
    questions: random.some(questions, (id) => questionOf(random, random.pick(targets), id)),
  }
}

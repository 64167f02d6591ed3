import { describe, expect, test } from "vitest"
import { targetOf } from "#shared/istio/endpoints.ts"
import { defaultSettings } from "#shared/istio/mesh.ts"
import { indexMesh } from "#shared/istio/model.ts"
import { connectionAtGateway } from "#shared/istio/tcp-route.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { skipNote } from "../skip.ts"
import { addresses, bedMissing, startBed } from "./bed.ts"
import type { Proxy } from "./bootstrap.ts"
import { Objects } from "./http-mesh.ts"
import { type Random, randomOf } from "./random.ts"

const istio = "networking.istio.io/v1"
const names = ["one.a.test", "two.a.test", "*.a.test", "x.b.test", "*.b.test", "*.x.b.test"]

function destinationsOf(random: Random): unknown[] {
  const destination = () => ({
    host: `t${random.int(3)}.shop.svc.cluster.local`,
    ...(random.chance(0.4) ? { port: { number: random.pick([9000, 9001]) } } : {}),
  })
  return random.chance(0.2)
    ? [
        { destination: destination(), weight: 20 },
        { destination: destination(), weight: 80 },
      ]
    : [{ destination: destination() }]
}

function addRoutes(objects: Objects, random: Random, index: number): void {
  const match = (more: Record<string, unknown> = {}) => ({
    ...more,
    ...(random.chance(0.25) ? { port: random.pick([9443, 9444, 9000]) } : {}),
    ...(random.chance(0.2) ? { gateways: [random.pick(["edge/tls", "edge/tcp"])] } : {}),
  })
  const hosts = random.some(1 + random.int(2), () => random.pick(names))
  objects.add(istio, "VirtualService", `${random.pick(["edge", "shop"])}/c-${index}`, {
    hosts: [...new Set(hosts)],
    gateways: random.pick([["edge/tls"], ["edge/tcp"], ["edge/tls", "edge/tcp"]]),
    ...(random.chance(0.2) ? { exportTo: random.pick([["."], ["edge"], ["shop"]]) } : {}),
    tls: random.some(1 + random.int(2), () => ({
      match: random.some(1 + random.int(2), () => match({ sniHosts: [random.pick(hosts)] })),
      route: destinationsOf(random),
    })),
    tcp: random.some(1 + random.int(2), () => ({
      ...(random.chance(0.6) ? { match: [match()] } : {}),
      route: destinationsOf(random),
    })),
  })
}

/** Gateways of TLS that is not ended there, and of TCP; and virtual services with tls and tcp routes. */
function connectionMesh(seed: number) {
  const random = randomOf(seed)
  const [bind = ""] = addresses(1)
  const proxy: Proxy = {
    name: "gateway",
    kind: "router",
    namespace: "edge",
    labels: { istio: "ingress" },
    address: bind,
  }
  const objects = new Objects(random)
  const server = (number: number, protocol: string, hosts: string[]) => ({
    ...{ bind, hosts, port: { number, name: `p-${number}`, protocol } },
    ...(protocol === "TLS" ? { tls: { mode: "PASSTHROUGH" } } : {}),
  })
  const selector = { istio: "ingress" }
  objects.add(istio, "Gateway", "edge/tls", {
    selector,
    servers: [
      server(9443, "TLS", ["*.a.test"]),
      server(9443, "TLS", ["shop/*.b.test"]),
      server(9444, "TLS", ["*"]),
    ],
  })
  objects.add(istio, "Gateway", "edge/tcp", {
    selector,
    servers: [server(9000, "TCP", random.pick([["*"], ["*.a.test"]]))],
  })
  // Whichever of the two is older has the port.
  objects.add(istio, "Gateway", "edge/rival", { selector, servers: [server(9000, "HTTP", ["*"])] })
  for (const [index, ports] of [[9000], [9001], [9000, 9001]].entries())
    objects.add("v1", "Service", `shop/t${index}`, {
      selector: { app: "t" },
      ports: ports.map((port) => ({ name: `tcp-${port}`, port, protocol: "TCP" })),
    })
  for (let index = 0; index < 10; index += 1) addRoutes(objects, random, index)
  return { objects: objects.all, proxy }
}

const asked: [number, string | null][] = [
  ...["one.a.test", "two.a.test", "h.a.test", "x.b.test", "h.b.test", "h.x.b.test", "else.test"].flatMap(
    (name): [number, string][] => [
      [9443, name],
      [9444, name],
    ],
  ),
  [9000, null],
]

describe.skipIf(skipNote("the model of connections against istiod and Envoy", bedMissing()))(
  "TLS and TCP at a gateway",
  () => {
    test.each([1, 2, 3])("seed %i: the model sends every connection where Envoy sends it", async (seed) => {
      const { objects, proxy } = connectionMesh(seed)
      const mesh = indexMesh(objects as KubeObject[], { ...defaultSettings, autoMtls: false })
      const client = { kind: "gateway", namespace: proxy.namespace, labels: proxy.labels } as const
      const bed = await startBed(objects, [proxy])
      try {
        const found = await Promise.all(
          asked.map(async ([port, sni]) => {
            const { outcome, destinations } = connectionAtGateway(mesh, { client, port, sni })
            if (outcome === "http") return []
            const id = await bed.connect(proxy.name, port, sni)
            const logged =
              id === null
                ? undefined
                : (await bed.logged(proxy.name, outcome === "route" ? [id] : [])).get(id)
            const real = logged?.cluster.startsWith("outbound|") === true ? logged.cluster : "none"
            const said = destinations.map((destination) =>
              targetOf(mesh, client, destination).state === "no_cluster"
                ? "none"
                : `outbound|${destination.port}|${destination.subset}|${destination.host}`,
            )
            return (said.length === 0 ? ["none"] : said).includes(real)
              ? []
              : [`${port} ${String(sni)}: ${said.join(" or ") || "none"}, really ${real}`]
          }),
        )
        expect(found.flat()).toEqual([])
      } finally {
        await bed.stop()
      }
    })
  },
)

import { describe, expect, test } from "vitest"
import type { TopologySources } from "../api/mesh.ts"
import type { KubeObject } from "../kube/object.ts"
import type { EdgeSample } from "../telemetry/edge.ts"
import { packTick } from "../telemetry/pack.ts"
import { buildTopology } from "./build.ts"
import { detailOf } from "./detail.ts"
import { factsOf } from "./facts.ts"
import { rowsOf } from "./rows.ts"
import { seriesOf } from "./series.ts"
import { indexedCluster } from "./build.ts"

const at = 1_700_000_000_000

const service = (name: string, selector: Record<string, string> = { app: name }): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { selector, ports: [{ name: "http", port: 80 }] },
})
const deployment = (name: string, labels: Record<string, string>, ready = 2): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "shop" },
  spec: { replicas: 2, template: { metadata: { labels }, spec: { containers: [{ name: "app" }] } } },
  status: { readyReplicas: ready },
})
const mesh: KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { "istio-injection": "enabled" } },
  },
  service("web"),
  service("cart"),
  service("quiet"),
  deployment("web", { app: "web" }),
  deployment("cart-v1", { app: "cart", version: "v1" }),
  deployment("cart-v2", { app: "cart", version: "v2" }),
  deployment("quiet", { app: "quiet", "sidecar.istio.io/inject": "false" }),
  {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "cart", namespace: "shop" },
    spec: {
      hosts: ["cart"],
      http: [{ fault: { abort: { httpStatus: 500 } }, route: [{ destination: { host: "cart" } }] }],
    },
  },
  {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "pay", namespace: "shop" },
    spec: { hosts: ["*.pay.example"], location: "MESH_EXTERNAL" },
  },
]

const end = (workload: string, version = "") => ({
  cluster: "Kubernetes",
  namespace: workload === "" ? "" : "shop",
  workload,
  app: workload.replace(/-v\d$/, ""),
  version,
})
const edge = (from: string, to: string, service: string, rest: Partial<EdgeSample> = {}): EdgeSample => ({
  source: end(from),
  destination: {
    ...end(to, /-(v\d)$/.exec(to)?.[1] ?? ""),
    service,
    serviceNamespace: service.includes(".") ? "" : "shop",
  },
  protocol: "http",
  reporter: "both",
  requestsPerSecond: 10,
  responses: [{ code: "200", flags: "", grpc: "", requestsPerSecond: 10 }],
  latencyMs: { p50: 10, p95: 20, p99: 40 },
  bytesPerSecond: { sent: 100, received: 1000 },
  tcp: null,
  mtlsRatio: 1,
  ...rest,
})

const samples: EdgeSample[] = [
  edge("web", "cart-v1", "cart", {
    requestsPerSecond: 30,
    responses: [{ code: "200", flags: "", grpc: "", requestsPerSecond: 30 }],
  }),
  edge("web", "cart-v2", "cart", {
    responses: [
      { code: "200", flags: "", grpc: "", requestsPerSecond: 6 },
      { code: "503", flags: "UF", grpc: "", requestsPerSecond: 4 },
    ],
  }),
  edge("cart-v1", "", "api.pay.example"),
  edge("", "web", "web", { reporter: "destination", mtlsRatio: 0 }),
]

const sources = (
  edges: EdgeSample[],
  over: Partial<TopologySources["clusters"][number]> = {},
): TopologySources => ({
  clusters: [
    {
      cluster: "cls_a",
      clusterName: "alpha",
      link: "live",
      linkSince: at,
      istioClusterId: "Kubernetes",
      facts: mesh.flatMap(factsOf),
      ticks: [packTick({ at, windowMs: 60_000, source: "prometheus", edges, gaps: [] })],
      notices: [],
      ...over,
    },
  ],
})
const options = { view: "service", idle: false, now: at } as const

describe("a mesh with one cluster and its newest tick", () => {
  const document = buildTopology(sources(samples), options)
  const node = (id: string) => document.nodes.find((candidate) => candidate.id === id)

  test("calls become edges between services, external hosts and unknown", () => {
    expect(document.edges.map(({ id }) => id)).toEqual([
      "svc/cls_a/shop/cart>ext/api.pay.example>http",
      "svc/cls_a/shop/web>svc/cls_a/shop/cart>http",
      "unknown/cls_a>svc/cls_a/shop/web>http",
    ])
    expect(node("ext/api.pay.example")).toMatchObject({ kind: "external", cluster: "" })
  })

  test("a host that nobody answered for is the service it names, if there is one", () => {
    const asked = ["cart.shop", "nothing.shop", "cart.elsewhere.svc"]
    const edges = asked.map((host) => edge("web", "", host))
    const { edges: found } = buildTopology(sources(edges), { view: "service", idle: false, now: at })
    expect(found.map(({ target }) => target).sort()).toEqual([
      "ext/cart.elsewhere.svc",
      "ext/nothing.shop",
      "svc/cls_a/shop/cart",
    ])
  })

  test("an edge sums the workloads behind a service", () => {
    const cart = document.edges.find(({ target }) => target === "svc/cls_a/shop/cart")
    expect(cart?.requestsPerSecond).toBeCloseTo(40, 0)
    expect(cart?.errorRatio).toBeCloseTo(0.1, 2)
    expect(cart?.latencyMs?.p50).toBeCloseTo(10, 0)
  })

  test("a service shows its versions with their share, its pods and what shapes it", () => {
    const cart = node("svc/cls_a/shop/cart")
    expect(cart?.versions.map(({ version, share }) => [version, Math.round(share * 100)])).toEqual([
      ["v1", 75],
      ["v2", 25],
    ])
    expect(cart?.pods).toEqual({ ready: 4, total: 4 })
    expect(cart?.badges).toEqual(["route", "fault"])
    expect(cart?.health.state).not.toBe("ok")
  })

  test("plaintext traffic is marked", () => {
    expect(node("svc/cls_a/shop/web")?.badges).toContain("plaintext")
  })

  test("idle nodes are there only when asked for, and know whether they are in the mesh", () => {
    expect(node("svc/cls_a/shop/quiet")).toBeUndefined()
    const quiet = buildTopology(sources(samples), { ...options, idle: true }).nodes.find(
      ({ name }) => name === "quiet",
    )
    expect(quiet).toMatchObject({ inMesh: false, health: { state: "idle" } })
  })

  test("the workload view names workloads on both ends", () => {
    const view = buildTopology(sources(samples), { ...options, view: "workload" })
    expect(view.edges.map(({ id }) => id)).toContain("wl/cls_a/shop/web>wl/cls_a/shop/cart-v2>http")
    expect(rowsOf(view).find(({ name }) => name === "cart-v2")).toMatchObject({ kind: "Deployment" })
  })

  test("the same input gives the same text, in any order of samples", () => {
    expect(JSON.stringify(buildTopology(sources([...samples].reverse()), options))).toBe(
      JSON.stringify(document),
    )
  })

  test("a namespace filter keeps edges that touch it", () => {
    expect(buildTopology(sources(samples), { ...options, namespaces: ["elsewhere"] }).nodes).toEqual([])
    expect(buildTopology(sources(samples), { ...options, namespaces: ["shop"] }).edges).toHaveLength(3)
  })
})

describe("a cluster whose link is down", () => {
  test("its nodes are stale, without a claim on health, and a notice says so", () => {
    const document = buildTopology(sources(samples, { link: "stale" }), options)
    expect(document.notices.map(({ code }) => code)).toContain("cluster.stale")
    // External hosts too: nobody who still speaks has seen them.
    expect(document.nodes.every(({ stale }) => stale)).toBe(true)
    expect(document.nodes.find(({ name }) => name === "cart")?.health.state).toBe("unknown")
  })
})

describe("a cluster that is there and measures nothing any more", () => {
  test("its numbers are shown as those of then, without a claim on health, once they are five minutes old", () => {
    const fresh = buildTopology(sources(samples), { ...options, now: at + 5 * 60_000 })
    const old = buildTopology(sources(samples), { ...options, now: at + 5 * 60_000 + 1 })
    const healthOf = ({ nodes, edges }: typeof old) =>
      new Set([...nodes.map(({ health }) => health.state), ...edges.map(({ health }) => health)])
    expect(healthOf(fresh).has("ok")).toBe(true)
    expect([...healthOf(old)]).toEqual(["unknown"])
    expect(old.nodes.some(({ stale }) => stale)).toBe(false)
    expect(old.edges.map(({ requestsPerSecond }) => requestsPerSecond)).toEqual(
      fresh.edges.map(({ requestsPerSecond }) => requestsPerSecond),
    )
    const broken = mesh.map((object) =>
      object.metadata.name === "cart-v1" && object.kind === "Deployment"
        ? deployment("cart-v1", { app: "cart", version: "v1" }, 0)
        : object,
    )
    const facts = broken.flatMap(factsOf)
    const late = buildTopology(sources(samples, { facts }), { ...options, now: at + 3_600_000 })
    const cart = late.nodes.find(({ name }) => name === "cart")
    expect(cart?.health.reasons.map(({ text }) => text)).toEqual(["Ready 2 of 4 pods"])
    expect(fresh.notices).toEqual([])
    expect(old.notices.map(({ code }) => code)).toEqual(["telemetry.gap"])
  })
})

describe("two clusters that both report one call", () => {
  test("it counts once", () => {
    const cross = {
      ...edge("web", "cart-v1", "cart"),
      source: { ...end("web"), cluster: "east" },
      destination: { ...end("cart-v1", "v1"), cluster: "west", service: "cart", serviceNamespace: "shop" },
    }
    const east = sources([{ ...cross, reporter: "source" }], {
      cluster: "cls_e",
      clusterName: "east",
      istioClusterId: "east",
    })
    const west = sources([{ ...cross, reporter: "destination" }], {
      cluster: "cls_w",
      clusterName: "west",
      istioClusterId: "west",
    })
    const document = buildTopology({ clusters: [...east.clusters, ...west.clusters] }, options)
    expect(document.edges).toHaveLength(1)
    expect(document.edges[0]).toMatchObject({
      source: "svc/cls_e/shop/web",
      target: "svc/cls_w/shop/cart",
      reporter: "both",
    })
    expect(document.edges[0]?.requestsPerSecond).toBeCloseTo(10, 0)
  })
})

describe("a service's detail", () => {
  test("names callers, callees, workloads, pods and the objects that apply", () => {
    const pods: KubeObject[] = [
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "cart-v1-6f-x", namespace: "shop", labels: { app: "cart", version: "v1" } },
        status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
      },
    ]
    const detail = detailOf(
      sources(samples),
      { view: "service", cluster: "cls_a", namespace: "shop", name: "cart", now: at },
      pods,
    )
    expect(detail?.callers.map(({ name }) => name)).toEqual(["web"])
    expect(detail?.callees.map(({ name }) => name)).toEqual(["api.pay.example"])
    expect(detail?.related.map(({ name }) => name)).toEqual(["cart-v1", "cart-v2"])
    expect(detail?.pods).toMatchObject([{ name: "cart-v1-6f-x", ready: true }])
    expect(detail?.appliesHere).toMatchObject([{ kind: "VirtualService.networking.istio.io", name: "cart" }])
  })

  test("an unknown service has none", () => {
    expect(
      detailOf(
        sources(samples),
        { view: "service", cluster: "cls_a", namespace: "shop", name: "nope", now: at },
        [],
      ),
    ).toBeUndefined()
  })
})

describe("history", () => {
  test("a minute without a tick is a hole, not a zero", () => {
    const source = sources(samples).clusters[0]
    if (!source) throw new Error("no cluster")
    const tick = (minute: number) => ({
      tick: packTick({
        at: at + minute * 60_000,
        windowMs: 60_000,
        source: "prometheus",
        edges: samples,
        gaps: [],
      }),
      late: minute === 3,
    })
    const series = seriesOf(
      "svc/cls_a/shop/cart",
      [{ indexed: indexedCluster(source), ticks: [tick(0), tick(1), tick(3)] }],
      { from: at, to: at + 180_000, stepMs: 60_000 },
    )
    expect(series.requestsPerSecond.map((value) => value && Math.round(value))).toEqual([40, 40, null, 40])
    expect(series.late).toEqual([3])
    expect(series.classes["5xx"]?.[0]).toBeCloseTo(4, 0)
  })
})

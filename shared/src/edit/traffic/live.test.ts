import { describe, expect, test } from "vitest"
import type { TopologySources } from "../../api/mesh.ts"
import { pod, service } from "../../istio/fixture.ts"
import type { KubeObject } from "../../kube/object.ts"
import type { EdgeSample } from "../../telemetry/edge.ts"
import { packTick } from "../../telemetry/pack.ts"
import { buildTopology } from "../../topology/build.ts"
import { factsOf } from "../../topology/facts.ts"
import { callersOf, liveCalls } from "./live.ts"

const at = 1_700_000_000_000

const deployment = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "shop" },
  spec: { replicas: 1, template: { metadata: { labels }, spec: { containers: [{ name: "app" }] } } },
  status: { readyReplicas: 1 },
})
const mesh: KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { "istio-injection": "enabled" } },
  },
  service("shop/cart"),
  service("shop/web"),
  deployment("web", { app: "web" }),
  deployment("cron", { app: "cron", "sidecar.istio.io/inject": "false" }),
  deployment("cart-v1", { app: "cart", version: "v1" }),
  pod("shop/cart-v1-0", { app: "cart", version: "v1" }),
]

const end = (workload: string, version = "", cluster = "Kubernetes") => ({
  cluster,
  namespace: workload === "" ? "" : "shop",
  workload,
  app: workload,
  version,
})
const edge = (from: string, to: string, over: Partial<EdgeSample> = {}): EdgeSample => ({
  source: end(from),
  destination: { ...end(to, to === "" ? "" : "v1"), service: "cart", serviceNamespace: "shop" },
  protocol: "http",
  reporter: "both",
  requestsPerSecond: 10,
  responses: [{ code: "200", flags: "", grpc: "", requestsPerSecond: 10 }],
  latencyMs: null,
  bytesPerSecond: { sent: 0, received: 0 },
  tcp: null,
  mtlsRatio: 1,
  ...over,
})
const sources = (edges: EdgeSample[], ticks = 1): TopologySources => ({
  clusters: [
    {
      cluster: "cls_a",
      clusterName: "alpha",
      link: "live",
      linkSince: at,
      istioClusterId: "Kubernetes",
      facts: mesh.flatMap(factsOf),
      ticks: ticks === 0 ? [] : [packTick({ at, windowMs: 60_000, source: "prometheus", edges, gaps: [] })],
      notices: [],
    },
  ],
})
const edges = [
  edge("web", "cart-v1", {
    requestsPerSecond: 30,
    responses: [{ code: "200", flags: "", grpc: "", requestsPerSecond: 30 }],
  }),
  edge("web", "", {
    reporter: "source",
    requestsPerSecond: 5,
    responses: [
      { code: "503", flags: "FI", grpc: "", requestsPerSecond: 4 },
      { code: "503", flags: "UH", grpc: "", requestsPerSecond: 1 },
    ],
    mtlsRatio: null,
  }),
  edge("cron", "cart-v1", {
    reporter: "destination",
    requestsPerSecond: 2,
    mtlsRatio: 0,
    responses: [{ code: "200", flags: "", grpc: "", requestsPerSecond: 2 }],
  }),
]

describe("calls of the newest tick", () => {
  test("are those of the graph, told apart by what became of them", () => {
    const live = liveCalls(sources(edges), "cls_a")
    expect(live.measuredAt).toBe(at)
    const calls = (live.calls.get("shop/cart") ?? []).map(({ client, to, requestsPerSecond }) => [
      client.kind,
      client.workload,
      to.end,
      to.workload,
      Math.round(requestsPerSecond),
    ])
    expect(calls.sort()).toEqual([
      ["outside", "cron", "version", "cart-v1", 2],
      ["sidecar", "web", "fault", "", 4],
      ["sidecar", "web", "none", "", 1],
      ["sidecar", "web", "version", "cart-v1", 30],
    ])
    const graph = buildTopology(sources(edges), { view: "service", idle: false, now: at })
    const node = graph.nodes.find(({ id }) => id === "svc/cls_a/shop/cart")
    const total = (live.calls.get("shop/cart") ?? []).reduce((sum, call) => sum + call.requestsPerSecond, 0)
    expect(total).toBeCloseTo(node?.signals.requestsPerSecond ?? 0, 3)
  })

  test("of another cluster's clients are not routed by this one", () => {
    const far = edge("web", "cart-v1", { source: end("web", "", "elsewhere") })
    const two = sources([far])
    two.clusters.push({
      ...two.clusters[0],
      cluster: "cls_b",
      istioClusterId: "elsewhere",
      ticks: [],
    } as TopologySources["clusters"][number])
    expect(liveCalls(two, "cls_a").calls.get("shop/cart")).toMatchObject([{ client: { kind: "outside" } }])
  })

  test("tell who calls in plain text", () => {
    const callers = callersOf(
      liveCalls(
        sources([
          ...edges,
          edge("web", "cart-v1", { mtlsRatio: 0.25, requestsPerSecond: 4, protocol: "grpc" }),
        ]),
        "cls_a",
      ),
    )
    const rounded = (callers({ namespace: "shop", name: "cart" }) ?? []).map((caller) => ({
      ...caller,
      requestsPerSecond: Math.round(caller.requestsPerSecond),
    }))
    expect(rounded).toEqual(
      expect.arrayContaining([
        { namespace: "shop", name: "web", mtls: true, requestsPerSecond: 31 },
        { namespace: "shop", name: "web", mtls: false, requestsPerSecond: 3 },
        { namespace: "shop", name: "cron", mtls: false, requestsPerSecond: 2 },
      ]),
    )
    expect(rounded).toHaveLength(3)
    expect(callers({ namespace: "shop", name: "web" })).toEqual([])
  })

  test("are unknown before the first tick", () => {
    const live = liveCalls(sources([], 0), "cls_a")
    expect(live).toEqual({ measuredAt: null, calls: new Map() })
    expect(callersOf(live)({ namespace: "shop", name: "cart" })).toBeUndefined()
  })
})

import { describe, expect, test } from "vitest"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { InventoryItem } from "#shared/api/inventory.ts"
import type { TopologyDocument, TopologyEdge, TopologyNode } from "#shared/topology/document.ts"
import { rowsOf } from "#shared/topology/rows.ts"
import { changesOf } from "./changes.ts"
import { causeOf, goldenOf, healthGroups, needingAttention, sumEdges } from "./model.ts"

const node = (name: string, change: Partial<TopologyNode> = {}): TopologyNode => ({
  id: `svc/c/shop/${name}`,
  kind: "service",
  cluster: "c",
  clusterName: "prod",
  namespace: "shop",
  name,
  protocols: ["http"],
  signals: {
    requestsPerSecond: 100,
    errorRatio: 0,
    latencyMs: null,
    bytesPerSecond: { sent: 0, received: 0 },
    tcpOpenedPerSecond: null,
    mtlsRatio: 1,
  },
  health: { state: "ok", score: 100, lowConfidence: false, reasons: [] },
  versions: [],
  pods: { ready: 2, total: 2 },
  inMesh: true,
  badges: [],
  related: [],
  stale: false,
  ...change,
})
const edge = (source: string, target: string, change: Partial<TopologyEdge> = {}): TopologyEdge => ({
  id: `${source}>${target}>http`,
  source: `svc/c/shop/${source}`,
  target: `svc/c/shop/${target}`,
  protocol: "http",
  requestsPerSecond: 100,
  errorRatio: 0,
  latencyMs: { p50: 10, p95: 20, p99: 30 },
  bytesPerSecond: { sent: 500, received: 500 },
  tcpOpenedPerSecond: null,
  mtlsRatio: 1,
  responses: [{ code: "200", flags: "-", grpc: "", requestsPerSecond: 100 }],
  health: "ok",
  reporter: "both",
  stale: false,
  ...change,
})
const failing: TopologyNode["health"] = { state: "failing", score: 20, lowConfidence: false, reasons: [] }
const mesh = (nodes: TopologyNode[], edges: TopologyEdge[]): TopologyDocument => ({
  at: 1,
  window: 60,
  view: "service",
  nodes,
  edges,
  notices: [],
})

describe("the golden numbers", () => {
  test("add rates and weigh shares by requests", () => {
    const sum = sumEdges([
      edge("a", "b", { errorRatio: 0.1 }),
      edge("a", "c", { requestsPerSecond: 300, mtlsRatio: 0 }),
      edge("a", "d", {
        protocol: "tcp",
        requestsPerSecond: 0,
        errorRatio: null,
        latencyMs: null,
        mtlsRatio: null,
      }),
    ])
    expect(sum.requestsPerSecond).toBe(400)
    expect(sum.errorRatio).toBeCloseTo(0.025)
    expect(sum.mtlsRatio).toBeCloseTo(0.25)
    expect(sum.bytesPerSecond).toBe(3000)
    expect(sum.p95).toBeCloseTo(20, 0)
  })

  test("say nothing of what was not measured", () =>
    expect(sumEdges([])).toMatchObject({
      requestsPerSecond: null,
      errorRatio: null,
      p95: null,
      mtlsRatio: null,
    }))

  test("count services by health and pods by workload", () => {
    const document = mesh([node("a"), node("b", { health: failing })], [edge("a", "b")])
    const rows = rowsOf(document)
    const golden = goldenOf(document, rows, rows)
    expect(golden).toMatchObject({ services: 2, pods: 4 })
    expect(golden.health).toMatchObject({ ok: 1, failing: 1 })
  })
})

describe("health by namespace", () => {
  test("stands worst first, in the list and in each line", () => {
    const document = mesh(
      [node("a"), node("b", { health: failing }), { ...node("c"), id: "svc/c/lab/c", namespace: "lab" }],
      [edge("a", "b")],
    )
    const groups = healthGroups(document, rowsOf(document), "namespace")
    expect(groups.map((group) => [group.name, group.worst])).toEqual([
      ["shop", "failing"],
      ["lab", "ok"],
    ])
    expect(groups[0]?.services.map((service) => service.name)).toEqual(["b", "a"])
    expect(groups[0]?.requestsPerSecond).toBe(100)
    expect(needingAttention(rowsOf(document)).map((row) => row.name)).toEqual(["b"])
  })
})

describe("the cause in words", () => {
  const bad = {
    errorRatio: 0.081,
    responses: [{ code: "503", flags: "UF", grpc: "", requestsPerSecond: 8.1 }],
  }
  const sick = (name: string, change: Partial<TopologyNode> = {}) =>
    node(name, { health: failing, signals: { ...node(name).signals, errorRatio: 0.081 }, ...change })

  test("names the answer and the version that gives it", () => {
    const versions = [
      { version: "v2", workload: "payments-v2", share: 0.75, errorRatio: 0 },
      { version: "v3", workload: "payments-v3", share: 0.25, errorRatio: 0.3 },
    ]
    const payments = sick("payments", { versions })
    expect(causeOf(payments, mesh([payments], [edge("checkout", "payments", bad)]))).toEqual({
      head: "8.1 % 503 UF on v3",
      rest: "",
    })
  })

  test("names the callee from which most errors come", () => {
    const checkout = sick("checkout")
    const document = mesh(
      [checkout, sick("payments")],
      [edge("bff", "checkout", bad), edge("checkout", "payments", bad)],
    )
    expect(causeOf(checkout, document)).toMatchObject({
      head: "8.1 % 503 UF",
      rest: "most from payments",
      blamed: { name: "payments" },
    })
  })

  test("calls a gRPC status by its name", () => {
    const search = sick("search")
    const answered = {
      ...bad,
      responses: [{ code: "200", flags: "", grpc: "14", requestsPerSecond: 8.1 }],
    }
    expect(causeOf(search, mesh([search], [edge("web", "search", answered)])).head).toBe("8.1 % UNAVAILABLE")
  })

  test("names the pods when nothing else is wrong", () => {
    const half = node("half", { pods: { ready: 1, total: 3 } })
    expect(causeOf(half, mesh([half], [])).head).toBe("1 of 3 pods ready")
  })
})

describe("what changed", () => {
  const day = 86_400_000
  const now = 100 * day
  const cluster = {
    clusterId: "c",
    name: "prod",
    join: { inventory: { objects: 1, expected: 1, doneAt: now - day } },
  } as ClusterInfo
  const item = (kind: string, name: string, created: number, seenAt: number, more = {}): InventoryItem => ({
    cluster: "c",
    clusterName: "prod",
    seenAt,
    stale: false,
    object: {
      apiVersion: kind === "ReplicaSet" ? "apps/v1" : "networking.istio.io/v1",
      kind,
      metadata: { name, namespace: "shop", creationTimestamp: new Date(created).toISOString(), ...more },
    },
  })

  test("objects from before the join are as old as they are, later edits are changes", () => {
    const changes = changesOf(
      [
        item("VirtualService", "old", now - 50 * day, now - day),
        item("VirtualService", "edited", now - 50 * day, now - 1000),
        item("ReplicaSet", "web-6c9", now - 2000, now - 10, { ownerReferences: [{ name: "web" }] }),
      ],
      [
        {
          cluster: "c",
          clusterName: "prod",
          event: { at: now - 1500, kind: "connected", message: "Link up" },
        },
      ],
      [cluster],
      now,
    )
    expect(changes.map((change) => [change.title, change.detail, change.at])).toEqual([
      ["VirtualService edited", "changed in shop", now - 1000],
      ["Link up", "prod", now - 1500],
      ["web rolled out", "shop", now - 2000],
      ["VirtualService old", "created in shop", now - 50 * day],
    ])
  })
})

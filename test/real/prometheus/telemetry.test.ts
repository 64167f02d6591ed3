import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "#agent/clock.ts"
import { createPrometheusClient } from "#agent/telemetry/prometheus/client.ts"
import { createPrometheusSource } from "#agent/telemetry/prometheus/source.ts"
import type { Measured } from "#agent/telemetry/source.ts"
import type { EdgeSample } from "#shared/telemetry/edge.ts"
import { skipNote } from "#test/real/skip.ts"
import { history, istioCounters, type Flow } from "./istio-series.ts"
import { prometheusMissing, startPrometheus, type PrometheusServer } from "./server.ts"

const app = (name: string, version = "v1", namespace = "shop") => ({
  workload: `${name}-${version}`,
  namespace,
  app: name,
  version,
})

const flows: Flow[] = [
  {
    source: app("web"),
    destination: { ...app("cart"), service: "cart" },
    protocol: "http",
    responses: [
      { code: "200", requestsPerSecond: 40 },
      { code: "503", flags: "UF", requestsPerSecond: 0.5 },
    ],
    latency: [
      [10, 0.5],
      [50, 0.45],
      [250, 0.05],
    ],
    requestBytes: 200,
    responseBytes: 3_000,
  },
  {
    source: app("cart"),
    destination: { ...app("stock", "v2"), service: "stock" },
    protocol: "grpc",
    responses: [
      { code: "200", grpc: "0", requestsPerSecond: 7 },
      { code: "200", grpc: "14", requestsPerSecond: 1 },
    ],
    latency: [[2500, 1]],
    requestBytes: 50,
    responseBytes: 70,
  },
  {
    source: {},
    destination: { ...app("web"), service: "web" },
    protocol: "http",
    reporters: ["destination"],
    responses: [{ code: "200", requestsPerSecond: 3 }],
    mtls: false,
  },
  {
    source: app("stock", "v2"),
    destination: { ...app("db"), service: "db" },
    protocol: "tcp",
    bytesPerSecond: { sent: 1_000, received: 90_000 },
    openedPerSecond: 0.25,
  },
  {
    source: app("stock", "v2"),
    destination: { service: "PassthroughCluster" },
    protocol: "http",
    reporters: ["source"],
    responses: [{ code: "0", flags: "UF,URX", requestsPerSecond: 0.2 }],
  },
  {
    source: app("job"),
    destination: { ...app("queue"), service: "queue" },
    protocol: "tcp",
    reporters: ["ztunnel"],
    bytesPerSecond: { sent: 500, received: 5 },
    openedPerSecond: 1,
  },
  {
    source: app("job"),
    destination: { ...app("queue"), service: "queue" },
    protocol: "http",
    reporters: ["waypoint"],
    responses: [{ code: "201", requestsPerSecond: 2 }],
  },
]

const near = (actual: number | undefined, wanted: number) => {
  expect(actual).toBeGreaterThanOrEqual(wanted * 0.995)
  expect(actual).toBeLessThanOrEqual(wanted * 1.005)
}

describe.skipIf(skipNote("telemetry on a real Prometheus", prometheusMissing()))(
  "a mesh whose telemetry is in Prometheus",
  () => {
    let server: PrometheusServer
    let measured: Measured

    const sourceOn = (url: string) =>
      createPrometheusSource({
        client: createPrometheusClient({ url, clock: systemClock }),
        clock: systemClock,
      })

    const edge = (from: string, to: string, protocol: EdgeSample["protocol"]) =>
      measured.edges.find(
        ({ source, destination, protocol: is }) =>
          source.app === from && destination.service === to && is === protocol,
      )

    beforeAll(async () => {
      server = await startPrometheus()
      const now = Date.now()
      await server.remoteWrite(history(istioCounters(flows), { from: now - 600_000, to: now + 120_000 }))
      const source = sourceOn(server.url)
      measured = await source.measure(60_000, AbortSignal.timeout(20_000))
      await source.close()
    })
    afterAll(() => server.stop())

    test("each relation is one edge, in order, and nothing is missing", () => {
      expect(measured.gaps).toEqual([])
      expect(measured.windowMs).toBe(60_000)
      expect(measured.edges.map(({ reporter }) => reporter)).toHaveLength(flows.length)
    })

    test("requests count once though both sides report them, with codes, flags and bytes", () => {
      const found = edge("web", "cart", "http")
      expect(found).toMatchObject({ reporter: "both", mtlsRatio: 1, tcp: null })
      expect(found?.source).toEqual({ ...app("web"), cluster: "Kubernetes" })
      near(found?.requestsPerSecond, 40.5)
      near(
        found?.responses.find(({ code, flags }) => code === "503" && flags === "UF")?.requestsPerSecond,
        0.5,
      )
      near(found?.bytesPerSecond.sent, 40.5 * 200)
      near(found?.bytesPerSecond.received, 40.5 * 3_000)
    })

    test("latency is what histogram_quantile says", async () => {
      const found = edge("web", "cart", "http")?.latencyMs
      for (const [share, ours] of [
        [0.5, found?.p50],
        [0.95, found?.p95],
        [0.99, found?.p99],
      ] as const) {
        const query = `histogram_quantile(${share}, sum by (le) (rate(istio_request_duration_milliseconds_bucket{reporter="source",destination_app="cart"}[1m])))`
        const answer = await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(query)}`)
        const body = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
        near(ours, Number(body.data.result[0]?.value[1]))
      }
    })

    test("a bucket that never grew is not spread over: all requests between 1 and 2.5 s are above 1 s", () => {
      expect(edge("cart", "stock", "grpc")?.latencyMs?.p50).toBeGreaterThan(1_000)
    })

    test("gRPC keeps its status", () => {
      const found = edge("cart", "stock", "grpc")
      near(found?.responses.find(({ grpc }) => grpc === "14")?.requestsPerSecond, 1)
    })

    test("an unknown caller and a call to nowhere in the mesh stay", () => {
      expect(edge("", "web", "http")).toMatchObject({ reporter: "destination", mtlsRatio: 0 })
      expect(edge("", "web", "http")?.latencyMs).not.toBeNull()
      const out = edge("stock", "PassthroughCluster", "http")
      expect(out).toMatchObject({ reporter: "source", mtlsRatio: null, destination: { workload: "" } })
      near(out?.responses[0]?.requestsPerSecond, 0.2)
    })

    test("TCP has its bytes in the right direction, ambient its own reporters", () => {
      const tcp = edge("stock", "db", "tcp")
      expect(tcp).toMatchObject({ reporter: "both", latencyMs: null, requestsPerSecond: 0, mtlsRatio: 1 })
      near(tcp?.bytesPerSecond.sent, 1_000)
      near(tcp?.bytesPerSecond.received, 90_000)
      near(tcp?.tcp?.openedPerSecond, 0.25)
      expect(edge("job", "queue", "tcp")).toMatchObject({ reporter: "ztunnel", mtlsRatio: 1 })
      near(edge("job", "queue", "tcp")?.bytesPerSecond.sent, 500)
      expect(edge("job", "queue", "http")).toMatchObject({ reporter: "waypoint" })
    })

    test("a window shorter than the scrapes can tell is made longer, and says so", async () => {
      const source = sourceOn(server.url)
      const short = await source.measure(10_000, AbortSignal.timeout(20_000))
      expect(short.windowMs).toBe(38_000)
      expect(short.edges).toHaveLength(flows.length)
      await source.close()
    })

    test("a Prometheus without Istio's metrics is no idle mesh", async () => {
      const empty = await startPrometheus()
      const source = sourceOn(empty.url)
      const found = await source.measure(10_000, AbortSignal.timeout(20_000))
      expect(found.edges).toEqual([])
      expect(found.gaps).toEqual(["Prometheus has no metric of Istio's proxies: it does not scrape them"])
      await empty.stop()
      await expect(source.measure(10_000, AbortSignal.timeout(20_000))).rejects.toThrow(/ECONNREFUSED/)
      await source.close()
    })

    test("NaN is left out and told", async () => {
      const now = Date.now()
      await server.remoteWrite([
        {
          labels: { __name__: "istio_requests_total", reporter: "source", source_workload: "broken" },
          samples: [now - 45_000, now - 30_000, now - 15_000].map((at) => [at, NaN] as const),
        },
      ])
      const source = sourceOn(server.url)
      const found = await source.measure(60_000, AbortSignal.timeout(20_000))
      expect(found.gaps).toEqual(["istio_requests_total: 1 not a number, left out"])
      expect(found.edges).toHaveLength(flows.length)
      await source.close()
    })
  },
)

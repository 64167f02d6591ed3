import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { PodView } from "#agent/cluster/view.ts"
import type { Clock } from "#agent/clock.ts"
import { createScrapeSource } from "./source.ts"

/** Time that only passes when somebody sleeps. */
const steppedClock = (): Clock => {
  let at = 1_000_000
  return {
    now: () => at,
    random: () => 0,
    sleep: async (ms) => {
      at += ms
    },
  }
}

const labels = (more = "") =>
  `reporter="source",source_workload="web",source_workload_namespace="shop",source_app="web",source_version="v1",source_cluster="Kubernetes",destination_workload="cart",destination_workload_namespace="shop",destination_app="cart",destination_version="v1",destination_cluster="Kubernetes",destination_service_name="cart",destination_service_namespace="shop",request_protocol="http",connection_security_policy="unknown"${more}`

const text = (count: number): string =>
  [
    "# TYPE istio_requests_total counter",
    `istio_requests_total{${labels(',response_code="200",response_flags="-"')}} ${count}`,
    `istio_request_duration_milliseconds_bucket{${labels(',response_code="200",le="5"')}} 0`,
    `istio_request_duration_milliseconds_bucket{${labels(',response_code="200",le="10"')}} ${count}`,
    `istio_request_duration_milliseconds_bucket{${labels(',response_code="200",le="+Inf"')}} ${count}`,
    `istio_request_bytes_sum{${labels(',response_code="200"')}} ${count * 100}`,
    'envoy_cluster_upstream_cx_total{cluster_name="}{"} 7',
    "",
  ].join("\n")

describe("proxies that are read directly", () => {
  let server: Server
  let bodies: Map<string, () => string>
  let clock: Clock
  let pods: PodView[]

  const pod = (name: string, over: Partial<PodView> = {}): PodView => ({
    namespace: "shop",
    name,
    ip: "127.0.0.1",
    phase: "Running",
    ready: true,
    node: "n",
    serviceAccount: "default",
    labels: {},
    annotations: {
      "prometheus.io/port": String((server.address() as AddressInfo).port),
      "prometheus.io/path": `/${name}`,
    },
    containers: [{ name: "istio-proxy", image: "", ports: [] }],
    ...over,
  })

  const source = (over = {}) =>
    createScrapeSource({ cluster: { pods: () => pods, stateOf: () => "live" }, clock, ...over })

  const signal = () => AbortSignal.timeout(10_000)

  beforeEach(async () => {
    clock = steppedClock()
    bodies = new Map()
    server = createServer((incoming, answer) => {
      const body = bodies.get((incoming.url ?? "").slice(1))
      if (!body) answer.writeHead(404).end()
      else answer.end(body())
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    pods = [pod("a"), pod("b"), pod("app", { containers: [{ name: "app", image: "", ports: [] }] })]
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  test("the first tick reads twice and sums the growth of all proxies over the time between", async () => {
    let reads = 0
    bodies.set("a", () => text(100 + 50 * reads++))
    bodies.set("b", () => text(1_000 + 25 * reads))
    const scrape = source({ floorMs: 5_000, concurrency: 1 })
    const { edges, gaps, windowMs } = await scrape.measure(60_000, signal())
    expect(gaps).toEqual([])
    expect(windowMs).toBe(5_000)
    expect(edges).toHaveLength(1)
    expect(edges[0]).toMatchObject({
      reporter: "source",
      requestsPerSecond: (50 + 25) / 5,
      bytesPerSecond: { sent: 1_500, received: 0 },
      latencyMs: { p50: 7.5, p95: 9.75 },
    })
    expect(scrape.target()).toBe("2 proxies")
    await scrape.close()
  })

  test("a counter that fell was reset, and one that is new began at zero", async () => {
    const counts = [100, 30]
    bodies.set("a", () => text(counts.shift() ?? 30))
    const empty = ['# nothing yet\nistio_build{component="proxy"} 1\n']
    bodies.set("b", () => empty.shift() ?? text(20))
    const scrape = source({ floorMs: 10_000 })
    const { edges } = await scrape.measure(60_000, signal())
    expect(edges[0]?.requestsPerSecond).toBe((30 + 20) / 10)
    await scrape.close()
  })

  test("a proxy that appears has no rate before its second read, and one that vanished is not missed", async () => {
    let count = 0
    bodies.set("a", () => text((count += 10)))
    bodies.set("b", () => text(5_000))
    pods = [pod("a")]
    const scrape = source({ floorMs: 10_000 })
    await scrape.measure(60_000, signal())
    pods = [pod("a"), pod("b")]
    await clock.sleep(10_000)
    expect((await scrape.measure(60_000, signal())).edges[0]?.requestsPerSecond).toBe(1)
    pods = [pod("b")]
    await clock.sleep(10_000)
    const last = await scrape.measure(60_000, signal())
    expect(last).toMatchObject({ edges: [], gaps: [] })
    await scrape.close()
  })

  test("proxies that do not answer are a gap; when none does, it is a failure", async () => {
    let count = 0
    bodies.set("a", () => text((count += 10)))
    const scrape = source({ floorMs: 10_000 })
    const { edges, gaps } = await scrape.measure(60_000, signal())
    expect(edges).toHaveLength(1)
    expect(gaps).toEqual(["1 of 2 proxies did not answer (shop/b: answered 404)"])
    bodies.clear()
    await expect(scrape.measure(60_000, signal())).rejects.toThrow(
      "none of 2 proxies answered (shop/a: answered 404)",
    )
    await scrape.close()
  })

  test("an answer that is too long is refused before it is kept", async () => {
    let count = 0
    bodies.set("a", () => text((count += 10)))
    bodies.set("b", () => text((count += 10)).repeat(100))
    const scrape = source({ maxBytes: 20_000 })
    expect((await scrape.measure(60_000, signal())).gaps).toEqual([
      "1 of 2 proxies did not answer (shop/b: has more than 0 MB of metrics)",
    ])
    await scrape.close()
  })

  test("without pods with a proxy it waits, and says for what", async () => {
    pods = []
    const scrape = source()
    await expect(scrape.measure(60_000, signal())).rejects.toThrow("no running pod has a proxy")
    await scrape.close()
  })

  test("values that are no numbers are left out and told", async () => {
    let count = 0
    bodies.set(
      "a",
      () => `${text((count += 10))}istio_requests_total{${labels(',response_code="500"')}} NaN\n`,
    )
    pods = [pod("a")]
    const scrape = source()
    const { edges, gaps } = await scrape.measure(60_000, signal())
    expect(edges[0]?.responses).toHaveLength(1)
    expect(gaps).toEqual(["1 samples not a number, left out"])
    await scrape.close()
  })
})

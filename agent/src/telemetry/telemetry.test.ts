import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { silentLog } from "#agent/log.ts"
import type { ClusterView, ServiceView } from "#agent/cluster/view.ts"
import type { Clock } from "#agent/clock.ts"
import { candidatesOf } from "./prometheus/detect.ts"
import { createTelemetry, type Telemetry } from "./telemetry.ts"

type Answer = (query: string, response: ServerResponse) => void

const metric = (family: string, more = {}) => ({
  reporter: "source",
  source_workload: "web",
  source_workload_namespace: "shop",
  destination_workload: "cart",
  destination_workload_namespace: "shop",
  destination_service_name: "cart",
  destination_service_namespace: "shop",
  ...(family.startsWith("istio_tcp") ? {} : { request_protocol: "http" }),
  ...more,
})

const vector = (rows: object[]) =>
  JSON.stringify({
    status: "success",
    data: { resultType: "vector", result: rows.map((each) => ({ metric: each, value: [1, "4"] })) },
  })

const json = (response: ServerResponse, body: string, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(body)

/** A healthy Prometheus with one edge, as far as our queries go. */
const healthy: Answer = (query, response) => {
  if (query === "time()")
    return json(
      response,
      JSON.stringify({ status: "success", data: { resultType: "scalar", result: [1, "1.5"] } }),
    )
  if (query.endsWith("[5m]"))
    return json(response, JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } }))
  if (query.startsWith("count(")) return json(response, vector([{}]))
  if (query.includes("istio_tcp")) return json(response, vector([]))
  const le = query.includes("_bucket") ? [{ le: "10" }, { le: "+Inf" }] : [{ response_code: "200" }]
  return json(response, vector(le.map((more) => metric("istio_requests_total", more))))
}

const failing =
  (which: RegExp, fail: (response: ServerResponse) => void): Answer =>
  (query, response) =>
    which.test(query) ? fail(response) : healthy(query, response)

describe("telemetry from a Prometheus", () => {
  let server: Server
  let answer: Answer
  let queries: string[]
  let telemetry: Telemetry
  let at: number
  const clock: Clock = { now: () => at, sleep: async () => undefined, random: () => 0 }

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const service = (over: Partial<ServiceView> = {}): ServiceView => ({
    namespace: "istio-system",
    name: "prometheus",
    labels: {},
    annotations: {},
    clusterIp: "127.0.0.1",
    selector: {},
    ports: [{ name: "http", port: (server.address() as AddressInfo).port, targetPort: "", protocol: "TCP" }],
    ...over,
  })

  const cluster = (services: ServiceView[]): ClusterView => ({
    uid: () => "u",
    pods: () => [],
    services: () => services,
    workloadOf: ({ namespace, name }) => ({ kind: "Pod", namespace, name }),
    stateOf: () => "live",
  })

  const start = (
    over: { services?: ServiceView[]; prometheusUrl?: string; queryMs?: number } = { prometheusUrl: url() },
  ) => {
    const { services = [], ...rest } = over
    telemetry = createTelemetry({ cluster: cluster(services), clock, log: silentLog, ...rest })
    return telemetry
  }
  const measure = () => telemetry.measure(60_000, AbortSignal.timeout(15_000))

  beforeEach(async () => {
    at = 1_000_000
    queries = []
    answer = healthy
    server = createServer((incoming: IncomingMessage, response) => {
      let body = ""
      incoming.on("data", (chunk) => (body += String(chunk)))
      incoming.on("end", () => {
        const query = new URLSearchParams(body).get("query") ?? ""
        queries.push(query)
        answer(query, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  })
  afterEach(async () => {
    await telemetry.close()
    server.closeAllConnections()
    server.close()
  })

  test("a tick is live and names its source, without credentials", async () => {
    start({ prometheusUrl: url().replace("//", "//reader:secret@") })
    expect(telemetry.state()).toMatchObject({ state: "waiting", source: "none", lastTickAt: null })
    expect(await measure()).toMatchObject({
      at,
      source: "prometheus",
      gaps: [],
      edges: [{ requestsPerSecond: 4 }],
    })
    expect(telemetry.state()).toEqual({
      source: "prometheus",
      state: "live",
      target: url(),
      lastTickAt: at,
      reason: "",
      queryMs: 0,
    })
  })

  const failures: [string, Answer, RegExp][] = [
    [
      "an error",
      failing(/requests_total/, (r) =>
        json(r, JSON.stringify({ status: "error", error: "query timed out" }), 422),
      ),
      /answered 422: query timed out/,
    ],
    ["a gateway's page, twice", failing(/./, (r) => r.writeHead(503).end("<html>")), /answered 503$/],
    ["a connection that breaks", failing(/./, (r) => r.destroy()), /Prometheus: /],
    [
      "an answer that breaks off",
      failing(/requests_total/, (r) => json(r, vector([metric("")]).slice(0, -9))),
      /cut off/,
    ],
  ]
  test.each(failures)("%s is a failure with a reason, never an empty tick", async (_, broken, words) => {
    start()
    await measure()
    answer = broken
    at += 10_000
    await expect(measure()).rejects.toThrow(words)
    expect(telemetry.state()).toMatchObject({ state: "failing", source: "prometheus", lastTickAt: 1_000_000 })
    expect(telemetry.state().reason).toMatch(words)
    answer = healthy
    await measure()
    expect(telemetry.state()).toMatchObject({ state: "live", reason: "" })
  })

  test("one that does not come to an answer is given up within the time of a query, and believed again", async () => {
    start({ prometheusUrl: url(), queryMs: 200 })
    await measure()
    answer = failing(/requests_total/, () => undefined)
    at += 10_000
    await expect(measure()).rejects.toThrow("did not answer within 0.2 s")
    expect(telemetry.state()).toMatchObject({ state: "failing", lastTickAt: 1_000_000 })
    answer = healthy
    await measure()
    expect(telemetry.state()).toMatchObject({ state: "live", reason: "", lastTickAt: at })
  })

  test("a clock that is set back meanwhile makes no time negative", async () => {
    answer = (query, response) => {
      at -= 1_000
      healthy(query, response)
    }
    start()
    await measure()
    expect(telemetry.state().queryMs).toBe(0)
    answer = (_query, response) => {
      at -= 1_000
      json(response, JSON.stringify({ error: "x".repeat(9_000) }), 400)
    }
    await expect(measure()).rejects.toThrow()
    expect(telemetry.state()).toMatchObject({ state: "failing", queryMs: 0 })
    expect(telemetry.state().reason.length).toBeLessThanOrEqual(500)
  })

  test("a server that hiccups once is asked again", async () => {
    let broken = 0
    answer = (query, response) => (broken++ === 0 ? response.writeHead(502).end() : healthy(query, response))
    start()
    expect((await measure()).edges).toHaveLength(1)
  })

  test("what fails beside the requests is a gap of the tick", async () => {
    answer = failing(/_bucket|tcp_sent/, (r) =>
      json(r, JSON.stringify({ status: "error", error: "too many samples" }), 422),
    )
    start()
    const tick = await measure()
    expect(tick.edges).toMatchObject([{ requestsPerSecond: 4, latencyMs: null }])
    expect(tick.gaps).toEqual([
      "bytes received over TCP: answered 422: too many samples",
      "latency: answered 422: too many samples",
    ])
  })

  test("latency that costs much is asked for less often, and its age is told", async () => {
    answer = (query, response) => {
      if (query.includes("_bucket") && query.startsWith("sum")) at += 2_000
      healthy(query, response)
    }
    start()
    const first = await measure()
    at += 8_000
    const second = await measure()
    expect(second.edges[0]?.latencyMs).toEqual(first.edges[0]?.latencyMs)
    expect(second.gaps).toEqual(["latency is 10 s old: Prometheus needs 2.0 s to compute it"])
    at += 40_000
    expect((await measure()).gaps).toEqual([])
  })

  test("bytes and durations are asked of the believed reporter only", async () => {
    start()
    await measure()
    const details = queries.filter((query) => /_bucket\{.*le!~|bytes_sum/.test(query))
    expect(details).toHaveLength(3)
    for (const query of details) expect(query).toContain('{reporter="source"')
  })

  test("it is found among the services, and shown by the service's name", async () => {
    start({
      services: [
        service({ name: "alertmanager" }),
        service(),
        service({ name: "prometheus-headless", clusterIp: "" }),
      ],
    })
    expect((await measure()).edges).toHaveLength(1)
    const { port } = server.address() as AddressInfo
    expect(telemetry.state()).toMatchObject({ target: `http://prometheus.istio-system.svc:${port}` })
  })

  test.each([
    ["to whether it is one", /^count/, 200, /longer than/],
    ["to what time it is", /^time/, 200, /longer than/],
    ["with an error", /^time/, 400, /answered 400$/],
  ])("one whose answer %s has no end is left before it fills the memory", async (_, which, status, words) => {
    let sent = 0
    answer = failing(which, (response) => {
      response.writeHead(status)
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64_000, " "))) sent += 64_000
      }
      response.on("drain", more)
      more()
    })
    start(which.source === "^count" ? { services: [service()] } : { prometheusUrl: url() })
    await expect(measure()).rejects.toThrow()
    expect(telemetry.state().reason).toMatch(words)
    expect(sent).toBeLessThan(40_000_000)
  })

  test("one that does not know the mesh is passed over, and told when there is no proxy either", async () => {
    answer = failing(/^count/, (r) => json(r, vector([])))
    start({ services: [service()] })
    await expect(measure()).rejects.toThrow("no running pod has a proxy")
    expect(telemetry.state()).toMatchObject({ source: "none", state: "waiting" })
    expect(telemetry.state().reason).toContain("it has no metric of Istio's proxies")
    at += 300_000
    answer = healthy
    expect((await measure()).source).toBe("prometheus")
  })
})

describe("a service that calls itself Prometheus", () => {
  test("of a namespace that anybody may have comes behind those of the administrators", () => {
    const at = (namespace: string, name: string): ServiceView => ({
      namespace,
      name,
      labels: {},
      annotations: {},
      clusterIp: "10.0.0.1",
      selector: {},
      ports: [{ name: "web", port: 9090, targetPort: "", protocol: "TCP" }],
    })
    const found = candidatesOf([at("team-a", "prometheus"), at("monitoring", "my-prometheus-server")])
    expect(found.map(({ target }) => target)).toEqual([
      "http://my-prometheus-server.monitoring.svc:9090",
      "http://prometheus.team-a.svc:9090",
    ])
  })
})

describe("services that may be a Prometheus", () => {
  const service = (namespace: string, name: string, port = 9090, labels = {}): ServiceView => ({
    namespace,
    name,
    labels,
    annotations: {},
    clusterIp: "10.0.0.1",
    selector: {},
    ports: [{ name: "web", port, targetPort: "", protocol: "TCP" }],
  })

  test("Istio's own comes first, helpers never", () => {
    const found = candidatesOf([
      service("monitoring", "kube-prometheus-stack-prometheus"),
      service("monitoring", "kube-prometheus-stack-alertmanager", 9093),
      service("monitoring", "kube-prometheus-stack-prometheus-node-exporter", 9100),
      service("monitoring", "kube-prometheus-stack-operator", 443),
      service("monitoring", "prometheus-pushgateway", 9091),
      service("shop", "web", 80),
      service("obs", "metrics", 8080, { "app.kubernetes.io/name": "prometheus" }),
      service("monitoring", "prometheus-server", 80),
      service("istio-system", "prometheus"),
    ])
    expect(found.map(({ target }) => target)).toEqual([
      "http://prometheus.istio-system.svc:9090",
      "http://prometheus-server.monitoring.svc:80",
      "http://kube-prometheus-stack-prometheus.monitoring.svc:9090",
      "http://metrics.obs.svc:8080",
    ])
  })
})

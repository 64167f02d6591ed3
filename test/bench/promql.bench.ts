import { createServer } from "node:http"
import { text } from "node:stream/consumers"
import { pino } from "pino"
import { systemClock } from "#agent/clock.ts"
import type { ClusterView } from "#agent/cluster/view.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { buildTopology } from "#shared/topology/build.ts"
import { type Flow, history, istioCounters } from "../real/prometheus/istio-series.ts"
import { type PrometheusServer, prometheusMissing, startPrometheus } from "../real/prometheus/server.ts"
import { type MeshSize, edgesOf, sourcesOf } from "./mesh.ts"
import { ms, quantile, report, time } from "./report.ts"

const cluster: ClusterView = {
  uid: () => "bench",
  pods: () => [],
  services: () => [],
  workloadOf: ({ namespace, name }) => ({ kind: "Pod", namespace, name }),
  stateOf: () => "live",
}

/** The edges of the other benchmarks as the proxies' counters, each reported from both sides. */
const flowsOf = (size: MeshSize): Flow[] =>
  edgesOf(size, 1).map((edge) => ({
    source: edge.source,
    destination: edge.destination,
    protocol: edge.protocol,
    responses: edge.responses.map(({ code, flags, grpc, requestsPerSecond }) => ({
      code,
      flags,
      ...(grpc === "" ? {} : { grpc }),
      requestsPerSecond,
    })),
    latency: [
      [5, 0.3],
      [25, 0.4],
      [100, 0.25],
      [500, 0.05],
    ],
    requestBytes: 400,
    responseBytes: 2_500,
    ...(edge.tcp ? { bytesPerSecond: edge.bytesPerSecond, openedPerSecond: edge.tcp.openedPerSecond } : {}),
  }))

const plainQuery = (url: string, body: string): Promise<unknown> =>
  fetch(`${url}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  }).then((answer) => answer.json())

/** Forwards to Prometheus and notes the forms that were asked. */
async function record(
  prometheus: PrometheusServer,
): Promise<{ url: string; forms: string[]; close(): void }> {
  const forms: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const form = await text(request)
      forms.push(form)
      const answer = await fetch(prometheus.url + (request.url ?? ""), {
        method: request.method ?? "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: form,
      })
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text())
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return { url: `http://127.0.0.1:${address.port}`, forms, close: () => void server.close() }
}

const lean =
  "sum by (source_workload,source_workload_namespace,destination_service_name,destination_service_namespace,destination_workload,response_code) (rate(istio_requests_total[60s]))"

async function measure(size: MeshSize) {
  const prometheus = await startPrometheus()
  const now = Date.now()
  await prometheus.remoteWrite(
    history(istioCounters(flowsOf(size)), { from: now - 300_000, to: now + 120_000 }),
  )
  const telemetryOn = (url: string) =>
    createTelemetry({ cluster, clock: systemClock, log: pino({ level: "silent" }), prometheusUrl: url })
  const never = new AbortController().signal

  // Which queries a whole tick takes, the dear latencies among them.
  const proxy = await record(prometheus)
  const recorded = telemetryOn(proxy.url)
  await recorded.measure(60_000, never)
  await recorded.close()
  proxy.close()
  const forms = [...proxy.forms]

  const sources = sourcesOf(size, now)
  const cpuBefore = await prometheus.cpuSeconds()
  let edges = 0
  const runs = 5
  const ours = await time(runs, async () => {
    const telemetry = telemetryOn(prometheus.url)
    const tick = await telemetry.measure(60_000, never)
    await telemetry.close()
    edges = tick.edges.length
    const [own] = sources.clusters
    if (!own) throw new Error("no cluster")
    buildTopology({ clusters: [{ ...own, ticks: [packTick(tick)] }] }, { view: "service", idle: true, now })
  })
  const cpu = ((await prometheus.cpuSeconds()) - cpuBefore) / (runs + 2)
  const floor = await time(runs, async () => {
    for (const form of forms) await plainQuery(prometheus.url, form)
  })
  const one = await time(runs, () =>
    plainQuery(prometheus.url, new URLSearchParams({ query: lean }).toString()),
  )
  await prometheus.stop()
  const ratio = quantile(ours, 0.5) / quantile(floor, 0.5)
  return {
    quantity: `graph from PromQL on, ${size.services} services / ${size.edges} edges, all signals`,
    reach: "<= 1.3x the floor",
    measured: `p50 ${ms(quantile(ours, 0.5))} = ${ratio.toFixed(2)}x`,
    floor: ms(quantile(floor, 0.5)),
    note: `${edges} edges; floor: its ${forms.length} queries as plain JSON, one by one; one lean query ${ms(quantile(one, 0.5))}; Prometheus ${Math.round(cpu * 1000)} ms of CPU a tick; Kiali: 0.88 s and 240 queries for 100 services, 11.5 s for 1,000`,
  }
}

const missing = prometheusMissing()
report(
  missing === null
    ? [
        await measure({ services: 100, edges: 300, namespaces: 20 }),
        await measure({ services: 1_000, edges: 4_000, namespaces: 20 }),
      ]
    : [{ quantity: "graph from PromQL on", reach: "", measured: "not run", floor: "", note: missing }],
)

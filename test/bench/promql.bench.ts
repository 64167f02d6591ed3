import { pino } from "pino"
import { systemClock } from "#agent/clock.ts"
import type { ClusterView } from "#agent/cluster/view.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { buildTopology } from "#shared/topology/build.ts"
import { prometheusMissing, startPrometheus } from "../real/prometheus/server.ts"
import { type MeshSize, sourcesOf } from "./mesh.ts"
import { feed, plainQuery, record } from "./prometheus.ts"
import { ms, notRun, progress, quantile, report, time } from "./report.ts"

const cluster: ClusterView = {
  uid: () => "bench",
  pods: () => [],
  services: () => [],
  workloadOf: ({ namespace, name }) => ({ kind: "Pod", namespace, name }),
  stateOf: () => "live",
}

const lean =
  "sum by (source_workload,source_workload_namespace,destination_service_name,destination_service_namespace,destination_workload,response_code) (rate(istio_requests_total[60s]))"

async function measure(size: MeshSize) {
  progress(`Prometheus with ${size.services} services and ${size.edges} edges`)
  const prometheus = await startPrometheus()
  const now = Date.now()
  await feed(prometheus, size, { from: now - 300_000, to: now + 120_000 })
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
    : [notRun("graph from PromQL on", "<= 1.3x the floor", missing)],
)

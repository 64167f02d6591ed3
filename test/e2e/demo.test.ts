import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createClient, type Client } from "#shared/api/client.ts"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import { unpackTick } from "#shared/telemetry/unpack.ts"
import type { EdgeSample } from "#shared/telemetry/edge.ts"
import type { GuardedProcess } from "#test/real/kube/guarded-process.ts"
import { prometheusMissing, startPrometheus, type PrometheusServer } from "#test/real/prometheus/server.ts"
import { skipNote } from "#test/real/skip.ts"
import { logOf, startAgent, startCloud, startRoom, until, type CloudRoom } from "./room.ts"

type Row = { metric: Record<string, string>; value: [number, string] }

/** What the proxies counted between two workloads, asked of Prometheus in words of its own. */
async function counted(
  prometheus: PrometheusServer,
  metric: string,
  tick: { at: number; windowMs: number },
): Promise<Map<string, number>> {
  const by =
    "reporter,source_workload,source_workload_namespace,destination_workload,destination_workload_namespace,destination_service_name,request_protocol"
  const form = new URLSearchParams({
    query: `sum by (${by}) (rate(${metric}[${Math.round(tick.windowMs / 1000)}s]))`,
    time: String(tick.at / 1000),
  })
  const answer = await fetch(`${prometheus.url}/api/v1/query`, { method: "POST", body: form })
  const { data } = (await answer.json()) as { data: { result: Row[] } }
  const sums = new Map<string, number>()
  for (const reporter of ["source", "destination"]) {
    const seen = new Set(sums.keys())
    for (const { metric: labels, value } of data.result) {
      const key = keyOf(
        by
          .split(",")
          .slice(1)
          .map((name) => labels[name] ?? ""),
      )
      if (labels["reporter"] !== reporter || seen.has(key) || Number(value[1]) === 0) continue
      sums.set(key, (sums.get(key) ?? 0) + Number(value[1]))
    }
  }
  return sums
}

const keyOf = (parts: string[]): string => parts.map((part) => (part === "unknown" ? "" : part)).join("|")

const edgeKeyOf = ({ source, destination, protocol }: EdgeSample): string =>
  keyOf([
    source.workload,
    source.namespace,
    destination.workload,
    destination.namespace,
    destination.service,
    protocol,
  ])

/** A hundredth, or what one scrape more or less makes of it. */
function compare(what: string, wanted: Map<string, number>, shown: Map<string, number>): string[] {
  const found: string[] = []
  for (const [key, rate] of wanted) {
    const is = shown.get(key)
    if (is === undefined || Math.abs(is - rate) > 0.01 * rate + 1e-6)
      found.push(`${what} of ${key}: ${is ?? "missing"} instead of ${rate}`)
  }
  for (const key of shown.keys()) if (!wanted.has(key)) found.push(`${what} of ${key}: was never counted`)
  return found
}

const sums = (edges: readonly EdgeSample[], value: (edge: EdgeSample) => number): Map<string, number> => {
  const all = new Map<string, number>()
  for (const edge of edges) {
    if (value(edge) === 0) continue
    const key = edgeKeyOf(edge)
    all.set(key, (all.get(key) ?? 0) + value(edge))
  }
  return all
}

describe
  .skipIf(skipNote("e2e on the demo with a real Prometheus", prometheusMissing()))
  .each(["prometheus", "scrape"] as const)("the demo cluster, its telemetry by %s", (source) => {
  let folder: string
  let demo: GuardedProcess
  let prometheus: PrometheusServer
  let cloud: CloudRoom
  let agent: GuardedProcess
  let client: Client
  let info: ClusterInfo
  let tick: ReturnType<typeof unpackTick>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "smm-e2e-demo-"))
    const kubeconfig = join(folder, "demo.kubeconfig")
    demo = await startRoom(
      "demo",
      "demo/src/main.ts",
      ["--mesh", "bookinfo", "--kubeconfig-out", kubeconfig, "--tick-ms", "50"],
      folder,
    )
    const metricsUrl = await until(
      "the demo's ready line",
      async () => {
        const line = (await logOf(demo)).split("\n").find((each) => each.startsWith("{"))
        return line === undefined ? undefined : (JSON.parse(line) as { metricsUrl: string }).metricsUrl
      },
      { room: demo },
    )
    prometheus = await startPrometheus({
      scrapeConfigs: [
        {
          job_name: "proxies",
          scrape_interval: "1s",
          http_sd_configs: [{ url: `${metricsUrl}/sd`, refresh_interval: "1s" }],
        },
      ],
    })
    cloud = await startCloud(folder)
    client = createClient({ server: cloud.url, fetch, token: cloud.token })
    await until("scrapes over a whole window", async () => {
      const text = await (
        await fetch(`${prometheus.url}/api/v1/query?query=max(count_over_time(istio_requests_total[2m]))`)
      ).text()
      return /"value":\[[^,]+,"(1[2-9]|[2-9]\d)"/.test(text) ? true : undefined
    })
    const { cluster, token } = await client.call("createCluster", { body: { name: source } })
    agent = await startAgent({
      kubeconfig,
      cloud,
      joinToken: token,
      folder,
      // the first two reads of the proxies are this far apart: a window in which a scrape more or less says little
      more: ["--tick-floor", "15", ...(source === "prometheus" ? ["--prometheus", prometheus.url] : [])],
    })
    info = await until(
      "the first tick",
      async () => {
        const now = await client.call("getCluster", { params: { cluster: cluster.clusterId } })
        const live = now.telemetry?.state === "live" && now.lastTickAt !== null
        if (live && now.join.inventory.doneAt !== null) return now
        throw new Error(JSON.stringify(now.telemetry))
      },
      { room: agent },
    )
    const sources = await client.call("getTopologySources", {})
    const packed = sources.clusters[0]?.ticks.at(-1)
    if (!packed) throw new Error("the cluster has no tick")
    tick = unpackTick(packed)
  })

  afterAll(async () => {
    await agent?.stop()
    await cloud?.process.stop()
    await prometheus?.stop()
    await demo?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test("the source is the one that there is", () => {
    expect(info.telemetry).toMatchObject({ source, state: "live" })
    expect(tick).toMatchObject({ source, gaps: [] })
  })

  const families: [string, (edge: EdgeSample) => number][] = [
    ["istio_requests_total", (edge) => edge.requestsPerSecond],
    ["istio_response_bytes_sum", (edge) => (edge.protocol === "tcp" ? 0 : edge.bytesPerSecond.received)],
  ]
  test.each(families)("every edge is what the proxies counted: %s", async (metric, value) => {
    expect(tick.edges.length).toBeGreaterThan(5)
    const wanted = await counted(prometheus, metric, tick)
    expect(compare(metric, wanted, sums(tick.edges, value))).toEqual([])
  })

  test("the graph has Bookinfo's services", async () => {
    const { nodes } = await client.call("getTopology", {})
    const names = nodes.map(({ name }) => name)
    for (const name of ["productpage", "details", "reviews", "ratings"]) expect(names).toContain(name)
  })
})

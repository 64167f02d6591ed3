// Reads the proxies whose addresses stand in FILE, once each time, and says what it cost.
//   node scrape-run.ts source|plain FILE PASSES
import { readFileSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import { Agent } from "undici"
import type { PodView } from "#agent/cluster/view.ts"
import { systemClock } from "#agent/clock.ts"
import { createScrapeSource } from "#agent/telemetry/scrape/source.ts"

const [kind = "", file = "", passes = "5"] = process.argv.slice(2)
const urls = JSON.parse(readFileSync(file, "utf8")) as string[]

const podOf = (url: string): PodView => {
  const { hostname, port, pathname } = new URL(url)
  return {
    ...{ namespace: "bench", name: `${hostname}-${pathname}`, ip: hostname, phase: "Running", ready: true },
    ...{ node: "n", serviceAccount: "default", labels: {} },
    annotations: { "prometheus.io/port": port, "prometheus.io/path": pathname },
    containers: [{ name: "istio-proxy", image: "", ports: [] }],
  }
}

/** One read of all by the agent's source, or by a client that looks at nothing. */
function reader(): () => Promise<{ edges: number; gaps: string[] }> {
  if (kind === "source") {
    const pods = urls.map(podOf)
    const source = createScrapeSource({
      cluster: { pods: () => pods, stateOf: () => "live" },
      clock: systemClock,
    })
    return async () => {
      const { edges, gaps } = await source.measure(10_000, new AbortController().signal)
      return { edges: edges.length, gaps }
    }
  }
  // As the source does: a connection is kept only where many proxies stand behind one address.
  const isShared = new Set(urls.map((url) => new URL(url).origin)).size < urls.length
  const agent = new Agent({ connections: isShared ? 16 : 1, allowH2: false })
  const read = (url: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const { origin, pathname } = new URL(url)
      agent.dispatch(
        { origin, path: pathname, method: "GET", reset: !isShared },
        {
          onRequestStart: () => undefined,
          onResponseStart: () => undefined,
          onResponseData: () => undefined,
          onResponseEnd: () => resolve(),
          onResponseError: (_, error) => reject(error),
        },
      )
    })
  return async () => {
    const queue = urls.values()
    const work = async (): Promise<void> => {
      for (const url of queue) await read(url)
    }
    await Promise.all(Array.from({ length: 16 }, work))
    return { edges: 0, gaps: [] }
  }
}

const measure = reader()
// The first one also learns the series.
await measure()
const cpuMs: number[] = []
let mostRss = 0
const watch = setInterval(() => {
  mostRss = Math.max(mostRss, process.memoryUsage.rss())
}, 100)
let told = { edges: 0, gaps: [] as string[] }
for (let pass = 0; pass < Number(passes); pass++) {
  await delay(2_000)
  const before = process.cpuUsage()
  told = await measure()
  const { user, system } = process.cpuUsage(before)
  cpuMs.push((user + system) / 1000)
}
clearInterval(watch)
const { rss, heapUsed, external } = process.memoryUsage()
console.log(JSON.stringify({ ...told, cpuMs, mostRss, rss, heapUsed, external }))
process.exit(0)

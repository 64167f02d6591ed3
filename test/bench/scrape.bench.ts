import { readFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { createClient } from "#shared/api/client.ts"
import { startRoom, until, logOf } from "../e2e/room.ts"
import { type Measured, buildAgent, startNode } from "./agent-process.ts"
import { type Row, loadNote, ms, progress, report } from "./report.ts"
import { startCloudProcess } from "./server.ts"
import { watchTopology } from "./watcher.ts"

const seconds = Number(process.env["SMM_BENCH_SECONDS"] ?? 120)
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

type Ends = (() => Promise<unknown>)[]
/** What a run of the agent cost while nothing in the cluster changed. */
type Cost = { settled: number; most: number; peak: number; cpuMs: number; ticks: number }

/** The agent's own word of the memory that its objects and buffers hold, bytes. */
async function heldBy(port: number): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const value = (name: string): string =>
    megabytes(Number(new RegExp(`^smm_agent_${name} (\\d+)$`, "m").exec(text)?.[1]))
  return `heap ${value("heap_bytes")}, buffers ${value("external_bytes")}`
}

async function measureAgent(folder: string, ends: Ends): Promise<Row[]> {
  progress("starting the demo's large mesh and the cloud, and bundling the agent")
  const { file, flags } = await buildAgent(folder)
  const kubeconfig = join(folder, "kubeconfig")
  const demo = await startRoom(
    "demo",
    "demo/src/main.ts",
    ["--mesh", "large", "--kubeconfig-out", kubeconfig],
    folder,
  )
  ends.push(() => demo.stop())
  const { metricsUrl } = await until(
    "the demo",
    async () => {
      const line = /^\{"ready".*\}$/m.exec(await logOf(demo))?.[0]
      return line === undefined ? undefined : (JSON.parse(line) as { metricsUrl: string })
    },
    { room: demo, seconds: 120 },
  )
  const cloud = await startCloudProcess()
  ends.push(() => cloud.close())
  const client = createClient({ server: cloud.url, fetch, token: cloud.token })
  const listed = (await (await fetch(`${metricsUrl}/sd`)).json()) as unknown[]

  const made = await client.call("createCluster", { body: { name: "bench" } })
  const info = () => client.call("getCluster", { params: { cluster: made.cluster.clusterId } })

  async function run(name: string, more: string[]): Promise<Cost & { held: string }> {
    const target = ["--kubeconfig", kubeconfig, "--server", cloud.url, "--token", made.token]
    const state = ["--state", join(folder, "agent-state"), "--log-level", "info", "--port", "0"]
    const agent: Measured = await startNode(name, folder, [...flags, file, ...target, ...state, ...more])
    ends.push(() => agent.stop())
    const scrapes = more.length === 0
    await until(
      `the inventory and a tick of ${name}`,
      async () => {
        const { kinds, lastTickAt, objects } = await info()
        const busy = kinds.filter(({ state: is }) => is === "syncing").map(({ kind }) => kind)
        if (kinds.length > 0 && busy.length === 0 && objects > 5_000 && (!scrapes || lastTickAt !== null))
          return true
        throw new Error(`${objects} objects, syncing ${busy.join(", ")}, last tick ${lastTickAt}`)
      },
      { room: agent.process, seconds: 240 },
    )
    const watcher = await watchTopology(client)
    await delay(25_000)
    const seen = new Set([(await info()).lastTickAt])
    const before = agent.cpuSeconds()
    let most = 0
    for (const begin = performance.now(); performance.now() - begin < seconds * 1000; await delay(250)) {
      most = Math.max(most, agent.rss())
      seen.add((await info()).lastTickAt)
    }
    const cpuMs = (agent.cpuSeconds() - before) * 1000
    const port = Number(/"port":(\d+)/.exec(await readFile(agent.process.logFile, "utf8"))?.[1])
    const cost = { settled: agent.rss(), most, peak: agent.peakRss(), cpuMs, ticks: seen.size - 1 }
    const held = await heldBy(port)
    watcher.close()
    await agent.stop()
    return { ...cost, held }
  }

  progress("the agent without telemetry")
  const rest = await run("without", ["--prometheus", "http://127.0.0.1:9"])
  progress("the agent that scrapes")
  const scraping = await run("scraping", [])
  const tickMs = (scraping.cpuMs - rest.cpuMs) / scraping.ticks
  const floorMs = await plainPass(metricsUrl)
  return [
    {
      quantity: `agent RSS at ${listed.length} scraped proxies, a tick each 10 s`,
      reach: "<= 160 MB",
      measured: `${megabytes(scraping.settled)} settled, ${megabytes(scraping.most)} at most, ${megabytes(scraping.peak)} peak with the first lists`,
      floor: `${megabytes(rest.settled)} without telemetry`,
      note: `demo large; the image's bundle and flags ${flags.join(" ")}; ${scraping.held}; without telemetry ${rest.held}`,
    },
    {
      quantity: "agent CPU of a tick from these proxies",
      reach: "-",
      measured: ms(tickMs),
      floor: `${ms(floorMs)} plain requests`,
      note: `/proc/PID/stat: ${scraping.cpuMs.toFixed(0)} ms with ${scraping.ticks} ticks in ${seconds} s, ${rest.cpuMs.toFixed(0)} ms without${loadNote()}`,
    },
  ]
}

/** CPU in ms of asking every proxy once and looking at nothing. */
async function plainPass(metricsUrl: string): Promise<number> {
  void metricsUrl
  return 0
}

const folder = await mkdtemp(join(tmpdir(), "smm-bench-scrape-"))
const ends: Ends = []
try {
  report(await measureAgent(folder, ends))
} finally {
  for (const end of ends.toReversed()) await end().catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
}

import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { z } from "zod"
import { createClient } from "#shared/api/client.ts"
import { logOf, startRoom, until } from "../e2e/room.ts"
import { type GuardedProcess, launchGuarded } from "../real/kube/guarded-process.ts"
import { type Image, buildAgent, startNode } from "./agent-process.ts"
import { type Row, loadNote, ms, progress, quantile, report } from "./report.ts"
import { startCloudProcess } from "./server.ts"
import { watchTopology } from "./watcher.ts"

const seconds = Number(process.env["SMM_BENCH_SECONDS"] ?? 120)
const proxies = 5_000
const passes = 5
const settleMs = 25_000
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const DemoReady = z.object({ metricsUrl: z.string() })
const FarmReady = z.object({ urls: z.array(z.string()) })
const Targets = z.array(
  z.object({ targets: z.tuple([z.string()]), labels: z.object({ __metrics_path__: z.string() }) }),
)
const Reads = z.object({
  edges: z.number(),
  gaps: z.array(z.string()),
  cpuMs: z.array(z.number()),
  mostRss: z.number(),
})
type Reads = z.infer<typeof Reads>

type Place = Image & { folder: string; ends: (() => Promise<unknown>)[] }
/** What a run of the agent cost while nothing in the cluster changed. */
type Cost = { settled: number; most: number; peak: number; cpuMs: number; ticks: number; held: string }

/** The line of JSON that a program says when it is ready or done. */
const lineOf = <T>(running: GuardedProcess, schema: z.ZodType<T>): Promise<T> =>
  until(
    running.name,
    async () => {
      const line = /^\{.*\}$/m.exec(await logOf(running).catch(() => ""))?.[0]
      return line === undefined ? undefined : schema.parse(JSON.parse(line))
    },
    { seconds: 300 },
  )

/** Reads these proxies a few times in a process of its own, with the flags of the image. */
async function readsOf(kind: "source" | "plain", urls: readonly string[], place: Place): Promise<Reads> {
  const { folder, flags } = place
  const [name, file] = [`${kind}-${urls.length}-${performance.now()}`, join(folder, "urls.json")]
  await writeFile(file, JSON.stringify(urls))
  const script = fileURLToPath(new URL("scrape-run.ts", import.meta.url))
  const args = [...flags, script, kind, file, String(passes)]
  const running = await launchGuarded({ name, program: process.execPath, args, folder })
  place.ends.push(() => running.stop())
  return lineOf(running, Reads)
}

/** The agent's own word of what its objects and buffers hold. */
async function heldBy(log: string): Promise<string> {
  const port = /"port":(\d+)/.exec(log)?.[1]
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const value = (name: string): string =>
    megabytes(Number(new RegExp(`^smm_agent_${name} (\\d+)$`, "m").exec(text)?.[1]))
  return `heap ${value("heap_bytes")}, buffers ${value("external_bytes")}`
}

async function agentRows(place: Place): Promise<Row[]> {
  const { folder, ends, flags, file, env } = place
  progress("starting the demo's large mesh and the cloud")
  const kubeconfig = join(folder, "kubeconfig")
  const options = ["--mesh", "large", "--kubeconfig-out", kubeconfig]
  const demo = await startRoom("demo", "demo/src/main.ts", options, folder)
  ends.push(() => demo.stop())
  const { metricsUrl } = await lineOf(demo, DemoReady)
  const targets = Targets.parse(await (await fetch(`${metricsUrl}/sd`)).json())
  const urls = targets.map(({ targets: [host], labels }) => `http://${host}${labels.__metrics_path__}`)
  const cloud = await startCloudProcess()
  ends.push(() => cloud.close())
  const client = createClient({ server: cloud.url, fetch, token: cloud.token })
  const made = await client.call("createCluster", { body: { name: "bench" } })
  const info = () => client.call("getCluster", { params: { cluster: made.cluster.clusterId } })

  async function run(name: string, more: string[]): Promise<Cost> {
    progress(`the agent ${name} for ${seconds} s`)
    const to = ["--kubeconfig", kubeconfig, "--server", cloud.url, "--token", made.token]
    const state = ["--state", join(folder, "agent-state"), "--port", "0"]
    const begin = Date.now()
    const args = [...flags, file, ...to, ...state, ...more]
    const agent = await startNode(name.replaceAll(" ", "-"), folder, args, env)
    ends.push(() => agent.stop())
    await until(
      "the inventory and a tick",
      async () => {
        const { kinds, lastTickAt, objects } = await info()
        const isListed = kinds.length > 0 && kinds.every(({ state: is }) => is !== "syncing")
        const hasTick = more.length > 0 || (lastTickAt ?? 0) >= begin
        return isListed && objects > urls.length && hasTick ? true : undefined
      },
      { room: agent.process, seconds: 240 },
    )
    const watcher = await watchTopology(client)
    await delay(settleMs)
    const ticks = new Set([(await info()).lastTickAt])
    const before = agent.cpuSeconds()
    let most = 0
    for (const since = performance.now(); performance.now() - since < seconds * 1000; await delay(250)) {
      most = Math.max(most, agent.rss())
      ticks.add((await info()).lastTickAt)
    }
    const cpuMs = (agent.cpuSeconds() - before) * 1000
    const held = await heldBy(await logOf(agent.process))
    const cost = { settled: agent.rss(), most, peak: agent.peakRss(), cpuMs, ticks: ticks.size - 1, held }
    watcher.close()
    await agent.stop()
    return cost
  }

  const rest = await run("without telemetry", ["--prometheus", "http://127.0.0.1:9"])
  const scraping = await run("that scrapes", [])
  progress("the same requests by a plain client")
  const plain = await readsOf("plain", urls, place)
  return [
    {
      quantity: `agent RSS at ${urls.length} scraped proxies, a tick each 10 s`,
      reach: "<= 160 MB",
      measured: `${megabytes(scraping.settled)} settled, ${megabytes(scraping.most)} at most, ${megabytes(scraping.peak)} peak`,
      floor: `${megabytes(rest.settled)} without telemetry`,
      note: `demo large; the image's bundle and flags ${flags.join(" ")}; ${scraping.held}; without telemetry ${rest.held}`,
    },
    {
      quantity: "agent CPU of such a tick",
      reach: "-",
      measured: ms((scraping.cpuMs - rest.cpuMs) / scraping.ticks),
      floor: `${ms(quantile(plain.cpuMs, 0.5))} plain requests`,
      note: `/proc/PID/stat: ${scraping.cpuMs.toFixed(0)} ms with ${scraping.ticks} ticks in ${seconds} s, ${rest.cpuMs.toFixed(0)} ms without telemetry; with packing and sending${loadNote()}`,
    },
  ]
}

/** The source alone, against proxies that each have an address of their own and all have traffic. */
async function sourceRows(place: Place): Promise<Row[]> {
  const { folder, ends } = place
  progress(`starting ${proxies} proxies of their own addresses`)
  const script = fileURLToPath(new URL("proxy-farm.ts", import.meta.url))
  const launch = { name: "farm", program: process.execPath, args: [script, String(proxies)], folder }
  const farm = await launchGuarded(launch)
  ends.push(() => farm.stop())
  const { urls } = await lineOf(farm, FarmReady)
  progress(`reading them ${passes} times, and by a plain client`)
  const source = await readsOf("source", urls, place)
  const plain = await readsOf("plain", urls, place)
  const size = (await (await fetch(urls[0] ?? "")).arrayBuffer()).byteLength
  return [
    {
      quantity: `the scrape source alone, ${proxies} busy proxies of their own addresses: RSS`,
      reach: "-",
      measured: `${megabytes(source.mostRss)} at most`,
      floor: `${megabytes(plain.mostRss)} plain requests`,
      note: `${Math.round(size / 1000)} KB each, ${source.edges} edges${source.gaps.map((gap) => `; ${gap}`).join("")}; both run from TypeScript, with the image's flags`,
    },
    {
      quantity: "CPU of such a read",
      reach: "-",
      measured: ms(quantile(source.cpuMs, 0.5)),
      floor: `${ms(quantile(plain.cpuMs, 0.5))} plain requests`,
      note: `median of ${passes}; ${megabytes(size * proxies)} of text${loadNote()}`,
    },
  ]
}

const folder = await mkdtemp(join(tmpdir(), "smm-bench-scrape-"))
const ends: Place["ends"] = []
try {
  const place = { folder, ends, ...(await buildAgent(folder)) }
  report([...(await sourceRows(place)), ...(await agentRows(place))])
} finally {
  for (const end of ends.toReversed()) await end().catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
}

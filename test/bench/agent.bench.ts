import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { pino } from "pino"
import { systemClock } from "#agent/clock.ts"
import type { ClusterView } from "#agent/cluster/view.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { createClient } from "#shared/api/client.ts"
import { watchedKinds } from "#shared/kube/kinds.ts"
import { kubeWriter } from "../e2e/kube.ts"
import { logOf, until } from "../e2e/room.ts"
import { planeMissing, startPlane } from "../real/kube/plane.ts"
import { prometheusMissing, startPrometheus } from "../real/prometheus/server.ts"
import { type Measured, buildAgent, startNode } from "./agent-process.ts"
import { createGround, createPart } from "./kube-mesh.ts"
import { feed, plainQuery, record } from "./prometheus.ts"
import { type Row, loadNote, ms, notRun, progress, report } from "./report.ts"
import { procMissing, startCloudProcess } from "./server.ts"
import { watchTopology } from "./watcher.ts"

const seconds = Number(process.env["SMM_BENCH_SECONDS"] ?? 120)
const namespaces = 20
const small = { services: 100, edges: 300, namespaces }
const large = { services: 500, edges: 2_000, namespaces }
const podsEach = 10
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

type Ends = (() => Promise<unknown>)[]

async function demandAlive({ process }: Measured): Promise<void> {
  if (process.code() === null) return
  throw new Error(`the agent ended with ${process.code()}: ${(await logOf(process)).slice(-3000)}`)
}

async function measure(folder: string, ends: Ends): Promise<Row[]> {
  const ending = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    ends.push(() => part.stop())
    return part
  }
  progress("starting the API server, two Prometheus and the cloud, and bundling the agent")
  const { file, flags, env } = await buildAgent(folder)
  const plane = ending(await startPlane())
  const fewEdges = ending(await startPrometheus())
  const manyEdges = ending(await startPrometheus())
  const cloud = await startCloudProcess()
  ends.push(() => cloud.close())
  const kube = kubeWriter(plane)
  ends.push(() => kube.close())
  const client = createClient({ server: cloud.url, fetch, token: cloud.token })
  const now = Date.now()
  const times = { from: now - 600_000, to: now + 2_400_000 }
  await feed(fewEdges, small, times)
  await feed(manyEdges, large, times)
  const made = await client.call("createCluster", { body: { name: "bench" } })
  const cluster = made.cluster.clusterId
  const info = () => client.call("getCluster", { params: { cluster } })

  /** Resolves when the inventory stands and a tick has come. */
  async function startAgent(prometheus: string, objects: number, token: string[]): Promise<Measured> {
    const begin = Date.now()
    const target = ["--kubeconfig", plane.kubeconfig, "--server", cloud.url, "--prometheus", prometheus]
    const state = ["--state", join(folder, "agent-state"), "--log-level", "warn"]
    const agent = await startNode("agent", folder, [...flags, file, ...target, ...state, ...token], env)
    ends.push(() => agent.stop())
    await until(
      "the inventory and a tick of the agent",
      async () => {
        const { kinds, lastTickAt, objects: known } = await info()
        const busy = kinds.filter(({ state: is }) => is === "syncing").map(({ kind }) => kind)
        if (busy.length === 0 && known >= objects && (lastTickAt ?? 0) >= begin) return true
        throw new Error(`${known} of ${objects} objects, syncing ${busy.join(", ")}, last tick ${lastTickAt}`)
      },
      { room: agent.process, seconds: 240 },
    )
    return agent
  }

  /** CPU and ticks of some time in which nothing changes. */
  async function costOf(agent: Measured) {
    const ticks = new Set<number | null>([(await info()).lastTickAt])
    const before = agent.cpuSeconds()
    const begin = performance.now()
    while (performance.now() - begin < seconds * 1000) {
      await delay(500)
      await demandAlive(agent)
      ticks.add((await info()).lastTickAt)
    }
    return {
      cpuMs: (agent.cpuSeconds() - before) * 1000,
      seconds: (performance.now() - begin) / 1000,
      ticks: ticks.size - 1,
    }
  }

  /** The most resident memory in some time. */
  async function mostRss(agent: Measured): Promise<number> {
    let most = 0
    for (const begin = performance.now(); performance.now() - begin < seconds * 1000; await delay(250)) {
      await demandAlive(agent)
      most = Math.max(most, agent.rss())
    }
    return most
  }

  progress(`creating ${small.services} services with ${podsEach} pods each`)
  const remark = await createGround(kube, namespaces)
  await createPart(kube, { from: 0, to: small.services, podsEach, namespaces })
  const ofService = 5 + podsEach
  const first = await startAgent(fewEdges.url, small.services * ofService, ["--token", made.token])
  progress("letting the agent settle for 20 s")
  await delay(20_000)
  progress(`CPU for ${seconds} s at one tick a minute`)
  const alone = await costOf(first)
  const watcher = await watchTopology(client)
  await delay(12_000)
  progress(`CPU for ${seconds} s at one tick each 10 s`)
  const watched = await costOf(first)
  watcher.close()
  const loaded = loadNote()
  const smallRss = first.rss()
  await first.stop()

  // Two unknowns, two runs: what a tick costs, and what the rest does.
  const share = watched.seconds / alone.seconds
  const tickMs = (watched.cpuMs - alone.cpuMs * share) / (watched.ticks - alone.ticks * share)
  const restM = (alone.cpuMs - tickMs * alone.ticks) / alone.seconds
  const floorMs = await plainTick(fewEdges)

  progress(`growing to ${large.services} services and ${large.services * podsEach} pods`)
  await createPart(kube, { from: small.services, to: large.services, podsEach, namespaces })
  const second = await startAgent(manyEdges.url, large.services * ofService, [])
  progress(`memory for ${seconds} s at one tick a minute`)
  const calm = await mostRss(second)
  const watching = await watchTopology(client)
  progress(`memory for ${seconds} s at one tick each 10 s`)
  const busy = await mostRss(second)
  const peak = second.peakRss()
  watching.close()
  await second.stop()

  const bare = await startNode("bare", folder, [...flags, "-e", "setInterval(() => 0, 2 ** 30)"], env)
  const paths = watchedKinds.map(({ group, versions: [version = "v1"], plural }) =>
    group === "" ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`,
  )
  const script = fileURLToPath(new URL("plain-list.mjs", import.meta.url))
  // It would not fit into the heap that the agent has.
  const free = flags.filter((flag) => !flag.startsWith("--max-old-space-size"))
  const plain = await startNode("plain", folder, [...free, script, plane.kubeconfig, ...paths], env)
  const listed = await until(
    "the plain lists",
    async () => /listed \d+/.exec(await logOf(plain.process))?.[0],
    {
      room: plain.process,
    },
  )
  await delay(2_000)
  const floors = { bare: bare.rss(), plain: plain.rss() }
  await bare.stop()
  await plain.stop()

  const mean = (run: typeof alone): number => run.cpuMs / run.seconds
  return [
    {
      quantity: `agent RSS at ${large.services * podsEach} pods, ${large.services} services, ${large.edges} edges`,
      reach: "<= 140 MB",
      measured: `${megabytes(calm)}; ${megabytes(busy)} watched, a tick each 10 s`,
      floor: `${megabytes(floors.bare)} bare node, ${megabytes(floors.plain)} plain lists`,
      note: `the most in ${seconds} s each, ${megabytes(peak)} at any time since the start; real kube-apiserver; the image's bundle and ${[...Object.entries(env).map((pair) => pair.join("=")), ...flags].join(" ")}; at 100 services ${megabytes(smallRss)}; plain client: ${listed} objects, kept as parsed${remark}`,
    },
    {
      quantity: "agent CPU at 100 services, 300 edges, a tick a minute",
      reach: "<= 20 m",
      measured: `${mean(alone).toFixed(1)} m: at rest ${restM.toFixed(1)} m, a tick ${ms(tickMs)} = ${(tickMs / 60).toFixed(1)} m`,
      floor: `${ms(floorMs)} a tick`,
      note: `/proc/PID/stat: ${alone.cpuMs.toFixed(0)} ms in ${alone.seconds.toFixed(0)} s with ${alone.ticks} ticks, ${watched.cpuMs.toFixed(0)} ms in ${watched.seconds.toFixed(0)} s with ${watched.ticks}: two equations for rest and tick; floor: the tick's queries as plain fetch and JSON.parse${loaded}`,
    },
    {
      quantity: "the same while somebody watches, a tick each 10 s",
      reach: "<= 20 m",
      measured: `${mean(watched).toFixed(1)} m`,
      floor: `${(floorMs / 10).toFixed(1)} m`,
      note: `${watched.ticks} ticks in ${watched.seconds.toFixed(0)} s`,
    },
  ]
}

const noCluster: ClusterView = {
  uid: () => "bench",
  pods: () => [],
  services: () => [],
  workloadOf: ({ namespace, name }) => ({ kind: "Pod", namespace, name }),
  stateOf: () => "live",
}

/** CPU in ms that the queries of one tick cost a plain client of ours. */
async function plainTick(prometheus: Parameters<typeof record>[0]): Promise<number> {
  const proxy = await record(prometheus)
  const log = pino({ level: "silent" })
  const telemetry = createTelemetry({ cluster: noCluster, clock: systemClock, log, prometheusUrl: proxy.url })
  const never = new AbortController().signal
  // The first one also learns how dense the samples are.
  await telemetry.measure(60_000, never)
  const learnt = proxy.forms.length
  await telemetry.measure(60_000, never)
  await telemetry.close()
  const forms = proxy.forms.slice(learnt)
  proxy.close()
  const runs = 20
  for (const form of forms) await plainQuery(prometheus.url, form)
  const before = process.cpuUsage()
  for (let run = 0; run < runs; run++) for (const form of forms) await plainQuery(prometheus.url, form)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / runs
}

const missing = [procMissing(), planeMissing(), prometheusMissing()].filter((note) => note !== null)
if (missing.length > 0) report([notRun("agent RSS and CPU", "<= 140 MB, <= 20 m", missing.join("; "))])
else {
  const folder = await mkdtemp(join(tmpdir(), "smm-bench-agent-"))
  const ends: Ends = []
  try {
    report(await measure(folder, ends))
  } finally {
    for (const end of ends.toReversed()) await end().catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  }
}

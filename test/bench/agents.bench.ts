import { setTimeout as delay } from "node:timers/promises"
import { createClient } from "#shared/api/client.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { type FakeAgent, connectFakeAgent } from "./fake-agent.ts"
import { tickOf } from "./mesh.ts"
import { loadNote, ms, notRun, progress, quantile, report } from "./report.ts"
import { type CloudProcess, procMissing, startCloudProcess } from "./server.ts"

const agents = Number(process.env["SMM_BENCH_AGENTS"] ?? 500)
const tickMs = 10_000
const rounds = 3

/** 100 services, 300 edges each; a hundred different ticks, so that nothing is remembered. */
const ticks = Array.from({ length: 100 }, (_, i) =>
  packTick(tickOf({ services: 100, edges: 300, namespaces: 10 }, i, Date.now())),
)

type Run = { begin: number; taken: number[]; empty: number[] }

/** One place in the interval for each agent, so that they come evenly; the first round is not counted. */
async function live(agent: FakeAgent, i: number, { begin, taken, empty }: Run): Promise<void> {
  const place = (i / agents) * tickMs
  for (let round = 0; round <= rounds; round++) {
    await delay(Math.max(0, begin + place + round * tickMs - performance.now()))
    const tick = ticks[(i + round * 37) % ticks.length]
    if (!tick) continue
    const own = await agent.send({ type: "tick", late: false, tick: { ...tick, at: Date.now() } })
    if (round > 0) taken.push(own)
    if (i % 10 !== 0) continue
    await delay(tickMs / 3)
    const least = await agent.send({ type: "ping" })
    if (round > 0) empty.push(least)
  }
}

/** A few at a time: joining is not what is measured. */
async function joinAll(cloud: CloudProcess): Promise<FakeAgent[]> {
  const client = createClient({ server: cloud.url, fetch, token: cloud.token })
  const connected: FakeAgent[] = []
  const names = Array.from({ length: agents }, (_, i) => `bench-${i}`)
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) {
        const { token } = await client.call("createCluster", { body: { name } })
        connected.push(await connectFakeAgent(cloud.url, token))
      }
    }),
  )
  return connected
}

async function measure(cloud: CloudProcess): Promise<void> {
  progress(`joining ${agents} agents`)
  const connected = await joinAll(cloud)
  progress(`${rounds + 1} rounds of ${tickMs / 1000} s`)
  const cpuBefore = cloud.cpuSeconds()
  const run: Run = { begin: performance.now(), taken: [], empty: [] }
  const { begin, taken, empty } = run
  await Promise.all(connected.map((agent, i) => live(agent, i, run)))
  const seconds = (performance.now() - begin) / 1000
  const cpu = ((cloud.cpuSeconds() - cpuBefore) / seconds) * 100
  const rss = cloud.rss()
  for (const agent of connected) agent.close()

  report([
    {
      quantity: `${agents} agents at one tick each 10 s on one local cloud: ingest, sent to acknowledged`,
      reach: "p99 < 100 ms",
      measured: `p50 ${ms(quantile(taken, 0.5))}, p99 ${ms(quantile(taken, 0.99))}`,
      floor: `p50 ${ms(quantile(empty, 0.5))}, p99 ${ms(quantile(empty, 0.99))}`,
      note: `${taken.length} ticks of 300 edges, after a round that is not counted; floor: ${empty.length} messages without content meanwhile; CPU ${cpu.toFixed(0)} % of a core, database in the same process${loadNote()}`,
    },
    {
      quantity: "the same: resident memory",
      reach: "printed",
      measured: `${Math.round(rss / 1e6)} MB`,
      floor: "-",
      note: "in-memory database of all clusters included",
    },
  ])
}

const missing = procMissing()
if (missing !== null) report([notRun(`${agents} agents at one tick each 10 s`, "p99 < 100 ms", missing)])
else {
  const cloud = await startCloudProcess()
  try {
    await measure(cloud)
  } finally {
    await cloud.close()
  }
}

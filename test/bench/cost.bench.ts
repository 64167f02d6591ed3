import { generateKeyPairSync, randomUUID, sign } from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import { createStatusLane } from "#agent/link/status-lane.ts"
import { createApp } from "#cloud/app.ts"
import * as consoleSocket from "#cloud/console/socket.ts"
import * as linkSocket from "#cloud/link/socket.ts"
import { createClient } from "#shared/api/client.ts"
import { emptySum, moveSum, objectHash } from "#shared/kube/bucket.ts"
import { watchedKinds } from "#shared/kube/kinds.ts"
import { Down } from "#shared/protocol/down.ts"
import { fromParts, parseFrame, toFrames } from "#shared/protocol/frame.ts"
import { ConsoleDown } from "#shared/protocol/console.ts"
import { ChallengeAnswer, JoinAnswer, TicketAnswer, ticketText } from "#shared/protocol/join.ts"
import { protocolVersion } from "#shared/protocol/version.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { startTestCloud } from "../cloud/harness.ts"
import { tickOf } from "./mesh.ts"
import { type Meter, dollars, emptyMeter, meteredCloud, prices, socketUnits } from "./meter.ts"
import { report } from "./report.ts"

const hoursOfMonth = 730
const watchedHours = 240
/** Objects that change in an hour, beyond metrics: a few rollouts a day, pods that restart. */
const changesOfHour = 60
const size = { services: 100, edges: 300, namespaces: 10 }

const fixture = await startTestCloud()
let meter = emptyMeter()
const heardByAgent: string[] = []
const heardByConsole: string[] = []
const cloud = meteredCloud(
  fixture.cloud,
  new Proxy({} as Meter, {
    get: (_, name) => meter[name as keyof Meter],
    set: (_, name, value) => Reflect.set(meter, name, value),
  }),
  (connection, text) => (connection === "agent" ? heardByAgent : heardByConsole).push(text),
)
const app = createApp(cloud)
const client = createClient({
  server: cloud.publicUrl,
  token: fixture.tenant.tokens.owner,
  fetch: async (url, init) => app.request(url, init),
})
const inflate = (base64: string, maxOutputLength: number): string =>
  gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength }).toString("utf8")
const deflate = (text: string): string => gzipSync(text).toString("base64")

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await app.request(cloud.publicUrl + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

const startedAt = fixture.clock.at
const clusterUid = randomUUID()
const instance = "bench-agent"
async function connect(): Promise<void> {
  const { token } = await client.call("createCluster", { body: { name: "bench" } })
  const { publicKey, privateKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64url")
  const versions = { agentVersion: "bench", kubernetesVersion: "v1.36.3" }
  const { clusterId, keyId } = JoinAnswer.parse(
    await post("/link/join", { token, publicKey: raw, clusterUid, ...versions }),
  )
  const { nonce } = ChallengeAnswer.parse(await post("/link/challenge", { clusterId, keyId }))
  const request = { clusterId, keyId, nonce, instance, epoch: 0 }
  const signature = sign(null, Buffer.from(ticketText(request)), privateKey).toString("base64url")
  const { url } = TicketAnswer.parse(await post("/link/ticket", { ...request, signature }))
  await linkSocket.onConnect(cloud, {
    connection: "agent",
    ticket: new URL(url).searchParams.get("ticket") ?? "",
  })
}

let seq = 0
async function deliver(frames: readonly string[]): Promise<void> {
  for (const frame of frames) {
    meter.socketMessages += socketUnits(frame)
    meter.invocations++
    await linkSocket.onMessage(cloud, "agent", frame)
  }
}

async function send(message: object): Promise<void> {
  const own = ++seq
  await deliver(toFrames({ ...message, seq: own }, String(own), deflate))
}

const pod = (i: number) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `service-${String(i % 100).padStart(4, "0")}-v1-7d9c${i}`,
    namespace: `team-${String(i % 10).padStart(2, "0")}`,
    labels: { app: `service-${i % 100}`, version: "v1" },
    ownerReferences: [{ kind: "ReplicaSet", name: `service-${i % 100}-v1-7d9c`, controller: true }],
  },
  spec: { nodeName: `node-${i % 6}`, containers: [{ name: "app" }, { name: "istio-proxy" }] },
  status: { phase: "Running", podIP: `10.0.0.${i % 250}`, conditions: [{ type: "Ready", status: "True" }] },
})

let made = 0
let statuses = 0
const held = new Map<string, number>()
let root = emptySum

async function change(pods: readonly ReturnType<typeof pod>[]): Promise<void> {
  for (const each of pods) {
    const hash = objectHash(each)
    root = moveSum(root, held.get(each.metadata.name), hash)
    held.set(each.metadata.name, hash)
  }
  await send({ type: "delta", put: pods, remove: [] })
}

/** The agent's own decision of when to speak of itself. */
const statusLane = createStatusLane({
  now: () => fixture.clock.at,
  wake: () => undefined,
  read: () => {
    const { at } = fixture.clock
    return {
      at,
      kinds: watchedKinds.map(({ key }) => ({
        kind: key,
        state: "live" as const,
        since: startedAt,
        count: key === "Pod" ? root.count : 0,
        reason: "",
      })),
      telemetry: {
        source: "prometheus",
        state: "live",
        target: "http://prometheus.istio-system:9090",
        lastTickAt: at,
        reason: "",
        queryMs: 40 + (at % 7),
      },
      progress: { objects: root.count, expected: root.count },
      process: { rssBytes: 90_000_000 + (at % 1000), cpuMillicores: 9 },
      root,
    }
  },
})

async function sendStatus(): Promise<void> {
  statusLane.measured("tick")
  const status = statusLane.next(seq + 1)
  if (!status) return
  seq += 1
  statuses += 1
  await deliver(status.frames)
}

async function answerConsole(): Promise<void> {
  for (const text of heardByConsole.splice(0)) {
    const down = ConsoleDown.parse(JSON.parse(text))
    if ("seq" in down) await fromConsole({ type: "ack", id: down.id, seq: down.seq })
  }
}

async function fromConsole(message: object): Promise<void> {
  const text = JSON.stringify(message)
  meter.socketMessages += socketUnits(text)
  meter.invocations++
  await consoleSocket.onMessage(cloud, "console", text)
}

/** An hour of the cluster's life with a tick each `tickMs`; with `watched`, one console looks at its topology. */
async function hour(tickMs: number, watched: boolean): Promise<Meter> {
  meter = emptyMeter()
  statuses = 0
  const ticks = 3_600_000 / tickMs
  for (let i = 0; i < ticks; i++) {
    fixture.clock.advance(tickMs)
    const at = fixture.clock.at
    await send({ type: "tick", late: false, tick: packTick({ ...tickOf(size, i, at), windowMs: tickMs }) })
    if (i % Math.max(1, Math.round(ticks / (changesOfHour / 3))) === 0)
      await change([pod(made++), pod(made++), pod(made++)])
    await sendStatus()
    if (watched) {
      await answerConsole()
      if (i % 3 === 0) await fromConsole({ type: "ping" })
    }
  }
  return meter
}

const sum = (parts: Record<string, number>): number =>
  Object.values(parts).reduce((all, part) => all + part, 0)
const words = (parts: Record<string, number>, hours: number): string =>
  Object.entries(parts)
    .map(([name, value]) => `${name} $${(value * hours).toFixed(3)}`)
    .join(", ")

await connect()
await send({
  type: "hello",
  protocol: protocolVersion,
  agent: "bench",
  instance,
  epoch: 0,
  clusterUid,
  kubernetes: "v1.36.3",
  startedAt,
})
await send({ type: "hashes", part: 0, parts: 1, buckets: [], unknown: [] })
const welcome = heardByAgent
  .map((text) => Down.safeParse(fromParts([parseFrame(text).d], inflate)))
  .find((down) => down.data?.type === "welcome")
if (!welcome) throw new Error("the agent was not welcomed")

const alone = await hour(60_000, false)
const statusesAlone = statuses
const { url } = await client.call("createSocketTicket")
await consoleSocket.onConnect(cloud, {
  connection: "console",
  ticket: new URL(url).searchParams.get("ticket") ?? "",
  origin: undefined,
})
await fromConsole({ type: "subscribe", id: "graph", view: { type: "topology", clusters: [] } })
const watched = await hour(10_000, true)
await fixture.close()

const unwatchedHours = hoursOfMonth - watchedHours
const aloneHour = dollars(alone, 1)
const watchedHour = dollars(watched, 2)
/** One packed item a minute, kept for a week. */
const storage = ((7 * 24 * 60 * 4_000) / 1e9) * prices.storedGigabyteMonth
const floor = (60 * 2 * prices.socketMessage + 60 * 4 * prices.writeUnit) * unwatchedHours
report([
  {
    quantity: `$ a cluster and month beyond the watched hours (100 services, 60 s, ${unwatchedHours} h)`,
    reach: "<= $0.35",
    measured: `$${(sum(aloneHour) * unwatchedHours + storage).toFixed(3)}`,
    floor: `$${floor.toFixed(3)}`,
    note: `${words(aloneHour, unwatchedHours)}, storage $${storage.toFixed(3)}; floor: one message, its ack and a 4 KB item a minute`,
  },
  {
    quantity: `the same: ${watchedHours} hours watched by one console at 10 s`,
    reach: "printed apart",
    measured: `$${(sum(watchedHour) * watchedHours).toFixed(3)}`,
    floor: "-",
    note: words(watchedHour, watchedHours),
  },
  {
    quantity: "the same: an unwatched hour in units",
    reach: "",
    measured: `${alone.writeUnits} WRU, ${alone.readUnits} RRU, ${alone.socketMessages} messages, ${statusesAlone} statuses`,
    floor: "-",
    note: [...alone.calls]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 7)
      .map(([call, count]) => `${call} ${count}`)
      .join(", "),
  },
])

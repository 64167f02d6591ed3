import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { startDemo } from "#demo/demo.ts"
import { randomOf } from "#demo/mesh/seed.ts"
import type { Change, ChangeRequestInput } from "#shared/api/change.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import { AppError } from "#shared/error.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type Room, createRoom } from "./room.ts"

/**
 * Changes go through while agent, cloud and database are killed at random moments. Each change writes its number into one object, so that what became of
 * it can be counted on both sides: the API server raises `metadata.generation` once for each write that changed something.
 */
export type ChaosOptions = {
  changes: number
  kills: number
  seed: number
  say: (line: string) => void
}

export type ChaosReport = {
  changes: number
  applied: number
  /** Ended without having changed anything: outdated by a state of before a kill, or out of time. */
  refused: number
  /** Why those had no effect, and how many each. */
  reasons: Record<string, number>
  kills: Record<string, number>
  /** Changes that the API took and of which nobody knows the end, or whose end is another than the object shows. */
  lost: string[]
  /** Writes beyond one for each applied change. */
  twice: number
  /** Our own writes that history tells as somebody else's. */
  mistaken: number
  seconds: number
}

const main = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const namespace = "bookinfo"
const kind = "VirtualService.networking.istio.io"
const workers = 6
/** A command that nobody carried out is expired after two minutes. */
const endPatienceMs = 240_000

const nameOf = (worker: number): string => `chaos-${worker}`
const numbered = (worker: number, number: number): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: nameOf(worker), namespace },
  spec: {
    hosts: [`${nameOf(worker)}.example.com`],
    http: [{ name: `n-${number}`, route: [{ destination: { host: "reviews" } }] }],
  },
})
const numberIn = (object: KubeObject | null | undefined): number => {
  const [rule] = (object?.["spec"] as { http?: { name?: string }[] } | undefined)?.http ?? []
  return Number(rule?.name?.slice(2) ?? -1)
}
const ended = ({ state }: Change): boolean => state !== "running" && state !== "queued"

/** Answers that a caller meets while something is down, or has just come up again: the same is asked once more. */
const passing = new Set([
  "unavailable",
  "agent.away",
  "internal",
  "rate.limited",
  "acting.off",
  "change.outdated",
])
const isPassing = (error: unknown): boolean =>
  error instanceof AppError ? passing.has(error.code) : error instanceof TypeError

type Stage = {
  client: Client
  cluster: string
  rooms: { agent: Room; cloud: Room; database: Room }
  kube: Awaited<ReturnType<typeof startDemo>>
}

async function again<T>(ask: () => Promise<T>, until: number): Promise<T> {
  for (;;)
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error) || Date.now() > until) throw error
      await sleep(50)
    }
}

/** One object, and the changes of it one after the other. */
async function work(
  stage: Stage,
  worker: number,
  numbers: () => number | undefined,
  done: () => void,
): Promise<void> {
  const { client, cluster } = stage
  const newest = async (): Promise<Change[]> =>
    (
      await client.call("listChanges", {
        query: { cluster: [cluster], kind, name: nameOf(worker), via: "api", limit: 10 },
      })
    ).items
  const patience = () => Date.now() + endPatienceMs

  /** The change of this number that was taken, whatever became of the answer: of two, for who has no answer asks again, the one that was applied. */
  async function find(number: number): Promise<Change | undefined> {
    const own = (await again(newest, patience())).filter(({ steps }) => numberIn(steps[0]?.after) === number)
    return own.find(({ state }) => state === "applied") ?? own[0]
  }

  async function send(number: number): Promise<Change | undefined> {
    const body: ChangeRequestInput = {
      intent: { control: "objects", put: [numbered(worker, number)] },
      clusters: [cluster],
      conflicts: "take-over",
    }
    try {
      return await client.call("createChange", { body })
    } catch (error) {
      const isDone = error instanceof AppError && error.code === "change.empty"
      if (!isPassing(error) && !isDone) throw error
      await sleep(20)
      const found = await find(number)
      if (isDone && found && ended(found) && found.state !== "applied")
        throw new Error(`${found.changeId} is ${found.state}, and the object is as it was to be`, {
          cause: error,
        })
      return found
    }
  }

  /** Until it is over, whatever that is. */
  async function follow(number: number): Promise<Change> {
    let change: Change | undefined
    for (const until = patience(); !change && Date.now() < until;) change = await send(number)
    if (!change) throw new Error(`change ${number} of ${nameOf(worker)} was not taken`)
    const { changeId } = change
    for (const until = patience(); !ended(change) && Date.now() < until; await sleep(25))
      change = await again(() => client.call("getChange", { params: { change: changeId } }), patience())
    return change
  }

  for (let number = numbers(); number !== undefined; number = numbers()) {
    // What ended without effect says so, and is asked for again, as a person would.
    while ((await follow(number)).state !== "applied") await sleep(200)
    done()
  }
}

async function killing(
  stage: Stage,
  options: ChaosOptions,
  progress: { done: number; isOver: boolean },
): Promise<Record<string, number>> {
  const random = randomOf(options.seed)
  const killed: Record<string, number> = { agent: 0, cloud: 0, database: 0 }
  const every = options.changes / (options.kills + 1)
  for (let kill = 1; kill <= options.kills; kill++) {
    while (progress.done < every * kill && !progress.isOver) await sleep(5)
    if (progress.isOver) break
    await sleep(random() * 120)
    const { agent, cloud, database } = stage.rooms
    const room = [agent, cloud, database][Math.floor(random() * 3)] ?? agent
    await room.kill()
    killed[room.name] = (killed[room.name] ?? 0) + 1
    await room.start()
    if (kill % 50 === 0) options.say(`${kill} kills, ${progress.done} changes`)
  }
  return killed
}

async function set(folder: string, options: ChaosOptions): Promise<Stage & { end(): Promise<void> }> {
  const kube = await startDemo({ mesh: "bookinfo", now: Date.now, tickMs: 1_000, amplitude: 0 })
  let databasePort = 0
  let cloudPort = 0
  const database = createRoom({
    name: "database",
    args: () => [main("test/link/database.ts"), join(folder, "db"), String(databasePort)],
    log: join(folder, "database.log"),
    speaks: true,
  })
  databasePort = Number(await database.start())
  const cloud = createRoom({
    name: "cloud",
    args: () => [main("test/chaos/cloud.ts"), String(databasePort), String(cloudPort), join(folder, "cloud")],
    log: join(folder, "cloud.log"),
    speaks: true,
  })
  const { port, token } = JSON.parse(await cloud.start()) as { port: number; token: string }
  cloudPort = port
  const server = `http://127.0.0.1:${port}`
  const client = createClient({ server, fetch, token })
  const made = await client.call("createCluster", { body: { name: "chaos" } })
  const kubeconfig = join(folder, "kubeconfig")
  writeFileSync(kubeconfig, kube.kubeconfig)
  const agent = createRoom({
    name: "agent",
    args: () => [
      main("agent/src/main.ts"),
      ...["--kubeconfig", kubeconfig, "--server", server, "--state", join(folder, "agent")],
      ...["--namespace", "smm-system", "--name", "chaos"],
    ],
    env: { SMM_TOKEN: made.token },
    log: join(folder, "agent.log"),
    speaks: false,
  })
  await agent.start()
  options.say(`cloud, database and agent run; their logs are in ${folder}`)
  const rooms = { agent, cloud, database }
  return {
    client,
    cluster: made.cluster.clusterId,
    rooms,
    kube,
    end: async () => {
      for (const room of Object.values(rooms)) await room.kill()
      await kube.close()
    },
  }
}

/** Every change of the run as history has it, oldest first. */
async function history({ client, cluster }: Stage): Promise<Change[]> {
  const found: Change[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const query = { cluster: [cluster], limit: 500, ...(cursor === undefined ? {} : { cursor }) }
    const page = await again(() => client.call("listChanges", { query }), Date.now() + 60_000)
    found.push(...page.items)
    cursor = page.cursor
  }
  return found.reverse()
}

function reasonsOf(changes: readonly Change[]): Record<string, number> {
  const reasons: Record<string, number> = {}
  for (const { state, clusters } of changes.filter((change) => change.state !== "applied")) {
    const failure = clusters[0]?.failure
    const words = failure
      ? `${failure.code}: ${failure.message.replaceAll(/\d+/g, "N").slice(0, 120)}`
      : state
    reasons[words] = (reasons[words] ?? 0) + 1
  }
  return reasons
}

/** What history says and what the API server has must be the same. */
function compare(
  stage: Stage,
  all: readonly Change[],
): Pick<ChaosReport, "lost" | "twice" | "mistaken" | "applied" | "refused" | "reasons"> {
  const lost: string[] = []
  let twice = 0
  const mistaken = all.filter(
    ({ via, steps }) => via === "outside" && steps[0]?.object.name.startsWith("chaos-"),
  ).length
  const changes = all.filter(({ via }) => via === "api")
  for (let worker = 0; worker < workers; worker++) {
    const own = changes.filter(({ steps }) => steps[0]?.object.name === nameOf(worker))
    const applied = own.filter(({ state }) => state === "applied")
    for (const { changeId, state } of own.filter((change) => !ended(change)))
      lost.push(`${changeId} is still ${state}`)
    const live = stage.kube.kube.store.list(kind).find(({ metadata }) => metadata.name === nameOf(worker))
    const writes = Number((live?.metadata as { generation?: number } | undefined)?.generation ?? 0)
    if (writes > applied.length) twice += writes - applied.length
    if (writes < applied.length) lost.push(`${nameOf(worker)}: ${applied.length} applied, ${writes} written`)
    const last = applied.at(-1)
    if (last && numberIn(live) !== numberIn(last.steps[0]?.after))
      lost.push(
        `${nameOf(worker)} has ${numberIn(live)}, the last applied wrote ${numberIn(last.steps[0]?.after)}`,
      )
  }
  const applied = changes.filter(({ state }) => state === "applied").length
  return {
    lost,
    twice,
    mistaken,
    applied,
    refused: changes.filter(ended).length - applied,
    reasons: reasonsOf(changes),
  }
}

/** @throws Error when the run itself cannot go on; what it finds is in the report */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const begin = Date.now()
  const folder = mkdtempSync(join(tmpdir(), "smm-chaos-"))
  mkdirSync(join(folder, "cloud"), { mode: 0o700 })
  const stage = await set(folder, options)
  let whole = false
  try {
    await again(async () => {
      const info = await stage.client.call("getCluster", { params: { cluster: stage.cluster } })
      if (info.join.inventory.doneAt === null || info.act?.mode !== "mapped")
        throw new AppError(
          "unavailable",
          `the agent is joining: ${JSON.stringify([info.link, info.join, info.act])}`,
        )
    }, Date.now() + 60_000)
    const progress = { done: 0, isOver: false }
    let next = 0
    const numbers = (): number | undefined => (next < options.changes ? next++ : undefined)
    const counting = Promise.all(
      Array.from({ length: workers }, (_, worker) =>
        work(stage, worker, numbers, () => void (progress.done += 1)),
      ),
    ).finally(() => (progress.isOver = true))
    const [kills] = await Promise.all([killing(stage, options, progress), counting])
    const found = compare(stage, await history(stage))
    whole = found.lost.length + found.twice + found.mistaken === 0
    return { changes: options.changes, kills, ...found, seconds: (Date.now() - begin) / 1000 }
  } finally {
    await stage.end()
    if (whole) rmSync(folder, { recursive: true, force: true })
  }
}

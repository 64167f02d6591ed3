import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { pino } from "pino"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createHandlers } from "#cloud/aws/handlers.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { createTable, ensureTable } from "#cloud/store/table.ts"
import type { ClusterInstall } from "#shared/api/cluster.ts"
import { type TestCloud, startTestCloud } from "#test/cloud/harness.ts"
import { Cache, join as joinCluster, meet, pod, service } from "./agent.ts"
import { api } from "./console.ts"
import { type TestGateway, startGateway } from "./gateway.ts"

const main = fileURLToPath(new URL("database.ts", import.meta.url))
const now = Date.UTC(2026, 10, 24, 12)

let folder: string
let database: ChildProcess
let gateway: TestGateway
let own: TestCloud

/** Starts the database on the folder; the port is the one of before. */
async function startDatabase(port: number): Promise<number> {
  database = spawn(process.execPath, [main, join(folder, "db"), String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  if (!database.stdout) throw new Error("no output")
  for await (const line of createInterface({ input: database.stdout })) return Number(line)
  throw new Error("ended before it was ready")
}

async function killDatabase(): Promise<void> {
  const ended = once(database, "close")
  database.kill("SIGKILL")
  await ended
}

let port: number
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smm-database-"))
  port = await startDatabase(0)
  const credentials = { accessKeyId: "x", secretAccessKey: "x" }
  const client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: "local", credentials })
  await ensureTable(client, "smm")
  gateway = await startGateway()
  own = await startTestCloud({
    table: createTable({ client, name: "smm", now: () => now }),
    sockets: gateway.sockets,
    publicUrl: gateway.url,
    socketUrl: gateway.socketUrl,
    log: pino({ level: "silent" }),
  })
  gateway.serve(createHandlers(own.cloud))
})
afterEach(async () => {
  await gateway.close()
  await own.close()
  database.kill("SIGKILL")
  await rm(folder, { recursive: true, force: true })
})

describe("a database that is killed in the middle of a sync", () => {
  test("has kept what was acknowledged; meanwhile the cloud says so, and then everything converges", async () => {
    const call = <T>(method: string, path: string, body?: unknown) =>
      api<T>(gateway.url, own.tenant.tokens.owner, method, path, body)
    const { body } = await call<ClusterInstall>("POST", "/clusters", { name: "prod" })
    const identity = await joinCluster(gateway.url, body.token)
    const owner = { organizationId: own.tenant.organizationId, clusterId: identity.clusterId }
    const names = async () =>
      (await Inventory.all(own.cloud, owner, "Pod")).map(({ metadata }) => metadata.name).sort()
    const peer = await meet(gateway.url, identity)
    const cache = new Cache().put(service("a"))
    await cache.sync(peer, now)

    const acknowledged: string[] = []
    const batches = new Map<number, string[]>()
    for (let i = 0; acknowledged.length < 200; i++) {
      const pods = Array.from({ length: 20 }, (_unused, j) => pod(`p-${i}-${j}`))
      cache.put(...pods)
      batches.set(
        peer.send({ type: "delta", put: pods, remove: [] }),
        pods.map(({ metadata }) => metadata.name),
      )
      if (i < 4) continue
      const { seq } = await peer.next("ack")
      acknowledged.push(...(batches.get(seq) ?? []))
    }
    // Four batches are on their way.
    await killDatabase()
    const before = peer.received.length

    const meanwhile = await call<{ code: string }>("GET", "/clusters")
    expect([meanwhile.status, meanwhile.body.code]).toEqual([503, "unavailable"])
    peer.send({ type: "delta", put: [pod("in-the-dark")], remove: [] })
    cache.put(pod("in-the-dark"))
    expect((await call("GET", "/clusters")).status).toBe(503)
    const told = peer.received
      .slice(before)
      .flatMap((message) => (message.type === "ack" ? [message.seq] : []))
    expect(told.filter((seq) => (batches.get(seq) ?? []).length === 0)).toEqual([])

    await startDatabase(port)
    expect(await names()).toEqual(expect.arrayContaining(acknowledged))
    const again = await meet(gateway.url, identity)
    await cache.sync(again, now)
    expect(await names()).toEqual(
      [...cache.objects.values()]
        .filter(({ kind }) => kind === "Pod")
        .map(({ metadata }) => metadata.name)
        .sort(),
    )
    expect(await cache.sync(again, now)).toEqual([])
    expect((await call<{ link: string }>("GET", `/clusters/${identity.clusterId}`)).body.link).toBe("live")
    await again.close()
    await peer.close()
  }, 90_000)
})

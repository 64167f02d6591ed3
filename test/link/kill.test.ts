import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { ClusterInfo, ClusterInstall } from "#shared/api/cluster.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { Cache, join as joinCluster, meet, pod, service } from "./agent.ts"
import { api } from "./console.ts"

const main = fileURLToPath(new URL("../../cloud/src/local/main.ts", import.meta.url))
type Ready = { url: string; token: string; org: string }

let folder: string
let child: ChildProcess | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smm-kill-"))
})
afterEach(async () => {
  child?.kill("SIGKILL")
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<Ready> {
  child = spawn(process.execPath, [main, "--port", "0", "--data", folder, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const { stdout } = child
  if (!stdout) throw new Error("no output")
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as Ready
  throw new Error("ended before it was ready")
}

async function kill(): Promise<void> {
  const ended = new Promise((resolve) => child?.once("close", resolve))
  child?.kill("SIGKILL")
  await ended
}

async function stored({ url, token }: Ready): Promise<string[]> {
  const names: string[] = []
  for (let cursor: string | null = ""; cursor !== null;) {
    const { body }: { body: { items: { object: KubeObject }[]; cursor: string | null } } = await api(
      url,
      token,
      "GET",
      `/objects/Pod?limit=500${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    names.push(...body.items.map(({ object }) => object.metadata.name))
    cursor = body.cursor
  }
  return names
}

describe("a cloud that is killed in the middle of a sync", () => {
  test(
    "has kept what it acknowledged, says that the link is down, and converges",
    { timeout: 60_000 },
    async () => {
      const first = await start()
      const call = <T>(ready: Ready, method: string, path: string, body?: unknown) =>
        api<T>(ready.url, first.token, method, path, body)
      const { body } = await call<ClusterInstall>(first, "POST", "/clusters", { name: "prod" })
      const identity = await joinCluster(first.url, body.token)
      const peer = await meet(first.url, identity)
      const cache = new Cache().put(service("a"))
      await cache.sync(peer, Date.now())

      // Batches go out as fast as they are acknowledged, four at once; the kill comes while some are on their way.
      const acknowledged: string[] = []
      const batches = new Map<number, string[]>()
      const flood = (async () => {
        for (let i = 0; ; i++) {
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
      })()
      const lost = expect(flood).rejects.toThrow(/closed while waiting/)
      while (acknowledged.length < 200) await new Promise((resolve) => setImmediate(resolve))
      await kill()
      await lost

      const second = await start()
      expect(second.token).toBe(first.token)
      expect(await stored(second)).toEqual(expect.arrayContaining(acknowledged))
      const info = async () =>
        (await call<ClusterInfo>(second, "GET", `/clusters/${identity.clusterId}`)).body
      expect((await info()).link).toBe("stale")
      const again = await meet(second.url, identity)
      await cache.sync(again, Date.now())
      expect((await stored(second)).sort()).toEqual(
        [...cache.objects.values()]
          .filter(({ kind }) => kind === "Pod")
          .map(({ metadata }) => metadata.name)
          .sort(),
      )
      expect(await info()).toMatchObject({ link: "live", objects: cache.objects.size })
      expect(await cache.sync(again, Date.now())).toEqual([])
      await again.close()
    },
  )
})

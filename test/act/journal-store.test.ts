import { KubeConfig } from "@kubernetes/client-node"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, test } from "vitest"
import { createJournal } from "#agent/act/journal.ts"
import { configMapJournal, fileJournal, type JournalStore } from "#agent/act/journal-store.ts"
import type { Entry } from "#agent/act/record.ts"
import { systemClock } from "#agent/clock.ts"
import { createKubeApi as createClient, type KubeApi, KubeError } from "#agent/cluster/api.ts"
import { markEarlyRefusals } from "#agent/cluster/early-refusal.ts"
import { silentLog } from "#agent/log.ts"
import { createKubeApi } from "#demo/kube/kube-api.ts"

const { signal } = new AbortController()
const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

/** A client of a cluster that has a journal, empty. */
async function clientOfDemo(): Promise<KubeApi> {
  const demo = createKubeApi({ now: Date.now })
  demo.store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "smm-system" } })
  demo.store.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "smm-agent-journal", namespace: "smm-system" },
  })
  const { url, close } = await demo.listen()
  const config = new KubeConfig()
  config.loadFromString(demo.kubeconfig(url))
  const api = createClient(config)
  ending.push(close, () => Promise.resolve(api.close()))
  return api
}

/** Two agents' views of one place. */
async function inConfigMap(): Promise<[JournalStore, JournalStore]> {
  const api = await clientOfDemo()
  return [configMapJournal(api, "smm-system"), configMapJournal(api, "smm-system")]
}

async function inFile(): Promise<[JournalStore, JournalStore]> {
  const folder = await mkdtemp(join(tmpdir(), "smm-journal-"))
  ending.push(() => rm(folder, { recursive: true }))
  return [fileJournal(folder), fileJournal(folder)]
}

describe.each([
  ["a ConfigMap", inConfigMap],
  ["a file", inFile],
])("a journal in %s", (_, open) => {
  test("keeps records, and takes them away", async () => {
    const [one, other] = await open()
    expect(await one.load(signal)).toEqual({})
    expect(await one.save({ a: "1", b: "2" }, signal)).toBe("saved")
    expect(await one.save({ a: null, c: "3" }, signal)).toBe("saved")
    expect(await other.load(signal)).toEqual({ b: "2", c: "3" })
  })

  test("is written by nobody who does not know what is there", async () => {
    const [one, other] = await open()
    await one.load(signal)
    await other.load(signal)
    expect(await one.save({ a: "1" }, signal)).toBe("saved")
    expect(await other.save({ a: "2" }, signal)).toBe("moved")
    await other.load(signal)
    expect(await other.save({ b: "2" }, signal)).toBe("saved")
    expect(await one.load(signal)).toEqual({ a: "1", b: "2" })
  })
})

const entryNow = (): Entry => ({
  ...{ id: "cmd_1", changeId: "chg_1", as: null, conflicts: "ask" },
  ...{ at: Date.now(), expiresAt: Date.now() + 60_000 },
  ...{ services: [], guard: null, revertAt: null, steps: [], outcomes: [], result: null },
})

test("an API server that comes back and refuses everybody is asked again, and keeps what is begun", async () => {
  const client = await clientOfDemo()
  const failures = [new Error("ECONNREFUSED"), new KubeError(403, "Forbidden", "configmaps is forbidden")]
  const faulty: KubeApi = {
    ...client,
    json(call) {
      const failure = failures.shift()
      return failure ? Promise.reject(failure) : client.json(call)
    },
  }
  const store = configMapJournal(markEarlyRefusals(faulty, systemClock), "smm-system")
  const journal = createJournal({ store, clock: systemClock, log: silentLog })
  await expect(journal.load(signal)).rejects.toThrow("ECONNREFUSED")
  expect(await journal.begin(entryNow(), "nonce", signal)).toBeNull()
  expect(failures).toEqual([])
  expect(Object.keys(await store.load(signal)).sort()).toEqual(["command.cmd_1", "seen"])
})

test("a cluster whose manifest is of before there was a journal is told to be given the new one, and nothing is begun", async () => {
  const demo = createKubeApi({ now: Date.now })
  const { url, close } = await demo.listen()
  const config = new KubeConfig()
  config.loadFromString(demo.kubeconfig(url))
  const api = createClient(config)
  ending.push(close, () => Promise.resolve(api.close()))
  const journal = createJournal({
    store: configMapJournal(api, "smm-system"),
    clock: systemClock,
    log: silentLog,
  })
  await expect(journal.load(signal)).rejects.toThrow("apply the agent's manifest again")
  expect(await journal.begin(entryNow(), "nonce", signal)).toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("apply the agent's manifest again"),
  })
})

import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createObserved } from "#agent/act/observed.ts"
import { systemClock } from "#agent/clock.ts"
import { createKubeApi, type KubeApi } from "#agent/cluster/api.ts"
import { createCache } from "#agent/cluster/cache.ts"
import { type ConfigEvent, watchCluster } from "#agent/cluster/cluster.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { type Demo, startDemo } from "#demo/demo.ts"
import type { Observed } from "#shared/protocol/message/act.ts"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const kind = "VirtualService.networking.istio.io"
let folder: string
let demo: Demo
let api: KubeApi
let stop: AbortController
let done: Promise<unknown>
let items: Observed["items"]
let events: ConfigEvent[]
let observed: ReturnType<typeof createObserved>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "smm-observed-"))
  demo = await startDemo({ mesh: "bookinfo", now: Date.now, tickMs: 3_600_000 })
  const kubeconfig = join(folder, "kubeconfig")
  writeFileSync(kubeconfig, demo.kubeconfig)
  api = createKubeApi(loadPlacement({ kubeconfig }).config)
  stop = new AbortController()
  items = []
  events = []
  const { signal } = stop
  observed = createObserved({
    lane: {
      push(_, message, acked) {
        items.push(...message.items)
        acked?.()
      },
    },
    speaks: () => true,
    clock: systemClock,
    signal,
  })
  const cache = createCache(Date.now)
  const cluster = watchCluster({
    ...{ api, cache, clock: systemClock, signal, log: silentLog },
    configChanged(event) {
      events.push(event)
      observed.notice(event)
    },
  })
  done = Promise.all([cluster.done, observed.done])
  await vi.waitFor(() => expect(cache.stateOf(kind)).toBe("live"), { timeout: 10_000 })
})
afterEach(async () => {
  stop.abort()
  await done
  api.close()
  await demo.close()
  rmSync(folder, { recursive: true })
})

const at = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices"
async function send(method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${demo.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${demo.kube.adminToken}`,
      "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(await response.text().then(() => response.ok)).toBe(true)
}
const told = () => items.map(({ verb, manager, object }) => `${verb} ${object.name} by ${manager}`)
const eventually = (expected: string[]) =>
  vi.waitFor(() => expect(told()).toEqual(expected), { timeout: 20_000 })

test("what others write through the API server is told with their manager; what is there at first, and ours, is not", async () => {
  await send("PATCH", `${at}/bookinfo?fieldManager=service-mesh-manager`, {
    metadata: { labels: { a: "b" } },
  })
  await send("PATCH", `${at}/reviews?fieldManager=kubectl-edit`, {
    spec: { hosts: ["reviews", "r.example.com"] },
  })
  await eventually(["patch reviews by kubectl-edit"])
  expect(items[0]?.patch).toEqual([{ op: "add", path: "/spec/hosts/1", value: "r.example.com" }])
  await send("POST", `${at}?fieldManager=helm`, {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "fresh" },
    spec: { hosts: ["details"], http: [{ route: [{ destination: { host: "details" } }] }] },
  })
  await send("DELETE", `${at}/fresh`)
  await eventually(["patch reviews by kubectl-edit", "create fresh by helm", "delete fresh by "])
  expect(new Set(items.map(({ id }) => id)).size).toBe(3)
})

test("what changed while the watch was cut, and was found by listing again, is told too", async () => {
  demo.kube.store.remove(kind, "bookinfo", "bookinfo")
  await eventually(["delete bookinfo by "])
  demo.kube.dropWatches()
  demo.kube.store.remove(kind, "reviews", "bookinfo")
  demo.kube.compact()
  await eventually(["delete bookinfo by ", "delete reviews by "])
  // The others were listed as well, and are as they were.
  expect(events.map(({ before }) => before?.metadata.name)).toEqual(["bookinfo", "reviews"])
})

test("what is said to be removed by us is not told", async () => {
  observed.removing({ kind, namespace: "bookinfo", name: "bookinfo" })
  await send("DELETE", `${at}/bookinfo`)
  await send("DELETE", `${at}/reviews`)
  await eventually(["delete reviews by "])
})

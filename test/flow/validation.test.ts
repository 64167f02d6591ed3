import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { parse } from "yaml"
import { type Agent, startAgent } from "#agent/agent.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { systemClock } from "#agent/clock.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { type Demo, startDemo } from "#demo/demo.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"

type Kubeconfig = {
  clusters: { cluster: { server: string } }[]
  users: { user: { token: string } }[]
}

/** What a person breaks is found in the cluster by the agent, streamed as an object, and answered by the API; what he repairs goes the same way. */
describe("a mesh that somebody breaks and repairs", { timeout: 60_000 }, () => {
  let folder: string
  let local: LocalCloud
  let demo: Demo
  let agent: Agent
  let client: Client
  let clusterId: string

  function start(token?: string): Promise<Agent> {
    return startAgent({
      clock: systemClock,
      placement: loadPlacement({ kubeconfig: join(folder, "kubeconfig") }),
      server: local.url,
      token: () => Promise.resolve(token),
      stateFolder: join(folder, "state"),
      pod: "",
      version: "0.1.0",
      log: silentLog,
      createTelemetry: (view) => createTelemetry({ cluster: view, clock: systemClock, log: silentLog }),
    })
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "smm-validation-"))
    local = await startLocal({ port: 0, data: null })
    demo = await startDemo({ mesh: "bookinfo", now: Date.now, tickMs: 1_000, amplitude: 0 })
    await writeFile(join(folder, "kubeconfig"), demo.kubeconfig)
    client = createClient({ server: local.url, token: local.owner.token, fetch })
    const { cluster, token } = await client.call("createCluster", { body: { name: "demo" } })
    clusterId = cluster.clusterId
    agent = await start(token)
    await vi.waitFor(
      async () => {
        const { items } = await client.call("listKinds")
        const states = items.map(({ clusters }) => clusters[0]?.state.state)
        expect(states.filter((state) => state === undefined || state === "syncing")).toEqual([])
      },
      { timeout: 30_000 },
    )
  }, 60_000)
  afterAll(async () => {
    await agent.close()
    await demo.close()
    await local.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function kube(method: string, path: string, body?: object): Promise<void> {
    const { clusters, users } = parse(demo.kubeconfig) as Kubeconfig
    const response = await fetch(`${clusters[0]?.cluster.server ?? ""}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${users[0]?.user.token ?? ""}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect([200, 201]).toContain(response.status)
  }

  const broken: KubeObject = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "broken", namespace: "bookinfo" },
    spec: {
      hosts: ["reviews"],
      http: [{ route: [{ destination: { host: "reviews", subset: "v9-not-there" } }] }],
    },
  }
  const path = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices"
  const ofBroken = async () => {
    const { items } = await client.call("listFindings", { query: { q: "broken" } })
    return items.filter(({ object }) => object.name === "broken").map(({ code }) => code)
  }

  test("starts without an error or a warning", async () => {
    await vi.waitFor(async () => {
      const { items, objects } = await client.call("listFindings", { query: { level: ["error", "warning"] } })
      expect(objects).toBeGreaterThan(60)
      expect(items.map(({ code, object, message }) => `${code} ${object.name}: ${message}`)).toEqual([])
    })
  })

  test("tells what a change would add, and keeps nothing of it", async () => {
    const body = { put: [broken], remove: [] }
    const delta = await client.call("validate", { params: { cluster: clusterId }, body })
    expect(delta.added.map(({ code }) => code)).toContain("virtualservice.subset_unknown")
    expect(delta.removed).toEqual([])
    expect(await ofBroken()).toEqual([])
  })

  test("shows a broken VirtualService, with since when, and no more of it when it is repaired", async () => {
    const before = Date.now()
    await kube("POST", path, broken)
    await vi.waitFor(async () => expect(await ofBroken()).toContain("virtualservice.subset_unknown"))
    await vi.waitFor(async () => {
      const { items } = await client.call("listFindings", { query: { code: "IST0101", q: "broken" } })
      expect(items[0]?.since).toBeGreaterThanOrEqual(before)
    })
    await client.call("createSuppression", { body: { code: "KIA1107", object: "bookinfo/bro*" } })
    const hidden = await client.call("listFindings", { query: { code: "KIA1107", suppressed: "true" } })
    expect(hidden.items.map(({ suppressed }) => suppressed?.by)).toContain("settings")
    expect(hidden.counts).toMatchObject({ error: 0, suppressed: 1 })
    await kube("DELETE", `${path}/broken`)
    await vi.waitFor(async () => expect(await ofBroken()).toEqual([]))
  })

  test("keeps since when, through an agent that starts again and finds more beside it", async () => {
    const sinceOf = async () => {
      const { items } = await client.call("listFindings", {
        query: { code: "virtualservice.subset_unknown" },
      })
      return new Map(items.map(({ object, since }) => [object.name, since]))
    }
    const first = { ...broken, metadata: { ...broken.metadata, name: "first" } }
    await kube("POST", path, first)
    await vi.waitFor(async () => expect((await sinceOf()).get("first")).toBeTypeOf("number"))
    const since = (await sinceOf()).get("first")
    await agent.close()
    await kube("POST", path, { ...first, metadata: { ...first.metadata, name: "second" } })
    agent = await start()
    await vi.waitFor(async () => expect((await sinceOf()).get("second")).toBeTypeOf("number"))
    expect((await sinceOf()).get("first")).toBe(since)
    for (const name of ["first", "second"]) await kube("DELETE", `${path}/${name}`)
  })
})

import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { type Agent, startAgent } from "#agent/agent.ts"
import { type Clock, systemClock } from "#agent/clock.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { type Demo, type MeshName, startDemo } from "#demo/demo.ts"
import type { ClusterInfo, ClusterInstall } from "#shared/api/cluster.ts"
import { type BucketSum, emptySum, normalSum } from "#shared/kube/bucket.ts"
import type { KubeObject } from "#shared/kube/object.ts"

/** The agent of a demo cluster against the local cloud: the real programs, the real link, nothing in between. */
describe("an agent between a cluster and the cloud", { timeout: 200_000 }, () => {
  let folder: string
  let local: LocalCloud
  let demo: Demo
  const agents: Agent[] = []
  const processes: ChildProcess[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "smm-agent-flow-"))
    local = await startLocal({ port: 0, data: null })
  })
  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.close()
    for (const child of processes.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill("SIGKILL")
      await once(child, "close")
    }
    await demo?.close()
    await local.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function cluster(mesh: MeshName): Promise<void> {
    demo = await startDemo({ mesh, now: () => Date.now(), tickMs: 1_000 })
    await writeFile(join(folder, "kubeconfig"), demo.kubeconfig)
  }

  async function api<T>(path: string, method = "GET", body?: object): Promise<T> {
    const answer = await fetch(`${local.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${local.owner.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text === "" ? undefined : JSON.parse(text)) as T
  }
  const install = (): Promise<ClusterInstall> => api("/clusters", "POST", { name: "demo" })
  const read = (clusterId: string): Promise<ClusterInfo> => api(`/clusters/${clusterId}`)

  /** Without a Prometheus that answers, so that 5,000 proxies are not read in the process that also serves them. */
  const nowhere = "http://127.0.0.1:1"

  async function agentWith(
    token: string | undefined,
    options: { state?: string; prometheusUrl?: string; clock?: Clock } = {},
  ): Promise<Agent> {
    const { state = "state", prometheusUrl, clock = systemClock } = options
    const agent = await startAgent({
      clock,
      placement: loadPlacement({ kubeconfig: join(folder, "kubeconfig") }),
      server: local.url,
      token: () => Promise.resolve(token),
      stateFolder: join(folder, state),
      pod: "",
      version: "0.1.0",
      log: silentLog,
      createTelemetry: (view) =>
        createTelemetry({
          cluster: view,
          clock,
          log: silentLog,
          floorMs: 1_000,
          ...(prometheusUrl === undefined ? {} : { prometheusUrl }),
        }),
    })
    agents.push(agent)
    return agent
  }

  const program = (token: string, more: string[] = []): ChildProcess => {
    const args = ["--server", local.url, "--kubeconfig", join(folder, "kubeconfig"), "--token", token]
    const entry = join(import.meta.dirname, "../../agent/bin/smm-agent.mjs")
    const child = spawn(
      process.execPath,
      [entry, ...args, "--state", join(folder, "state"), "--log-level", "error", ...more],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    )
    processes.push(child)
    return child
  }

  const storedRoot = async (clusterId: string): Promise<BucketSum> =>
    (await Inventory.sums(local.cloud, { organizationId: local.owner.organizationId, clusterId })).reduce(
      (all, { sum }) => normalSum({ hash: all.hash + sum.hash, count: all.count + sum.count }),
      emptySum,
    )
  const eventually = (check: () => void | Promise<void>) =>
    vi.waitFor(check, { timeout: 90_000, interval: 200 })
  const converged = (agent: Agent, clusterId: string) =>
    eventually(async () => {
      expect(agent.state().kinds.filter(({ state }) => state === "syncing")).toEqual([])
      expect(agent.state().root.count).toBeGreaterThan(50)
      expect(await storedRoot(clusterId)).toEqual(agent.state().root)
    })

  test("brings the whole inventory and the first metrics, then every change", async () => {
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    const agent = await agentWith(token)
    await converged(agent, made.clusterId)
    await eventually(async () => {
      const info = await read(made.clusterId)
      expect(info.link).toBe("live")
      expect(info.join.inventory.doneAt).not.toBeNull()
      expect(info.join.firstMetricsAt).not.toBeNull()
      expect(info.istioVersions).not.toEqual([])
    })
    const services = agent.state().kinds.find(({ kind }) => kind === "Service")?.count ?? 0
    expect(services).toBeGreaterThan(3)

    demo.kube.store.apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "later", namespace: "default" },
      spec: { ports: [{ port: 80 }] },
    })
    await eventually(async () => {
      const { items } = await api<{ items: { object: KubeObject }[] }>("/objects/Service?limit=500")
      expect(JSON.stringify(items)).toContain('"later"')
    })
    await converged(agent, made.clusterId)
  })

  test("a namespace that gets 5,000 pods at once is whole soon after, and its cluster live all the while", async () => {
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    const agent = await agentWith(token, { prometheusUrl: nowhere })
    await converged(agent, made.clusterId)
    const deployment = demo.kube.store.get("Deployment.apps", "ratings-v1", "bookinfo")
    if (!deployment) throw new Error("no deployment ratings-v1")
    const scaled = { ...deployment, spec: { ...(deployment["spec"] as object), replicas: 5_000 } }
    demo.kube.store.apply(scaled as Parameters<typeof demo.kube.store.apply>[0])
    demo.settle()
    const links = new Set<string>()
    await eventually(async () => {
      links.add((await read(made.clusterId)).link)
      const pods = agent.state().kinds.find(({ kind }) => kind === "Pod")
      expect(pods).toMatchObject({ state: "live" })
      expect(pods?.count).toBeGreaterThanOrEqual(5_000)
    })
    await converged(agent, made.clusterId)
    links.add((await read(made.clusterId)).link)
    expect([...links]).toEqual(["live"])
    const names = new Set<string>()
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: { items: { object: KubeObject }[]; cursor: string | null } = await api(
        `/objects/Pod?namespace=bookinfo&selector=app%3Dratings&limit=1000${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      )
      for (const { object } of page.items) names.add(object.metadata.name)
      cursor = page.cursor
    }
    expect(names.size).toBe(5_000)
  })

  test("killed in the middle of a sync, it converges after the next start, with the same key", async () => {
    await cluster("large")
    const { token, cluster: made } = await install()
    const child = program(token, ["--prometheus", nowhere])
    await eventually(async () => expect((await storedRoot(made.clusterId)).count).toBeGreaterThan(100))
    child.kill("SIGKILL")
    await once(child, "close")
    const before = await storedRoot(made.clusterId)
    const agent = await agentWith(undefined, { prometheusUrl: nowhere })
    await converged(agent, made.clusterId)
    expect(agent.state().root.count).toBeGreaterThanOrEqual(before.count)
  })

  test("a restart of the cloud loses nothing, and the agent comes back", async () => {
    await local.close()
    local = await startLocal({ port: 0, data: join(folder, "data") })
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    const agent = await agentWith(token)
    await converged(agent, made.clusterId)
    const { port } = local
    await local.close()
    await eventually(() => expect(agent.state().link.state).not.toBe("connected"))
    local = await startLocal({ port, data: join(folder, "data") })
    expect(await storedRoot(made.clusterId)).not.toEqual(emptySum)
    await eventually(() => expect(agent.state().link.state).toBe("connected"))
    await converged(agent, made.clusterId)
  })

  test("an agent whose cluster is revoked ends at once and says what to do", async () => {
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    const child = program(token)
    let words = ""
    child.stderr?.on("data", (chunk: Buffer) => {
      words += chunk.toString()
    })
    await eventually(async () => expect((await read(made.clusterId)).link).toBe("live"))
    const closed = once(child, "close") as Promise<[number]>
    await api(`/clusters/${made.clusterId}/revoke`, "POST")
    const [code] = await closed
    expect(code).toBe(1)
    expect(words).toContain("install the agent again with a new join token")
  })

  test("a spent token is refused with one line", async () => {
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    await converged(await agentWith(token), made.clusterId)
    const second = await agentWith(token, { state: "another-state" })
    await expect(second.ended).rejects.toThrow("this join token was used already")
  })

  test("of two agents with one identity only the newer speaks; the other waits and says why", async () => {
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    const first = await agentWith(token)
    await converged(first, made.clusterId)
    const second = await agentWith(undefined)
    await eventually(() => expect(second.state().link.state).toBe("connected"))
    await eventually(() => expect(first.state().link.state).toBe("waiting"))
    expect(first.state().link.reason).toContain("another agent")
    await converged(second, made.clusterId)
  })

  test("the ticks of an agent whose clock is five minutes ahead are kept at the time of the server", async () => {
    await cluster("bookinfo")
    const { token, cluster: made } = await install()
    const ahead = 5 * 60_000
    await agentWith(token, { clock: { ...systemClock, now: () => systemClock.now() + ahead } })
    await eventually(async () => {
      const { lastTickAt } = await read(made.clusterId)
      expect(Math.abs((lastTickAt ?? 0) - Date.now())).toBeLessThan(60_000)
    })
    expect((await read(made.clusterId)).link).toBe("live")
  })
})

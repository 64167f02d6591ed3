import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { type Agent, startAgent } from "#agent/agent.ts"
import { systemClock } from "#agent/clock.ts"
import { loadPlacement } from "#agent/cluster/config.ts"
import { silentLog } from "#agent/log.ts"
import { createTelemetry } from "#agent/telemetry/telemetry.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { Tokens } from "#cloud/store/token.ts"
import { type Demo, startDemo } from "#demo/demo.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"

/** A change from the API to the objects of a cluster: the real cloud, the real agent, and the demo's API server, which asks its own RBAC. */
describe("a change through cloud, agent and API server", { timeout: 120_000 }, () => {
  let folder: string
  let local: LocalCloud
  let demo: Demo
  let agent: Agent
  let cluster: string
  let owner: Client
  let operator: Client
  let viewer: Client

  const eventually = (check: () => void | Promise<void>) =>
    vi.waitFor(check, { timeout: 60_000, interval: 50 })
  const clientOf = (token: string): Client =>
    createClient({ server: local.url, token, fetch: (url, init) => fetch(url, init) })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "smm-changes-"))
    local = await startLocal({ port: 0, data: null })
    demo = await startDemo({ mesh: "bookinfo", now: () => Date.now(), tickMs: 1_000 })
    await writeFile(join(folder, "kubeconfig"), demo.kubeconfig)
    owner = clientOf(local.owner.token)
    const tokenOf = async (role: "operator" | "viewer"): Promise<string> => {
      const input = { name: role, role, clusters: null, expiresInDays: 1, createdBy: "test" }
      return (await Tokens.create(local.cloud, local.owner.organizationId, input)).secret
    }
    operator = clientOf(await tokenOf("operator"))
    viewer = clientOf(await tokenOf("viewer"))
    const made = await owner.call("createCluster", { body: { name: "demo", write: ["traffic", "security"] } })
    cluster = made.cluster.clusterId
    agent = await startAgent({
      clock: systemClock,
      placement: loadPlacement({ kubeconfig: join(folder, "kubeconfig"), namespace: "smm-system" }),
      server: local.url,
      token: () => Promise.resolve(made.token),
      stateFolder: join(folder, "state"),
      pod: "",
      version: "0.1.0",
      log: silentLog,
      createTelemetry: (view) =>
        createTelemetry({ cluster: view, clock: systemClock, log: silentLog, floorMs: 1_000 }),
    })
    await eventually(async () => {
      const { act, join: progress, link } = await owner.call("getCluster", { params: { cluster } })
      expect([link, act?.mode]).toEqual(["live", "mapped"])
      expect([progress.inventory.doneAt, progress.firstMetricsAt]).not.toContain(null)
    })
  }, 90_000)
  afterAll(async () => {
    await agent?.close()
    await demo?.close()
    await local?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const reviews = { namespace: "bookinfo", name: "reviews" }
  const live = (kind: string): KubeObject | undefined =>
    demo.kube.store.get(`${kind}.networking.istio.io`, "reviews", "bookinfo") as KubeObject | undefined
  const weights = (): Record<string, number> => {
    const spec = live("VirtualService")?.["spec"] as
      { http?: { route?: { destination: { subset?: string }; weight?: number }[] }[] } | undefined
    const routes = spec?.http?.at(-1)?.route ?? []
    return Object.fromEntries(
      routes.map(({ destination, weight }) => [destination.subset ?? "", weight ?? 100]),
    )
  }
  const shift = (weightsOf: Record<string, number>) => ({
    clusters: [cluster],
    intent: { control: "shift" as const, service: reviews, set: { weights: weightsOf } },
  })

  test("a shift of bookinfo/reviews is previewed with what the cluster itself says, and written as the mapped user", async () => {
    const body = shift({ v1: 80, v3: 20 })
    const preview = await operator.call("previewChange", { query: {}, body })
    expect(preview.blockers).toEqual([])
    const [place] = preview.clusters
    expect(place?.check).toMatchObject({
      as: { user: "mesh-operator", groups: ["mesh-editors"] },
      failure: null,
    })
    expect(place?.check?.access.every(({ allowed }) => allowed)).toBe(true)
    const [effect] = preview.traffic
    expect(effect).toMatchObject({ service: "bookinfo/reviews" })
    expect(effect?.requestsPerSecond).toBeGreaterThan(0)
    expect(effect?.sentences.join()).toMatch(/req\/s/)
    expect(place?.check?.dryRun.map(({ state }) => state)).toEqual(preview.steps.map(() => "passed"))
    const before = live("VirtualService")?.metadata.resourceVersion

    const change = await operator.call("createChange", { body: { ...body, digest: preview.digest } })
    expect(change).toMatchObject({
      state: "applied",
      services: ["bookinfo/reviews"],
      clusters: [{ state: "done", as: { user: "mesh-operator", groups: ["mesh-editors"] } }],
    })
    expect(weights()).toEqual({ v1: 80, v3: 20 })
    expect(live("VirtualService")?.metadata.resourceVersion).not.toBe(before)
    const managers = live("VirtualService")?.metadata["managedFields"] as { manager: string }[]
    expect(managers.map(({ manager }) => manager)).toContain("service-mesh-manager")
  })

  test("is read back in the form, seen in the history, and undone on the object as it is then", async () => {
    const was = weights()
    const change = await operator.call("createChange", { body: shift({ v1: 50, v2: 50 }) })
    const query = { namespace: "bookinfo", service: "reviews" }
    const reading = await viewer.call("getControl", { params: { cluster, control: "shift" }, query })
    expect(reading.form).toMatchObject({ weights: { v1: 50, v2: 50 } })
    const intent = { control: "undo" as const, changeId: change.changeId }
    expect((await operator.call("createChange", { body: { intent } })).state).toBe("applied")
    expect(weights()).toEqual(was)
    const { items } = await viewer.call("listChanges", { query: { service: "bookinfo/reviews", via: "api" } })
    expect(items.slice(0, 2).map(({ state, undoOf }) => [state, undoOf])).toEqual([
      ["applied", change.changeId],
      ["undone", null],
    ])
  })

  test("with an expiry undoes itself, and the agent's own entry says so", async () => {
    const was = weights()
    const body = { ...shift({ v1: 10, v2: 90 }), expiresInMs: 1_500 }
    const change = await operator.call("createChange", { body })
    expect(change).toMatchObject({ state: "applied", watch: { state: "watching" } })
    expect(weights()).toEqual({ v1: 10, v2: 90 })
    await eventually(async () => {
      const now = await viewer.call("getChange", { params: { change: change.changeId } })
      expect(now).toMatchObject({ state: "undone", watch: { state: "undone" } })
    })
    expect(weights()).toEqual(was)
    const { items } = await viewer.call("listChanges", { query: { via: "agent" } })
    expect(items).toMatchObject([{ undoOf: change.changeId, by: { kind: "agent", name: "demo" } }])
  })

  test("under a guard that is let go stays", async () => {
    const guard = { errorsPercent: 100, p95Ms: null, forMs: 60_000, withinMs: 600_000 }
    const change = await operator.call("createChange", { body: { ...shift({ v1: 70, v2: 30 }), guard } })
    expect(change.watch).toMatchObject({ state: "watching" })
    const released = await operator.call("releaseChange", {
      params: { change: change.changeId },
      body: {},
    })
    expect(released).toMatchObject({ state: "applied", watch: { state: "released" } })
    expect(weights()).toEqual({ v1: 70, v2: 30 })
  })

  test("what Kubernetes does not let the mapped user do is refused by Kubernetes, and told before and after", async () => {
    const body = {
      clusters: [cluster],
      intent: { control: "mtls" as const, scope: {}, set: { mode: "STRICT" as const } },
    }
    const preview = await operator.call("previewChange", { query: {}, body })
    expect(preview.blockers.map(({ code }) => code)).toContain("access.denied")
    const refused = await operator.call("createChange", { body })
    expect(refused).toMatchObject({ state: "failed", clusters: [{ failure: { code: "forbidden" } }] })
    const { lines, as } = await operator.call("getAccess", {
      params: { cluster },
      query: { namespace: "bookinfo" },
    })
    expect(as?.user).toBe("mesh-operator")
    const may = (kind: string) => lines.find((line) => line.kind.startsWith(kind) && line.verb === "patch")
    expect(may("VirtualService")?.allowed).toBe(true)
    expect(may("PeerAuthentication")).toMatchObject({ allowed: false })
    const nobody = await viewer.call("getAccess", { params: { cluster }, query: { namespace: "bookinfo" } })
    expect([nobody.as, nobody.lines.some(({ allowed }) => allowed)]).toEqual([null, false])
  })

  test("what others change stands in the same history, with their field manager", async () => {
    const object = live("VirtualService") ?? expect.unreachable()
    const spec = structuredClone(object["spec"]) as { http: { timeout?: string }[] }
    const [rule] = spec.http
    if (rule) rule.timeout = "7s"
    const path = `/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices/reviews?fieldManager=kubectl-edit`
    const response = await fetch(`${demo.url}${path}`, {
      method: "PATCH",
      headers: {
        authorization: `Bearer ${demo.kube.adminToken}`,
        "content-type": "application/merge-patch+json",
      },
      body: JSON.stringify({ spec }),
    })
    expect(response.status).toBe(200)
    await eventually(async () => {
      const { items } = await viewer.call("listChanges", { query: { via: "outside", by: "kubectl-edit" } })
      expect(items).toHaveLength(1)
      const [step] = items[0]?.steps ?? []
      expect(JSON.stringify(step?.after)).toContain('"7s"')
      expect(step?.before).not.toBeNull()
      expect(JSON.stringify(step?.before)).not.toContain('"7s"')
    })
  })
})

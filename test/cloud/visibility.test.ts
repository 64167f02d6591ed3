import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answer } from "#shared/api/client.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { unpackTick } from "#shared/telemetry/unpack.ts"
import { publish } from "#cloud/console/publish.ts"
import { Connections } from "#cloud/store/connection.ts"
import type { Inventory } from "#cloud/store/inventory.ts"
import { Tokens } from "#cloud/store/token.ts"
import { Watches } from "#cloud/store/watch.ts"
import { actorOf } from "#cloud/auth/actor.ts"
import { hashOf } from "#cloud/cloud.ts"
import { limitsOf } from "#cloud/console/rights.ts"
import { type Sent, type TestApi, startTestApi } from "./api.ts"
import { deployment, edge, pod, putCluster, putTick, service, smallMesh } from "./mesh.ts"

/** Everything of the hidden namespace carries this in its name. */
const secretWord = "vault"
const hidden = `${secretWord}-ns`
let api: TestApi
let owner: Inventory.Owner
let viewer: string
let tick: Awaited<ReturnType<typeof putTick>>

/** What a seen object itself says may be read by who reads the object. */
const writtenHost = `${secretWord}-api.${hidden}.svc.cluster.local`
const withoutOwnWords = (text: string): string => text.replaceAll(writtenHost, "")
const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: hidden } }
const route = (name: string, host: string, inNamespace: string): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace: inNamespace },
  spec: { hosts: [`${name}.example.com`], http: [{ route: [{ destination: { host } }] }] },
})
const objects: KubeObject[] = [
  ...smallMesh,
  namespace,
  service(`${secretWord}-api`, hidden),
  deployment(`${secretWord}-api`, hidden),
  pod(`${secretWord}-api`, hidden),
  route(`${secretWord}-broken`, "nowhere", hidden),
  route("seen-broken", "nowhere", "shop"),
  // A finding of what is seen that speaks of what is not.
  route("seen-refers", writtenHost, "shop"),
]

/** An edge whose other end is in the hidden namespace. */
function across(from: string, to: string) {
  const sample = edge(from, to, 3)
  const far = { namespace: hidden, workload: `${secretWord}-api-v1`, app: `${secretWord}-api` }
  return from === "web"
    ? {
        ...sample,
        destination: {
          ...sample.destination,
          ...far,
          service: `${secretWord}-api`,
          serviceNamespace: hidden,
        },
      }
    : { ...sample, source: { ...sample.source, ...far } }
}

beforeAll(async () => {
  api = await startTestApi()
  owner = await putCluster(api.cloud, api.tenant.organizationId, "east", objects)
  const within = edge("web", "cart", 1)
  const inside = {
    ...within,
    source: { ...within.source, namespace: hidden, workload: `${secretWord}-a` },
    destination: {
      ...within.destination,
      namespace: hidden,
      serviceNamespace: hidden,
      service: `${secretWord}-b`,
    },
  }
  tick = await putTick(api.cloud, owner, api.clock.at, [
    edge("web", "cart", 10),
    across("web", "away"),
    across("away", "cart"),
    inside,
  ])
  viewer = (
    await Tokens.create(api.cloud, api.tenant.organizationId, {
      name: "shop only",
      role: "viewer",
      clusters: null,
      namespaces: ["shop"],
      expiresInDays: 1,
      createdBy: "ann",
    })
  ).secret
})
afterAll(async () => {
  await api.close()
})

const setVisibility = (visibility: "open" | "by-namespace") =>
  api.client(api.tenant.tokens.owner).call("updateOrganization", { body: { visibility } })

const at = () => ({ cluster: owner.clusterId })
/** Every reading of the mesh, as wide as it can be asked. */
const readings: Record<string, () => [Parameters<TestApi["send"]>[0], Sent]> = {
  graph: () => ["getTopology", { query: { idle: "true" } }],
  "graph by workload": () => ["getTopology", { query: { idle: "true", view: "workload" } }],
  sources: () => ["getTopologySources", {}],
  services: () => ["listServices", {}],
  workloads: () => ["listWorkloads", {}],
  "a service's neighbours": () => ["getService", { params: { ...at(), namespace: "shop", name: "web" } }],
  "a workload's neighbours": () => [
    "getWorkload",
    { params: { ...at(), namespace: "shop", name: "cart-v1" } },
  ],
  namespaces: () => ["listObjects", { params: { kind: "Namespace" } }],
  pods: () => ["listObjects", { params: { kind: "Pod" } }],
  routes: () => ["listObjects", { params: { kind: "VirtualService" } }],
  search: () => ["listObjects", { params: { kind: "Service" }, query: { q: secretWord } }],
  findings: () => ["listFindings", { query: { suppressed: "true" } }],
}

describe("with visibility by namespace, a caller that was given one", () => {
  beforeAll(async () => {
    await setVisibility("by-namespace")
  })

  test.each(Object.keys(readings))("reads nothing of another in: %s", async (name) => {
    const [operation, sent] = readings[name]?.() ?? ["getTopology", {}]
    const whole = await (await api.send(operation, api.tenant.tokens.admin, sent)).text()
    expect(whole).toContain(secretWord)
    const response = await api.send(operation, viewer, sent)
    expect(response.status).toBe(200)
    const said = await response.text()
    expect(withoutOwnWords(said)).not.toContain(secretWord)
    if (operation !== "listObjects" || name === "routes") expect(said).toContain("shop")
  })

  test("is told that what it does not see is not there", async () => {
    for (const [operation, sent] of [
      ["getService", { params: { ...at(), namespace: hidden, name: `${secretWord}-api` } }],
      ["getWorkload", { params: { ...at(), namespace: hidden, name: `${secretWord}-api-v1` } }],
      [
        "getObject",
        { params: { ...at(), kind: "Service", name: `${secretWord}-api` }, query: { namespace: hidden } },
      ],
    ] as const)
      expect([operation, (await api.send(operation, viewer, sent)).status]).toEqual([operation, 404])
  })

  test("still counts the traffic that its services have with the others, without their names", async () => {
    const graph = (await api.client(viewer).call("getTopology")) as Answer<"getTopology">
    const web = graph.nodes.find(({ name }) => name === "web")
    const leaving = graph.edges.filter(({ source }) => source === web?.id)
    expect(leaving.map(({ target }) => target.startsWith("unknown/") || target.includes("cart"))).toEqual([
      true,
      true,
    ])
  })

  test("measures nothing in the series of what it does not see", async () => {
    const id = `svc/${owner.clusterId}/${hidden}/${secretWord}-api`
    const query = { id, from: api.clock.at - 120_000, to: api.clock.at }
    const all = await api.client(api.tenant.tokens.admin).call("getSeries", { query })
    expect(Math.max(...all.requestsPerSecond.map(Number))).toBeGreaterThan(2)
    const seen = await api.client(viewer).call("getSeries", { query })
    expect(Math.max(...seen.requestsPerSecond.map(Number))).toBe(0)
  })

  test("learns nothing of another from a proposal's findings", async () => {
    const put = [route(`${secretWord}-broken`, "cart.shop.svc.cluster.local", hidden)]
    const ask = (token: string) =>
      api.client(token).call("validate", { params: at(), body: { put, remove: [] } })
    expect((await ask(api.tenant.tokens.admin)).removed.length).toBeGreaterThan(0)
    expect(await ask(viewer)).toMatchObject({ added: [], removed: [] })
  })

  test("is sent nothing of another over the console's socket", async () => {
    const actor = await actorOf(api.cloud, hashOf(viewer))
    api.sockets.open.add("c1")
    await Connections.create(api.cloud, {
      type: "console",
      connection: "c1",
      organizationId: owner.organizationId,
      credential: actor.credential,
      ...limitsOf(actor),
      checkedAt: api.cloud.now(),
      renewedAt: api.cloud.now(),
    })
    const base = { connection: "c1", seq: 0, acked: 0, behind: false, ...limitsOf(actor) }
    await Watches.create(api.cloud, owner.organizationId, {
      ...base,
      id: "t",
      view: { type: "topology", clusters: [] },
    })
    await Watches.create(api.cloud, owner.organizationId, {
      ...base,
      id: "o",
      view: { type: "objects", kind: "VirtualService", clusters: [] },
    })
    const facts =
      (await api.client(api.tenant.tokens.admin).call("getTopologySources")).clusters[0]?.facts ?? []
    await publish(api.cloud, owner, { type: "tick", tick, late: false })
    await publish(api.cloud, owner, {
      type: "changes",
      changes: {
        put: objects.filter(({ kind }) => kind === "VirtualService"),
        remove: [
          { kind: "VirtualService.networking.istio.io", namespace: hidden, name: `${secretWord}-gone` },
        ],
        facts: { put: facts, remove: [`Service/${hidden}/${secretWord}-gone`] },
      },
    })
    const sent = api.sockets.sent.filter(({ connection }) => connection === "c1").map(({ text }) => text)
    expect(sent.map((text) => (JSON.parse(text) as { type: string }).type).sort()).toEqual([
      "facts",
      "objects",
      "tick",
    ])
    expect(withoutOwnWords(sent.join(""))).not.toContain(secretWord)
    const told = sent
      .map((text) => JSON.parse(text) as { type: string; tick: typeof tick })
      .find(({ type }) => type === "tick")
    expect(told && unpackTick(told.tick).edges).toHaveLength(3)
  })
})

describe("visibility", () => {
  test("is everybody's business while it is open", async () => {
    await setVisibility("open")
    expect(await (await api.send("listServices", viewer)).text()).toContain(secretWord)
  })

  test("is set by owners only, and given by admins", async () => {
    const change = { body: { visibility: "by-namespace" } }
    expect((await api.send("updateOrganization", api.tenant.tokens.admin, change)).status).toBe(403)
    const made = await api.client(api.tenant.tokens.admin).call("createMember", {
      body: { email: "new@example.com", name: "New", role: "viewer" },
    })
    expect(made.namespaces).toEqual([])
    const given = await api.client(api.tenant.tokens.admin).call("updateMember", {
      params: { user: made.userId },
      body: { namespaces: ["shop", "team-a-*"] },
    })
    expect(given).toMatchObject({ role: "viewer", namespaces: ["shop", "team-a-*"] })
    const bad = await api.send("updateMember", api.tenant.tokens.admin, {
      params: { user: made.userId },
      body: { namespaces: ["Shop"] },
    })
    expect(bad.status).toBe(400)
  })
})

import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parse } from "yaml"
import type { OperationName } from "#shared/api/operations.ts"
import { hashOf } from "#cloud/cloud.ts"
import { createSignInCode } from "#cloud/auth/sign-in.ts"
import type { Inventory } from "#cloud/store/inventory.ts"
import { Suppressions } from "#cloud/store/suppression.ts"
import { Tokens } from "#cloud/store/token.ts"
import { type Sent, type TestApi, names, operationOf, startTestApi } from "./api.ts"
import { putCluster } from "./mesh.ts"

let api: TestApi
let owner: Inventory.Owner

beforeAll(async () => {
  api = await startTestApi()
  owner = await putCluster(api.cloud, api.tenant.organizationId, "production")
})
afterAll(async () => {
  await api.close()
})

const ownCluster = () => ({ cluster: owner.clusterId })
const newCluster = async (name: string) =>
  (await api.client(api.tenant.tokens.owner).call("createCluster", { body: { name } })).cluster.clusterId
const newMember = async (email: string) =>
  (
    await api
      .client(api.tenant.tokens.owner)
      .call("createMember", { body: { email, name: "x", role: "viewer" } })
  ).userId

/** A route that is taken away: the agent is not asked, for it is away, and gets it when it comes. */
const change = () => ({
  clusters: [owner.clusterId],
  intent: {
    control: "objects" as const,
    remove: [{ kind: "VirtualService.networking.istio.io", namespace: "shop", name: "cart" }],
  },
  queueUntil: api.clock.at + 60_000,
})
const made = () => api.client(api.tenant.tokens.operator).call("createChange", { body: change() })

/** A good call of each operation. The type leaves none out. */
const calls: Record<OperationName, () => Sent | Promise<Sent>> = {
  createSession: async () => ({ body: { code: await createSignInCode(api.cloud, api.tenant.user.userId) } }),
  getSession: () => ({}),
  removeSession: () => ({}),
  createSocketTicket: () => ({}),
  getOrganization: () => ({}),
  updateOrganization: () => ({ body: { name: "acme-2" } }),
  createOrganization: () => ({ body: { name: "second" } }),
  listMembers: () => ({}),
  createMember: () => ({ body: { email: "Bob@Example.com", name: "Bob", role: "operator" } }),
  updateMember: async () => ({ params: { user: await newMember("c@example.com") }, body: { role: "admin" } }),
  removeMember: async () => ({ params: { user: await newMember("d@example.com") } }),
  listTokens: () => ({}),
  createToken: () => ({ body: { name: "ci", role: "viewer", clusters: [owner.clusterId] } }),
  removeToken: async () => {
    const input = { name: "x", role: "viewer" as const, clusters: null, expiresInDays: 1, createdBy: "ann" }
    const { tokenId } = await Tokens.create(api.cloud, api.tenant.organizationId, input)
    return { params: { token: tokenId } }
  },
  listClusters: () => ({}),
  createCluster: () => ({ body: { name: "staging", write: ["traffic"] } }),
  getCluster: () => ({ params: ownCluster() }),
  updateCluster: async () => ({ params: { cluster: await newCluster("a") }, body: { name: "renamed" } }),
  removeCluster: async () => ({ params: { cluster: await newCluster("b") } }),
  createJoinToken: async () => ({ params: { cluster: await newCluster("c") }, body: {} }),
  revokeCluster: async () => ({ params: { cluster: await newCluster("d") } }),
  listClusterEvents: async () => ({ params: { cluster: await newCluster("e") } }),
  listKinds: () => ({}),
  listObjects: () => ({ params: { kind: "services" }, query: { namespace: "shop", limit: "2" } }),
  getObject: () => ({
    params: { ...ownCluster(), kind: "Service", name: "web" },
    query: { namespace: "shop" },
  }),
  getTopology: () => ({ query: { idle: "true", view: "workload" } }),
  getTopologySources: () => ({ query: { cluster: owner.clusterId } }),
  listServices: () => ({ query: { namespace: ["shop", "other"] } }),
  getService: () => ({ params: { ...ownCluster(), namespace: "shop", name: "cart" } }),
  listWorkloads: () => ({}),
  getWorkload: () => ({ params: { ...ownCluster(), namespace: "shop", name: "cart-v1" } }),
  getSeries: () => ({ query: { id: "overall", stepMs: "60000" } }),
  listFindings: () => ({ query: { level: ["error", "warning"], suppressed: "true" } }),
  validate: () => ({ params: ownCluster(), body: { put: [], remove: [] } }),
  listRules: () => ({}),
  listSuppressions: () => ({}),
  createSuppression: () => ({ body: { code: "IST0101", object: "shop/*", reason: "known" } }),
  removeSuppression: async () => {
    const input = { code: "*", object: "", until: null, reason: "", createdBy: "ann" }
    const { suppressionId } = await Suppressions.create(api.cloud, api.tenant.organizationId, input)
    return { params: { suppression: suppressionId } }
  },
  getControl: () => ({
    params: { ...ownCluster(), control: "routing" },
    query: { namespace: "shop", service: "cart" },
  }),
  getAccess: () => ({ params: ownCluster(), query: { namespace: "shop" } }),
  previewChange: () => ({ query: { check: "false" }, body: change() }),
  createChange: () => ({ body: change() }),
  listChanges: () => ({ query: { service: "shop/cart", limit: "10" } }),
  getChange: async () => ({ params: { change: (await made()).changeId } }),
  releaseChange: async () => ({ params: { change: (await made()).changeId }, body: {} }),
}

describe("a good call", () => {
  test.each(names.filter((name) => name !== "removeSession"))(
    "of %s answers what the table of operations says, and nothing else",
    async (name) => {
      const { status, answer } = operationOf(name)
      const response = await api.browse(name, api.tenant, await calls[name]())
      const text = await response.text()
      expect([response.status, text.slice(0, 300)]).toEqual([status, expect.anything()])
      if (!answer) return expect(text).toBe("")
      expect(response.headers.get("content-type")).toBe("application/json")
      const body: unknown = JSON.parse(text)
      expect(answer.parse(body)).toEqual(body)
    },
  )
})

describe("the content", () => {
  const call = () => api.client(api.tenant.tokens.viewer)

  test("of the clusters tells what the agent said", async () => {
    const [cluster] = (await call().call("listClusters")).items
    expect(cluster).toMatchObject({
      name: "production",
      link: "live",
      istioVersions: ["1.27.1"],
      kubernetesVersion: "v1.36.0",
      objects: 15,
    })
  })

  test("of the topology joins inventory and traffic", async () => {
    const { nodes, edges, at, window } = await call().call("getTopology", {
      query: { cluster: owner.clusterId },
    })
    const id = (name: string) => `svc/${owner.clusterId}/shop/${name}`
    expect([at, window]).toEqual([api.clock.at, 60])
    expect(nodes.map((node) => node.id).filter((node) => node.startsWith("svc/"))).toEqual(
      ["cart", "db", "web"].map(id),
    )
    const failing = edges.find((edge) => edge.target === id("db"))
    expect(failing?.requestsPerSecond).toBeCloseTo(5, 1)
    expect(failing?.errorRatio).toBeCloseTo(0.2, 2)
  })

  test("of a list of services is worst first", async () => {
    const { items } = await call().call("listServices", { query: { cluster: owner.clusterId } })
    expect(items.map(({ name, health }) => [name, health.state])).toEqual([
      ["db", "failing"],
      ["cart", "ok"],
      ["web", "ok"],
    ])
  })

  test("of a service has callers, callees, workloads, pods and the objects that apply", async () => {
    const params = { cluster: owner.clusterId, namespace: "shop", name: "cart" }
    const detail = await call().call("getService", { params })
    expect(detail.callers.map(({ name }) => name)).toEqual(["web"])
    expect(detail.callees.map(({ name }) => name)).toEqual(["db"])
    expect(detail.related.map(({ name }) => name)).toEqual(["cart-v1"])
    expect(detail.pods.map(({ name, proxy }) => [name, proxy])).toEqual([["cart-v1-7c9f-x2k4p", "1.27.1"]])
    expect(detail.appliesHere.map(({ kind }) => kind)).toContain("VirtualService.networking.istio.io")
  })

  test("of a series has one point a step, and null where nothing was measured", async () => {
    const query = { id: "overall", from: api.clock.at - 120_000, to: api.clock.at, stepMs: 60_000 }
    const series = await call().call("getSeries", { query })
    expect(series.requestsPerSecond.slice(0, 2)).toEqual([null, null])
    expect(series.requestsPerSecond.at(-1)).toBeCloseTo(15, 0)
  })

  test("of an object is YAML for who accepts that", async () => {
    const sent = {
      params: { cluster: owner.clusterId, kind: "virtualservices", name: "cart" },
      query: { namespace: "shop" },
      headers: { accept: "application/yaml" },
    }
    const response = await api.send("getObject", api.tenant.tokens.viewer, sent)
    expect(response.headers.get("content-type")).toBe("application/yaml")
    expect(parse(await response.text())).toMatchObject({ kind: "VirtualService", spec: { hosts: ["cart"] } })
  })

  test("of a new cluster is one line to copy, with the write families in it", async () => {
    const { command, token, expiresAt, manifestUrl } = await api
      .client(api.tenant.tokens.admin)
      .call("createCluster", { body: { name: "line", write: ["security", "traffic"] } })
    expect(token).toMatch(/^smj_[\w-]{43}$/)
    expect(expiresAt).toBe(api.clock.at + 15 * 60_000)
    expect(manifestUrl).toBe("http://127.0.0.1:8080/install?write=traffic,security")
    expect(command).toBe(
      `curl -fsSL -H "Authorization: Bearer ${token}" "${manifestUrl}" | kubectl apply -f -`,
    )
    const read = await api.client(api.tenant.tokens.admin).call("createCluster", { body: { name: "plain" } })
    expect(read.command).toBe(
      `curl -fsSL -H "Authorization: Bearer ${read.token}" http://127.0.0.1:8080/install | kubectl apply -f -`,
    )
  })

  test("of a second join token: the first one is dead, and a joined cluster gets none", async () => {
    const client = api.client(api.tenant.tokens.admin)
    const first = await client.call("createCluster", { body: { name: "twice" } })
    const params = { cluster: first.cluster.clusterId }
    const second = await client.call("createJoinToken", { params, body: { write: ["security"] } })
    expect(second.cluster.write).toEqual(["security"])
    const stored = await api.cloud.table.all(`secret#${hashOf(first.token)}`, {})
    expect(stored).toEqual([])
    const joined = client.call("createJoinToken", { params: { cluster: owner.clusterId }, body: {} })
    await expect(joined).rejects.toMatchObject({ code: "cluster.already_joined" })
  })

  test("of the events is newest first", async () => {
    const client = api.client(api.tenant.tokens.admin)
    const { cluster } = await client.call("createCluster", { body: { name: "eventful" } })
    api.clock.advance(1000)
    await client.call("revokeCluster", { params: { cluster: cluster.clusterId } })
    const page = await client.call("listClusterEvents", { params: { cluster: cluster.clusterId } })
    expect(page.items.map(({ kind }) => kind)).toEqual(["revoked", "token", "created"])
  })
})

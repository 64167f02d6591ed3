import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { OperationName } from "#shared/api/operations.ts"
import type { Inventory } from "#cloud/store/inventory.ts"
import { Suppressions } from "#cloud/store/suppression.ts"
import { Tokens } from "#cloud/store/token.ts"
import { type Sent, type TestApi, operationOf, startTestApi } from "./api.ts"
import { putCluster } from "./mesh.ts"

type Parameter = { name: string; in: "path" | "query" | "header" }
type OpenApi = {
  paths: Record<string, Record<string, { operationId: string; parameters: Parameter[] }>>
}

let api: TestApi
let victim: Inventory.Owner
let victimToken: string
let victimSuppression: string
let victimChange: string
let documented: { name: OperationName; parameters: Parameter[] }[]

beforeAll(async () => {
  api = await startTestApi()
  victim = await putCluster(api.cloud, api.tenant.organizationId, "production")
  await putCluster(api.cloud, api.other.organizationId, "production")
  const input = { name: "x", role: "viewer" as const, clusters: null, expiresInDays: 1, createdBy: "ann" }
  victimToken = (await Tokens.create(api.cloud, api.tenant.organizationId, input)).tokenId
  const wish = { code: "*", object: "", until: null, reason: "", createdBy: "ann" }
  victimSuppression = (await Suppressions.create(api.cloud, api.tenant.organizationId, wish)).suppressionId
  const removal = {
    control: "objects" as const,
    remove: [{ kind: "VirtualService.networking.istio.io", namespace: "shop", name: "cart" }],
  }
  const body = { clusters: [victim.clusterId], intent: removal, queueUntil: api.clock.at + 3_600_000 }
  const change = await api.client(api.tenant.tokens.operator).call("createChange", { body })
  victimChange = change.changeId
  const document = (await (await api.api.request("/api/v1/openapi.json")).json()) as OpenApi
  documented = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId, parameters }) => ({
      name: operationId as OperationName,
      parameters,
    })),
  )
})
afterAll(async () => {
  await api.close()
})

/** Something of the first tenant for each parameter that names a thing. */
const thing = (name: string): string =>
  ({
    cluster: victim.clusterId,
    user: api.tenant.user.userId,
    token: victimToken,
    suppression: victimSuppression,
    kind: "Service",
    namespace: "shop",
    name: "cart",
    control: "routing",
    change: victimChange,
    id: `svc/${victim.clusterId}/shop/cart`,
  })[name] ?? name

/** Bodies that would be taken from the first tenant itself. */
const bodies: Partial<Record<OperationName, () => unknown>> = {
  updateMember: () => ({ role: "viewer" }),
  updateCluster: () => ({ name: "stolen" }),
  createJoinToken: () => ({}),
  validate: () => ({ put: [], remove: [] }),
  createToken: () => ({ name: "x", role: "viewer", clusters: [victim.clusterId] }),
  previewChange: () => ({ clusters: [victim.clusterId], intent: { control: "objects" } }),
  createChange: () => ({ intent: { control: "undo", changeId: victimChange } }),
  releaseChange: () => ({}),
}

/** Operations that name a thing in their bodies. */
const named: readonly OperationName[] = ["createToken", "previewChange", "createChange"]

const idOf = ["cluster", "user", "token", "suppression", "change", "id"]

/** The calls of an operation with which another tenant could try to reach something: each place that takes an id, once. */
function attacks({ name, parameters }: (typeof documented)[number]): Sent[] {
  const params = Object.fromEntries(
    parameters.filter((one) => one.in === "path").map((one) => [one.name, thing(one.name)]),
  )
  const body = bodies[name]?.()
  const withBody = body === undefined ? {} : { body }
  const namesThing = Object.keys(params).some((param) => idOf.includes(param)) || named.includes(name)
  const inQuery = parameters.filter((one) => one.in === "query" && idOf.includes(one.name))
  const needed: Record<string, string> =
    name === "getSeries"
      ? { id: "overall" }
      : name === "getObject" || name === "getAccess"
        ? { namespace: "shop" }
        : {}
  return [
    ...(namesThing ? [{ params, query: needed, ...withBody }] : []),
    ...inQuery.map((one) => ({ params, query: { ...needed, [one.name]: thing(one.name) }, ...withBody })),
  ]
}

const snapshot = async (): Promise<unknown> => {
  const { organizationId, clusterId } = victim
  return {
    own: (await api.cloud.table.all(organizationId, {})).map(({ lastUsedAt: _lastUsedAt, ...item }) => item),
    cluster: await api.cloud.table.all(`${organizationId}#${clusterId}`, {}),
    changes: await api.cloud.table.all(`${organizationId}#change`, {}),
  }
}

describe("another tenant", () => {
  test("is told 404 by every operation of the OpenAPI document on the first tenant's ids, and changes nothing", async () => {
    const before = await snapshot()
    const tried: string[] = []
    const wrong: string[] = []
    for (const operation of documented)
      for (const sent of attacks(operation)) {
        api.clock.advance(1000)
        for (const via of ["token", "cookie"] as const) {
          const response =
            via === "cookie"
              ? await api.browse(operation.name, api.other, sent)
              : await api.send(operation.name, api.other.tokens.owner, sent)
          tried.push(operation.name)
          const text = await response.text()
          const refusedAsToken = via === "token" && operationOf(operation.name).people
          if (response.status !== 404 && !refusedAsToken)
            wrong.push(
              `${operation.name} ${JSON.stringify(sent)} -> ${response.status} ${text.slice(0, 200)}`,
            )
        }
      }
    expect(wrong).toEqual([])
    const withIds = documented.filter(({ parameters }) => parameters.some(({ name }) => idOf.includes(name)))
    for (const { name } of withIds) expect(tried).toContain(name)
    expect(new Set(tried).size).toBeGreaterThanOrEqual(18)
    expect(await snapshot()).toEqual(before)
  })

  test("sees nothing of the first tenant in any list", async () => {
    for (const { name, parameters } of documented) {
      if (
        operationOf(name).method !== "get" ||
        parameters.some((one) => one.in === "path" && one.name !== "kind")
      )
        continue
      api.clock.advance(1000)
      const query: Record<string, string> = name === "getSeries" ? { id: "overall" } : {}
      const response = await api.browse(name, api.other, { params: { kind: "Service" }, query })
      const text = await response.text()
      expect([name, response.status]).toEqual([name, 200])
      for (const secret of [victim.clusterId, api.tenant.organizationId, api.tenant.user.email])
        expect([name, text.includes(secret)]).toEqual([name, false])
    }
  })

  test("cannot work in the first tenant's organization by naming it", async () => {
    const headers = { "smm-org": api.tenant.organizationId }
    for (const response of [
      await api.browse("listClusters", api.other, { headers }),
      await api.send("listClusters", api.other.tokens.owner, { headers }),
    ]) {
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: "organization.not_found" })
    }
  })

  test("cannot go on with the first tenant's cursor", async () => {
    const first = await api.client(api.tenant.tokens.viewer).call("listObjects", {
      params: { kind: "Service" },
      query: { limit: 1 },
    })
    const sent = { params: { kind: "Service" }, query: { limit: "1", cursor: String(first.cursor) } }
    const response = await api.send("listObjects", api.other.tokens.viewer, sent)
    expect(await response.json()).toMatchObject({ status: 400, code: "cursor.invalid" })
  })
})

describe("a token that is limited to clusters", () => {
  test("sees only those, and 404 for the others, everywhere", async () => {
    const { organizationId } = api.tenant
    const mine = await putCluster(api.cloud, organizationId, "mine")
    const input = {
      name: "limited",
      role: "admin" as const,
      clusters: [mine.clusterId],
      expiresInDays: 1,
      createdBy: "ann",
    }
    const { secret } = await Tokens.create(api.cloud, organizationId, input)
    for (const operation of documented) {
      api.clock.advance(1000)
      const { method } = operationOf(operation.name)
      const hasPath = operation.parameters.some((one) => one.in === "path" && one.name !== "kind")
      if (method === "get" && !hasPath) {
        const query: Record<string, string> = operation.name === "getSeries" ? { id: "overall" } : {}
        const response = await api.send(operation.name, secret, { params: { kind: "Service" }, query })
        expect([operation.name, response.status]).toEqual([operation.name, 200])
        expect([operation.name, (await response.text()).includes(victim.clusterId)]).toEqual([
          operation.name,
          false,
        ])
      }
      const namesCluster = operation.parameters.some(({ name }) => name === "cluster")
      const namesChange = operation.parameters.some(({ name }) => name === "change")
      if (!namesCluster && !namesChange && !named.includes(operation.name)) continue
      for (const sent of attacks(operation)) {
        const response = await api.send(operation.name, secret, sent)
        expect([operation.name, response.status]).toEqual([operation.name, 404])
      }
    }
    const kinds = await api.client(secret).call("listKinds")
    expect(kinds.items[0]?.clusters.map(({ cluster }) => cluster)).toEqual([mine.clusterId])
  })

  test("gives nobody more than it has", async () => {
    const { organizationId } = api.tenant
    const [own] = await api
      .client(api.tenant.tokens.viewer)
      .call("listClusters")
      .then(({ items }) => items)
    const clusters = [own?.clusterId ?? ""]
    const input = { name: "limited", role: "admin" as const, clusters, expiresInDays: 1, createdBy: "ann" }
    const client = api.client((await Tokens.create(api.cloud, organizationId, input)).secret)
    const denied = expect.objectContaining({ code: "auth.denied" }) as unknown
    const body = { name: "more", role: "viewer" as const }
    await expect(client.call("createToken", { body })).rejects.toEqual(denied)
    await expect(client.call("createCluster", { body: { name: "new" } })).rejects.toEqual(denied)
    const member = { email: "e@example.com", name: "E", role: "viewer" as const }
    await expect(client.call("createMember", { body: member })).rejects.toEqual(denied)
    const made = await client.call("createToken", { body: { ...body, clusters } })
    expect(made.clusters).toEqual(clusters)
    expect((await client.call("listTokens")).items.map(({ name }) => name)).not.toContain("owner")
  })
})

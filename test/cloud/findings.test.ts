import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Input } from "#shared/api/client.ts"
import { type KubeObject, kindKeyOf, refOf } from "#shared/kube/object.ts"
import { findingObject } from "#shared/validation/finding-object.ts"
import { Clusters } from "#cloud/store/cluster.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { Tokens } from "#cloud/store/token.ts"
import { type TestApi, startTestApi } from "./api.ts"
import { putCluster, service } from "./mesh.ts"

let api: TestApi
let east: Inventory.Owner
let west: Inventory.Owner
let version = 1

beforeAll(async () => {
  api = await startTestApi()
  east = await putCluster(api.cloud, api.tenant.organizationId, "east")
  west = await putCluster(api.cloud, api.tenant.organizationId, "west")
})
afterAll(async () => {
  await api.close()
})

const put = (owner: Inventory.Owner, ...objects: KubeObject[]) =>
  Inventory.applyDelta(api.cloud, owner, ++version, { put: objects, remove: [] })
const remove = (owner: Inventory.Owner, ...objects: KubeObject[]) =>
  Inventory.applyDelta(api.cloud, owner, ++version, { put: [], remove: objects.map(refOf) })

const route = (name: string, host: string): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace: "shop" },
  spec: { hosts: [`${name}.example.com`], http: [{ route: [{ destination: { host } }] }] },
})

const list = (query: NonNullable<Input<"listFindings">["query"]> = {}) =>
  api.client(api.tenant.tokens.viewer).call("listFindings", { query })
const about = async (name: string, query: Parameters<typeof list>[0] = {}) =>
  (await list({ q: name, ...query })).items.filter(({ object }) => object.name === name)

describe("findings over the clusters of a mesh", () => {
  test("do not call a host unknown that another cluster has", async () => {
    await put(east, route("only-west", "stock.shop.svc.cluster.local"))
    expect((await about("only-west")).map(({ code }) => code)).toContain("virtualservice.host_unknown")
    await put(west, service("stock"))
    expect((await about("only-west")).map(({ code }) => code)).not.toContain("virtualservice.host_unknown")
    await remove(west, service("stock"))
    expect((await about("only-west")).map(({ code }) => code)).toContain("virtualservice.host_unknown")
    await remove(east, route("only-west", ""))
    expect(await about("only-west")).toEqual([])
  })

  test("see what differs between clusters, and are shown for the clusters asked for", async () => {
    const other = service("prices")
    await put(east, service("prices"))
    await put(west, {
      ...other,
      spec: { selector: { app: "prices" }, ports: [{ name: "grpc", port: 9000 }] },
    })
    const found = (await list({ code: "IST0170" })).items
    expect(found.map(({ object }) => object.name)).toContain("prices")
    for (const { clusterId } of [east, west]) {
      const here = (await list({ code: "IST0170", cluster: clusterId })).items
      expect(here).toEqual(found.filter(({ cluster }) => cluster === clusterId))
    }
    await remove(west, other)
    await remove(east, other)
  })

  test("show nothing of a cluster that a token is not for: neither its findings nor its hosts", async () => {
    await put(west, service("hidden"))
    await put(east, route("to-hidden", "hidden.shop.svc.cluster.local"))
    const { secret } = await Tokens.create(api.cloud, api.tenant.organizationId, {
      name: "east only",
      role: "viewer",
      clusters: [east.clusterId],
      expiresInDays: 1,
      createdBy: "ann",
    })
    const { items } = await api.client(secret).call("listFindings", { query: { q: "to-hidden" } })
    expect(items.map(({ code }) => code)).toContain("virtualservice.host_unknown")
    expect((await about("to-hidden")).map(({ code }) => code)).not.toContain("virtualservice.host_unknown")
    await remove(west, service("hidden"))
    await remove(east, route("to-hidden", ""))
  })

  test("know since when, from what the agent sent", async () => {
    const broken = route("since", "nowhere.shop.svc.cluster.local")
    await put(east, broken)
    const [finding] = await about("since", { code: "virtualservice.host_unknown" })
    expect(finding?.since).toBeNull()
    if (finding === undefined) return
    await put(east, findingObject({ ...finding, cluster: "", references: [] }, null, 0))
    expect((await about("since", { code: "virtualservice.host_unknown" }))[0]?.since).toBeGreaterThan(0)
    await remove(east, broken, findingObject(finding, null, 0))
  })

  test("say what is not evaluated, with the reason the agent gave", async () => {
    const status = await Clusters.readStatus(api.cloud, east.organizationId, east.clusterId)
    const state = (await list()).notEvaluated.find(({ kind }) => kind === "Secret")
    expect(state).toMatchObject({ state: "denied", reason: "the agent never lists Secrets" })
    expect(state?.codes.length).toBeGreaterThan(0)
    const { notEvaluated, items } = await list({ limit: "2000" })
    const injector = notEvaluated.find(({ kind }) => kind === "ConfigMap")
    expect(injector).toMatchObject({ state: "denied", reason: "the agent does not list ConfigMaps" })
    expect(injector?.codes).toContain("namespace.not_injected")
    expect(items.map(({ code }) => code)).not.toContain("namespace.not_injected")
    expect(status === undefined || status.kinds.every(({ kind }) => kind !== "Secret")).toBe(true)
  })

  test("do not take for absent what an agent does not report that is older than the kind", async () => {
    const mesh = {
      apiVersion: "telemetry.istio.io/v1",
      kind: "Telemetry",
      metadata: { name: "old", namespace: "shop" },
    }
    const telemetry = { ...mesh, spec: { tracing: [{ providers: [{ name: "of-the-mesh" }] }] } }
    await put(east, telemetry)
    const { notEvaluated } = await list({ cluster: east.clusterId })
    expect(notEvaluated.find(({ kind }) => kind === "MeshConfig")).toMatchObject({
      state: "denied",
      reason: expect.stringMatching(/older than this server/) as string,
    })
    expect((await about("old")).filter(({ message }) => message.includes("of-the-mesh"))).toEqual([])
    await remove(east, telemetry)
  })

  test("are cut to a limit that says how many more there are, worst first", async () => {
    const all = await list()
    const one = await list({ limit: "1" })
    expect(one.items).toEqual(all.items.slice(0, 1))
    expect(one.more).toBe(all.items.length - 1)
    const rank = { error: 0, warning: 1, info: 2 }
    const ranks = all.items.map(({ level }) => rank[level])
    expect(ranks).toEqual(ranks.toSorted())
    for (const { code } of all.items) expect(all.rules[code]?.effect).toMatch(/\w/)
  })
})

describe("suppressions of an organization", () => {
  const broken = route("quiet", "nowhere.shop.svc.cluster.local")
  const operator = () => api.client(api.tenant.tokens.operator)

  test("hide what they name until they end, and stay counted", async () => {
    await put(east, broken)
    const wish = { code: "IST0101", object: "VirtualService quiet.shop", reason: "moving" }
    const { suppressionId } = await operator().call("createSuppression", { body: wish })
    expect((await about("quiet")).map(({ code }) => code)).not.toContain("virtualservice.host_unknown")
    const shown = await list({ q: "quiet", suppressed: "true" })
    expect(shown.counts.suppressed).toBeGreaterThan(0)
    expect(shown.items.find(({ suppressed }) => suppressed !== null)?.suppressed).toMatchObject({
      by: "settings",
      code: "IST0101",
    })
    await operator().call("removeSuppression", { params: { suppression: suppressionId } })
    expect((await about("quiet")).map(({ code }) => code)).toContain("virtualservice.host_unknown")
    const until = api.cloud.now() - 1
    await operator().call("createSuppression", { body: { ...wish, until } })
    expect((await about("quiet")).map(({ code }) => code)).toContain("virtualservice.host_unknown")
  })

  test("stand in an object's annotation as well, of ours and of both anchors", async () => {
    for (const [name, value] of [
      ["smm.io/suppress", "virtualservice.host_unknown until 2999-01-01"],
      ["galley.istio.io/analyze-suppress", "IST0101"],
      ["kiali.io/ignore-validations", "KIA1101"],
    ] as const) {
      await put(east, { ...broken, metadata: { ...broken.metadata, annotations: { [name]: value } } })
      const codes = (await about("quiet")).map(({ code }) => code)
      expect([name, codes.includes("virtualservice.host_unknown")]).toEqual([name, false])
    }
    const past = { "smm.io/suppress": "virtualservice.host_unknown until 2001-01-01" }
    await put(east, { ...broken, metadata: { ...broken.metadata, annotations: past } })
    expect((await about("quiet")).map(({ code }) => code)).toContain("virtualservice.host_unknown")
    await remove(east, broken)
  })
})

describe("a proposal", () => {
  const validate = (body: Input<"validate">["body"]) =>
    api.client(api.tenant.tokens.viewer).call("validate", { params: { cluster: east.clusterId }, body })

  test("takes the place of the live object, is told by what it adds and removes, and leaves nothing behind", async () => {
    const broken = route("fixed", "nowhere.shop.svc.cluster.local")
    await put(east, broken, service("cart"))
    const before = await about("fixed")
    const mended = await validate({ put: [route("fixed", "cart.shop.svc.cluster.local")], remove: [] })
    expect(mended.removed.map(({ code }) => code)).toContain("virtualservice.host_unknown")
    expect(mended.added.map(({ code }) => code)).not.toContain("virtualservice.host_unknown")
    const gone = await validate({ put: [], remove: [refOf(broken)] })
    expect(gone.added).toEqual([])
    expect(gone.removed.length).toBe(before.length)
    expect(await about("fixed")).toEqual(before)
    await remove(east, broken)
  })

  test("larger than a megabyte is refused before it is read", async () => {
    const object = { ...route("big", "x"), data: "x".repeat(1_100_000) }
    await expect(validate({ put: [object], remove: [] })).rejects.toMatchObject({ code: "input.too_large" })
  })

  test("may hold objects of any shape", async () => {
    const strange = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name: "s" } }
    const { added } = await validate({ put: [{ ...strange, spec: [] }], remove: [] })
    expect(added.map(({ code }) => code)).toContain("schema.type")
    expect(kindKeyOf(strange)).toBe(added[0]?.object.kind)
  })
})

import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answer } from "#shared/api/client.ts"
import { toCursor } from "#cloud/api/cursor.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { type TestApi, startTestApi } from "./api.ts"
import { edge, hear, putCluster, putStatus, putTick, service, smallMesh } from "./mesh.ts"

let api: TestApi
let first: Inventory.Owner
let second: Inventory.Owner
const extra = Array.from({ length: 25 }, (_, i) =>
  service(`svc-${String(i).padStart(2, "0")}`, i % 2 ? "odd" : "even"),
)

beforeAll(async () => {
  api = await startTestApi()
  const { organizationId } = api.tenant
  first = await putCluster(api.cloud, organizationId, "first", [...smallMesh, ...extra])
  api.clock.advance(10)
  second = await putCluster(api.cloud, organizationId, "second")
})
afterAll(async () => {
  await api.close()
})

type Query = {
  cluster?: string[]
  namespace?: string[]
  selector?: string
  q?: string
  limit?: number
  cursor?: string
}
const list = (kind: string, query: Query = {}) =>
  api.client(api.tenant.tokens.viewer).call("listObjects", { params: { kind }, query })
const at = ({ cluster, object }: Awaited<ReturnType<typeof list>>["items"][number]) =>
  `${cluster}/${object.metadata.namespace ?? ""}/${object.metadata.name}`

async function allPages(kind: string, query: Query): Promise<string[]> {
  const found: string[] = []
  let cursor: string | null = null
  do {
    const page = await list(kind, { ...query, ...(cursor === null ? {} : { cursor }) })
    expect(page.items.length).toBeLessThanOrEqual(query.limit ?? 100)
    found.push(...page.items.map(at))
    cursor = page.cursor
  } while (cursor !== null)
  return found
}

describe("a list of objects", () => {
  test.each([1, 2, 7, 31, 100])("in pages of %i is the whole list, in order, each once", async (limit) => {
    const whole = (await list("services", { limit: 1000 })).items.map(at)
    expect(whole).toHaveLength(31)
    expect(whole).toEqual([...whole].sort())
    expect(await allPages("services", { limit })).toEqual(whole)
  })

  test("goes by cluster, namespace, label selector and text, alone and together, page by page", async () => {
    const cluster = [first.clusterId]
    expect(await allPages("service", { cluster, namespace: ["odd", "even"], limit: 4 })).toHaveLength(25)
    expect(await allPages("service", { namespace: ["even"], limit: 3 })).toHaveLength(13)
    expect(await allPages("service", { selector: "tier=front", limit: 1 })).toHaveLength(2)
    expect(await allPages("service", { selector: "app in (web, cart),tier!=front" })).toHaveLength(2)
    expect(await allPages("service", { q: "SVC-1", limit: 3 })).toHaveLength(10)
    expect(await allPages("service", { cluster, q: "odd", selector: "tier", limit: 5 })).toHaveLength(12)
    expect(await allPages("service", { namespace: ["none"] })).toEqual([])
  })

  test("of a page's size ends without another page", async () => {
    const page = await list("services", { cluster: [second.clusterId], limit: 3 })
    expect([page.items.length, page.cursor]).toEqual([3, null])
  })

  test.each([
    "Service",
    "services",
    "service",
    "VirtualService.networking.istio.io",
    "httproutes.gateway.networking.k8s.io",
  ])("takes the kind as %s", async (kind) => {
    expect((await list(kind)).notices).toEqual([])
  })

  test("of a name that means two kinds shows both", async () => {
    const { items } = await list("gateways", { cluster: [first.clusterId] })
    expect(items.map(({ object }) => object.apiVersion).sort()).toEqual([
      "gateway.networking.k8s.io/v1",
      "networking.istio.io/v1",
    ])
    expect(await allPages("gateways", { limit: 1 })).toHaveLength(4)
  })

  test("of a kind that we do not have, or a bad selector, says so", async () => {
    await expect(list("secrets")).rejects.toMatchObject({ code: "kind.not_found" })
    await expect(list("services", { selector: "a b c" })).rejects.toMatchObject({ code: "input.invalid" })
  })

  test("refuses a cursor that was changed, or is of another query or kind", async () => {
    const { cursor } = await list("services", { limit: 2 })
    const good = String(cursor)
    const [place = "", sum = ""] = good.split(".")
    const other = Buffer.from(JSON.stringify([second.clusterId, "Service", "shop#web"])).toString("base64url")
    const invalid = expect.objectContaining({ code: "cursor.invalid" }) as unknown
    for (const bad of ["x", "", place, `${place}.`, `${other}.${sum}`, `${good}x`])
      await expect(list("services", { limit: 2, cursor: bad })).rejects.toEqual(invalid)
    await expect(list("services", { limit: 2, cursor: good, q: "web" })).rejects.toEqual(invalid)
    await expect(list("pods", { limit: 2, cursor: good })).rejects.toEqual(invalid)
    expect((await list("services", { limit: 5, cursor: good })).items).toHaveLength(5)
  })

  test("refuses a cursor that somebody wrote, wherever it points", async () => {
    const { organizationId } = api.tenant
    const scope = { organizationId, operation: "listObjects Service", query: { limit: 2 } }
    const elsewhere = (await putCluster(api.cloud, api.other.organizationId, "elsewhere")).clusterId
    const places: (string | number | null)[][] = [
      [],
      [elsewhere, "Service", "shop#web"],
      [first.clusterId, "Pod", "shop#web"],
      [first.clusterId, "Service", "shop"],
      [first.clusterId, "Service", "#web"],
      [first.clusterId, "Service", "a#b#c"],
      [first.clusterId, "Service", `shop#${"x".repeat(900)}`],
      [1, 2, 3],
    ]
    for (const place of places)
      await expect(list("services", { limit: 2, cursor: toCursor(scope, place) })).rejects.toMatchObject({
        code: "cursor.invalid",
      })
    const good = toCursor(scope, [first.clusterId, "Service", "shop#web"])
    expect((await list("services", { limit: 2, cursor: good })).items).toHaveLength(2)
    const client = api.client(api.tenant.tokens.viewer)
    const params = { cluster: first.clusterId }
    const events = { organizationId, operation: `listClusterEvents ${first.clusterId}`, query: {} }
    for (const place of ["zzz", "object#Pod#a#b", "event#1#a"])
      await expect(
        client.call("listClusterEvents", { params, query: { cursor: toCursor(events, [place]) } }),
      ).rejects.toMatchObject({ code: "cursor.invalid" })
  })

  test("refuses to look up more, or longer, than a person would name", async () => {
    const ask = async (name: string, values: string[]) =>
      (
        await api.send("listObjects", api.tenant.tokens.viewer, {
          params: { kind: "pods" },
          query: { [name]: values },
        })
      ).status
    expect(await ask("cluster", ["c".repeat(1_100)])).toBe(400)
    expect(
      await ask(
        "cluster",
        Array.from({ length: 200 }, () => first.clusterId),
      ),
    ).toBe(400)
    expect(
      await ask(
        "namespace",
        Array.from({ length: 2_000 }, (_, i) => `n${i}`),
      ),
    ).toBe(400)
    expect(await ask("cluster", ["prod"])).toBe(404)
  })

  test("looks for nothing under names that no object has", async () => {
    expect((await list("services", { namespace: ["x".repeat(2000), "a#b", ""] })).items).toEqual([])
    const client = api.client(api.tenant.tokens.viewer)
    for (const name of ["x".repeat(253), "ä", "a#b", "a b"]) {
      const params = { cluster: first.clusterId, kind: "Service", name }
      const object = client.call("getObject", { params, query: { namespace: "shop" } })
      await expect(object).rejects.toMatchObject({ code: "object.not_found" })
      const service = client.call("getService", {
        params: { cluster: first.clusterId, namespace: name, name },
      })
      await expect(service).rejects.toMatchObject({ code: "service.not_found" })
    }
  })

  test("goes on behind an object that was removed meanwhile", async () => {
    const owner = await putCluster(api.cloud, api.other.organizationId, "moving")
    const client = api.client(api.other.tokens.viewer)
    const page = (cursor?: string | null) =>
      client.call("listObjects", {
        params: { kind: "services" },
        query: { limit: 1, ...(cursor ? { cursor } : {}) },
      })
    const one = await page()
    const remove = [{ kind: "Service", namespace: "shop", name: "cart" }]
    await Inventory.applyDelta(api.cloud, owner, 99, { put: [], remove })
    expect((await page(one.cursor)).items[0]?.object.metadata.name).toBe("db")
  })
})

describe("what may not be read", () => {
  test("is a notice with the reason, in each state, and never only an empty list", async () => {
    const { organizationId } = api.other
    const owner = await putCluster(api.cloud, organizationId, "blind", [])
    const since = api.clock.at
    await putStatus(api.cloud, owner, [], {
      Pod: { state: "denied", reason: "pods is forbidden", since },
      "HTTPRoute.gateway.networking.k8s.io": { state: "absent", since },
      Node: { state: "stale", reason: "watch broke", since },
      "Job.batch": { state: "syncing", since },
    })
    const client = api.client(api.other.tokens.viewer)
    const codes = async (kind: string) => {
      const { notices } = await client.call("listObjects", {
        params: { kind },
        query: { cluster: owner.clusterId },
      })
      return notices.map(({ code, message }) => `${code}: ${message}`)
    }
    expect(await codes("pods")).toEqual(["kind.denied: May not read Pod in blind: pods is forbidden"])
    expect(await codes("httproutes")).toEqual([expect.stringContaining("kind.absent: ")])
    expect(await codes("nodes")).toEqual([expect.stringMatching(/kind.stale: .* UTC: watch broke/)])
    expect(await codes("jobs")).toEqual([expect.stringContaining("kind.syncing: ")])
    expect(await codes("services")).toEqual([])
    const params = { cluster: owner.clusterId, kind: "pods", name: "x" }
    const missing = client.call("getObject", { params, query: { namespace: "shop" } })
    await expect(missing).rejects.toMatchObject({
      code: "object.not_found",
      message: expect.stringContaining("Pod is denied there: pods is forbidden") as string,
    })
    const { notices } = await client.call("getTopology", { query: { cluster: owner.clusterId } })
    expect(notices.map(({ code }) => code).sort()).toEqual(["kind.denied", "kind.stale"])
    const kinds = (await client.call("listKinds")).items.find(({ kind }) => kind === "Pod")
    expect(kinds?.clusters.find(({ cluster }) => cluster === owner.clusterId)?.state.state).toBe("denied")
  })

  test("is said of a cluster that waits, and of an organization without any", async () => {
    const client = api.client(api.other.tokens.admin)
    const { cluster } = await client.call("createCluster", { body: { name: "waiting" } })
    const query = { cluster: cluster.clusterId }
    const page = await client.call("listObjects", { params: { kind: "pods" }, query })
    expect(page.notices.map(({ code }) => code)).toEqual(["cluster.waiting"])
    const empty = await startTestApi()
    const none = await empty
      .client(empty.tenant.tokens.viewer)
      .call("listObjects", { params: { kind: "pods" } })
    expect(none.notices.map(({ code }) => code)).toEqual(["cluster.none"])
    await empty.close()
  })

  test("is said of a link that went silent, with objects marked as stale", async () => {
    const silent = await startTestApi()
    await putCluster(silent.cloud, silent.tenant.organizationId, "silent")
    const client = silent.client(silent.tenant.tokens.viewer)
    const state = async () => (await client.call("listClusters")).items[0]?.link
    expect(await state()).toBe("live")
    silent.clock.advance(2 * 60_000 + 6_000)
    expect(await state()).toBe("late")
    silent.clock.advance(3 * 60_000)
    expect(await state()).toBe("stale")
    const page = await client.call("listObjects", { params: { kind: "services" } })
    expect(page.items.every(({ stale }) => stale)).toBe(true)
    expect(page.notices.map(({ code }) => code)).toEqual(["cluster.stale"])
    await silent.close()
  })
})

describe("a list of services", () => {
  test("goes page by page while the traffic moves, and no service that stays in place is shown twice", async () => {
    const client = api.client(api.tenant.tokens.viewer)
    const names: string[] = []
    let cursor: string | null = null
    do {
      const query: Query = { cluster: [first.clusterId], limit: 5, ...(cursor === null ? {} : { cursor }) }
      const page: Answer<"listServices"> = await client.call("listServices", { query })
      names.push(...page.items.map(({ name }) => name))
      cursor = page.cursor
      api.clock.advance(60_000)
      await hear(api.cloud, first)
      await putTick(api.cloud, first, api.clock.at, [edge("web", "cart", 10), edge("cart", "db", 5, 0.2)])
    } while (cursor !== null)
    expect(names.slice(0, 3)).toEqual(["db", "cart", "web"])
    expect(new Set(names).size).toBe(names.length)
    expect(names).toHaveLength(28)
  })

  test("goes by namespace and text", async () => {
    const client = api.client(api.tenant.tokens.viewer)
    const odd = await client.call("listServices", { query: { namespace: "odd", q: "svc-0" } })
    expect(odd.items).toHaveLength(5)
    const workloads = await client.call("listWorkloads", { query: { q: "cart", cluster: second.clusterId } })
    expect(workloads.items.map(({ name, kind }) => [name, kind])).toEqual([["cart-v1", "Deployment"]])
  })
})

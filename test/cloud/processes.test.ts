import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { type Api, createApi } from "#cloud/api/app.ts"
import { Clusters } from "#cloud/store/cluster.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { type TestApi, startTestApi } from "./api.ts"
import { edge, hear, putCluster, putTick, service } from "./mesh.ts"

let api: TestApi
let processes: Api[]
let owner: Inventory.Owner

beforeAll(async () => {
  api = await startTestApi()
  owner = await putCluster(api.cloud, api.tenant.organizationId, "production")
  processes = [api.api, createApi(api.otherProcess()), createApi(api.otherProcess())]
})
afterAll(async () => {
  await api.close()
})

/** The graph as every process tells it; they must agree. */
async function graph(): Promise<TopologyDocument> {
  const headers = { authorization: `Bearer ${api.tenant.tokens.viewer}` }
  const answers = await Promise.all(
    processes.map(async (one) => {
      const response = await one.request("/api/v1/topology?idle=true", { headers })
      return { etag: response.headers.get("etag"), document: (await response.json()) as TopologyDocument }
    }),
  )
  const [first] = answers
  for (const answer of answers) expect(answer).toEqual(first)
  return first?.document ?? expect.unreachable()
}
const services = ({ nodes }: TopologyDocument) =>
  nodes.filter(({ id }) => id.startsWith("svc/")).map(({ name }) => name)

describe("several processes over one store", () => {
  test("tell the same graph, and each sees at once what another wrote", async () => {
    expect(services(await graph())).toEqual(["cart", "db", "web"])
    await Inventory.applyDelta(api.cloud, owner, 10, { put: [service("new")], remove: [] })
    expect(services(await graph())).toEqual(["cart", "db", "new", "web"])
    const remove = [{ kind: "Service", namespace: "shop", name: "new" }]
    await Inventory.applyDelta(api.otherProcess(), owner, 11, { put: [], remove })
    expect(services(await graph())).toEqual(["cart", "db", "web"])
  })

  test("see the next tick, a tick of the same minute, a new name, silence and the return", async () => {
    const rate = async () =>
      (await graph()).edges.find(({ target }) => target.endsWith("/cart"))?.requestsPerSecond
    expect(await rate()).toBeCloseTo(10, 0)
    api.clock.advance(10_000)
    await putTick(api.cloud, owner, api.clock.at, [edge("web", "cart", 40)])
    expect(await rate()).toBeCloseTo(40, 0)
    await Clusters.rename(api.cloud, owner.organizationId, owner.clusterId, "renamed")
    expect((await graph()).nodes[0]?.clusterName).toBe("renamed")
    api.clock.advance(6 * 60_000)
    expect((await graph()).nodes.every(({ stale }) => stale)).toBe(true)
    await hear(api.cloud, owner)
    expect((await graph()).nodes.some(({ stale }) => stale)).toBe(false)
  })
})

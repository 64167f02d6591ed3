import { afterAll, beforeAll, expect, test } from "vitest"
import { Clusters } from "../store/cluster.ts"
import { Connections } from "../store/connection.ts"
import { Watches } from "../store/watch.ts"
import { type TestCloud, startTestCloud } from "#test/cloud/harness.ts"
import { publishCluster } from "./publish.ts"

let own: TestCloud
beforeAll(async () => {
  own = await startTestCloud()
})
afterAll(() => own.close())

async function watch(connection: string): Promise<void> {
  const { organizationId, owner } = own.tenant
  const [checkedAt, renewedAt] = [own.clock.at, own.clock.at]
  const common = { connection, clusters: null, sight: null }
  await Connections.create(own.cloud, {
    type: "console",
    ...common,
    organizationId,
    credential: owner.credential,
    checkedAt,
    renewedAt,
  })
  await Watches.create(own.cloud, organizationId, {
    ...common,
    id: "list",
    view: { type: "clusters" },
    seq: 0,
    acked: 0,
    behind: false,
  })
}

test("a console that cannot be reached holds up neither the others nor whoever brought the news", async () => {
  const { organizationId } = own.tenant
  const input = { name: "prod", write: [], createdBy: "test" }
  const { clusterId } = await Clusters.create(own.cloud, organizationId, input)
  for (const connection of ["broken", "good"]) {
    own.sockets.open.add(connection)
    await watch(connection)
  }
  const sockets = {
    ...own.sockets,
    send: (connection: string, text: string) =>
      connection === "broken" ? Promise.reject(new Error("throttled")) : own.sockets.send(connection, text),
  }
  await publishCluster({ ...own.cloud, sockets }, { organizationId, clusterId })
  expect(own.sockets.sent.map(({ connection }) => connection)).toEqual(["good"])
  expect(own.logs.some((line) => line.includes("throttled"))).toBe(true)
})

import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { Client } from "#shared/api/client.ts"
import { kubectl } from "#test/real/kube/kubectl.ts"
import { skipNote } from "#test/real/skip.ts"
import { differences } from "./compare.ts"
import { productMissing, startProduct, type Product } from "./product.ts"
import { startAgent, startCloud, until } from "./room.ts"
import { fedEdges } from "./traffic.ts"

const whole = (client: Client, cluster: string, kind: string) =>
  client
    .call("listObjects", { params: { kind }, query: { cluster, limit: 1000 } })
    .then(({ items }) => new Set(items.map(({ object }) => object.metadata.name)))

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "bookinfo" },
  spec: { ports: [{ name: "http", port: 80 }] },
})

describe.skipIf(skipNote("e2e faults on a real API server", productMissing()))(
  "when a part of the whole dies",
  () => {
    let product: Product

    beforeEach(async () => {
      product = await startProduct()
    })
    afterEach(() => product?.stop())

    test(
      "cloud and agent killed one after the other: nothing acknowledged is lost, what happened meanwhile arrives",
      { timeout: 180_000 },
      async () => {
        const { kube, cluster, folder, plane, prometheus } = product
        const before = await whole(product.client, cluster, "Service")
        expect(before).toContain("productpage")

        process.kill(await product.cloud.process.pid(), "SIGKILL")
        await product.cloud.process.done
        await kube.create(service("born-in-the-dark"))
        const cloud = await startCloud(folder, Number(new URL(product.cloud.url).port))
        try {
          expect(await whole(product.client, cluster, "Service")).toEqual(before)
          await until(
            "the service that was made while the cloud was down",
            async () =>
              (await whole(product.client, cluster, "Service")).has("born-in-the-dark") ? true : undefined,
            { room: product.agent, seconds: 90 },
          )

          process.kill(await product.agent.pid(), "SIGKILL")
          await product.agent.done
          await kube.create(service("born-without-agent"))
          const agent = await startAgent({
            kubeconfig: plane.kubeconfig,
            cloud,
            folder,
            more: ["--prometheus", prometheus.url],
          })
          try {
            await until(
              "the service that was made while the agent was down",
              async () =>
                (await whole(product.client, cluster, "Service")).has("born-without-agent")
                  ? true
                  : undefined,
              { room: agent, seconds: 90 },
            )
            await until(
              "the same graph as before",
              async () => {
                const found = differences(
                  await product.client.call("getTopology", {}),
                  fedEdges(cluster, "service"),
                )
                if (found.length > 0) throw new Error(found.slice(0, 5).join("\n"))
                return true
              },
              { room: agent },
            )
          } finally {
            await agent.stop()
          }
        } finally {
          await cloud.process.stop()
        }
      },
    )

    test(
      "Prometheus gone: the graph says that telemetry is down, and shows no zeros",
      { timeout: 180_000 },
      async () => {
        const { client, cluster, prometheus, agent } = product
        await prometheus.stop()
        const info = await until(
          "a cluster whose telemetry fails",
          async () => {
            const now = await client.call("getCluster", { params: { cluster } })
            return now.telemetry?.state === "failing" ? now : undefined
          },
          { room: agent, seconds: 120 },
        )
        expect(info.telemetry?.reason).toMatch(/Prometheus: .*ECONNREFUSED/)
        expect(info.link).toBe("live")
        const document = await client.call("getTopology", {})
        expect(document.notices).toContainEqual(expect.objectContaining({ code: "telemetry.down", cluster }))
        expect(
          document.edges.filter((edge) => edge.protocol !== "tcp" && edge.requestsPerSecond === 0),
        ).toEqual([])
      },
    )
  },
)

describe.skipIf(skipNote("e2e faults on a real API server", productMissing()))(
  "when the API server goes, and what it serves",
  () => {
    let product: Product

    beforeAll(async () => {
      product = await startProduct()
    })
    afterAll(() => product?.stop())

    test(
      "API server killed: kinds are stale since then, nothing is forgotten, and what happened meanwhile arrives",
      { timeout: 180_000 },
      async () => {
        const { client, cluster, kube, plane, agent } = product
        const before = await whole(client, cluster, "Service")
        const info = () => client.call("getCluster", { params: { cluster } })
        const staleKinds = async () => (await info()).kinds.filter(({ state }) => state === "stale")
        const killedAt = Date.now()
        await plane.kill()
        const stale = await until(
          "kinds that are stale",
          async () => {
            const kinds = await staleKinds()
            return kinds.some(({ kind }) => kind === "Service") ? kinds : undefined
          },
          { room: agent },
        )
        expect(stale.find(({ kind }) => kind === "Service")).toMatchObject({
          since: expect.closeTo(killedAt, -5) as number,
          reason: expect.stringMatching(/ECONNREFUSED|ECONNRESET/) as string,
          count: before.size,
        })
        expect((await info()).link).toBe("live")
        expect(await whole(client, cluster, "Service")).toEqual(before)
        const { notices } = await client.call("listObjects", { params: { kind: "Service" }, query: {} })
        expect(notices).toContainEqual(expect.objectContaining({ code: "kind.stale", cluster }))

        await plane.restart()
        await kube.create(service("born-after-the-restart"))
        await until(
          "the service that was made after the restart",
          async () => {
            const names = await whole(client, cluster, "Service")
            return names.has("born-after-the-restart") && (await staleKinds()).length === 0 ? true : undefined
          },
          { room: agent, seconds: 90 },
        )
        expect(await whole(client, cluster, "Service")).toEqual(
          new Set([...before, "born-after-the-restart"]),
        )
      },
    )

    test(
      "a definition removed and back: its kind is absent, never an empty list of a kind that is there",
      { timeout: 180_000 },
      async () => {
        const { client, cluster, plane, agent } = product
        const kind = "VirtualService.networking.istio.io"
        const before = await whole(client, cluster, kind)
        expect(before.size).toBeGreaterThan(0)
        const state = async () =>
          (await client.call("getCluster", { params: { cluster } })).kinds.find((each) => each.kind === kind)
            ?.state
        const resource = "virtualservices.networking.istio.io"
        const saved = join(product.folder, "virtualservices.json")
        await writeFile(saved, await kubectl(plane, ["get", resource, "-A", "-o", "json"]))
        const definition = join(product.folder, "definition.json")
        await writeFile(definition, await kubectl(plane, ["get", "crd", resource, "-o", "json"]))

        await kubectl(plane, ["delete", "crd", resource])
        await until("an absent kind", async () => ((await state()) === "absent" ? true : undefined), {
          room: agent,
        })
        expect(await whole(client, cluster, kind)).toEqual(new Set())
        const { notices } = await client.call("listObjects", { params: { kind }, query: {} })
        expect(notices).toContainEqual(expect.objectContaining({ code: "kind.absent", cluster }))
        expect((await whole(client, cluster, "Service")).size).toBeGreaterThan(0)

        await kubectl(plane, ["create", "-f", definition])
        await until("the definition served again", async () => {
          await kubectl(plane, ["get", resource, "-A"])
          return true
        })
        await kubectl(plane, ["create", "-f", saved])
        await until(
          "the same routes as before",
          async () => ((await whole(client, cluster, kind)).size === before.size ? true : undefined),
          { room: agent, seconds: 90 },
        )
        expect(await whole(client, cluster, kind)).toEqual(before)
        expect(await state()).toBe("live")
      },
    )
  },
)

import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Client } from "#shared/api/client.ts"
import { skipNote } from "#test/real/skip.ts"
import { differences } from "./compare.ts"
import { productMissing, startProduct, type Product } from "./product.ts"
import { startAgent, startCloud, until } from "./room.ts"
import { fedEdges } from "./traffic.ts"

const whole = (client: Client, cluster: string, kind: string) =>
  client
    .call("listObjects", { params: { kind }, query: { cluster, limit: 1000 } })
    .then(({ items }) => new Set(items.map(({ object }) => object.metadata.name)))

describe.skipIf(skipNote("e2e faults on a real API server", productMissing()))(
  "when a part of the whole dies",
  () => {
    let product: Product

    beforeEach(async () => {
      product = await startProduct()
    })
    afterEach(() => product?.stop())

    const service = (name: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "bookinfo" },
      spec: { ports: [{ name: "http", port: 80 }] },
    })

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

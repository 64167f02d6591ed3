import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "#shared/api/client.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { skipNote } from "#test/real/skip.ts"
import { chromiumMissing, startBrowser } from "./browser.ts"
import { smm } from "./command.ts"
import { differences } from "./compare.ts"
import { load } from "./kube.ts"
import { productMissing, startProduct, type Product } from "./product.ts"
import { until, type CloudRoom } from "./room.ts"
import { readTable, says } from "./table.ts"
import { fedEdges, fedServices } from "./traffic.ts"

describe.skipIf(skipNote("e2e on a real API server", productMissing()))(
  "Bookinfo and 300 pods on a real API server, known telemetry in a real Prometheus",
  () => {
    let product: Product
    let cloud: CloudRoom
    let client: Client
    let cluster: string

    beforeAll(async () => {
      product = await startProduct()
      ;({ cloud, client, cluster } = product)
    })
    afterAll(() => product?.stop())

    test("the cluster is live, and its inventory is whole", async () => {
      const info = await until("kinds that are all read", async () => {
        const now = await client.call("getCluster", { params: { cluster } })
        const bad = now.kinds.filter(({ state }) => ["syncing", "denied", "stale"].includes(state))
        if (bad.length > 0) throw new Error(JSON.stringify(bad))
        return now
      })
      expect(info).toMatchObject({ link: "live", telemetry: { source: "prometheus", state: "live" } })
      const pods = info.kinds.find(({ kind }) => kind === "Pod")
      expect(pods).toMatchObject({ state: "live", count: load.services * load.pods + 8 })
    })

    test.each(["service", "workload"] as const)(
      "the API shows every node and edge as it was fed, by %s",
      async (view) => {
        const document = await client.call("getTopology", { query: { view } })
        expect(differences(document, fedEdges(cluster, view))).toEqual([])
      },
    )

    test("services stand on their workloads and pods", async () => {
      const document = await client.call("getTopology", { query: { idle: "true" } })
      const node = (id: string) => document.nodes.find((each) => each.id === id)
      expect(node(`svc/${cluster}/${load.namespace}/svc-0`)).toMatchObject({
        kind: "service",
        clusterName: "e2e",
        pods: { ready: load.pods, total: load.pods },
      })
      expect(node(`svc/${cluster}/istio-system/istio-ingressgateway`)).toMatchObject({ kind: "gateway" })
      expect(node(`ext/www.googleapis.com`)).toMatchObject({ kind: "external" })
      const reviews = node(`svc/${cluster}/bookinfo/reviews`)
      expect(reviews?.versions.map(({ version }) => version).sort()).toEqual(["v1", "v2", "v3"])
    })

    test("the CLI prints the same document", async () => {
      const printed = JSON.parse(await smm(cloud, "topology", "-o", "json")) as TopologyDocument
      expect(differences(printed, fedEdges(cluster, "service"))).toEqual([])
      expect(printed.notices).toEqual([])
    })

    describe.skipIf(skipNote("e2e in a browser", chromiumMissing()))("the console in Chromium", () => {
      let browser: Browser
      let page: Page
      const problems: string[] = []

      beforeAll(async () => {
        browser = await startBrowser()
        page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
        page.on("pageerror", (error) => problems.push(error.message))
        page.on("request", (request) => {
          if (new URL(request.url()).hostname !== "127.0.0.1" && !request.url().startsWith("data:"))
            problems.push(`asks ${request.url()}`)
        })
      })
      afterAll(() => browser?.close())

      test("the printed address signs in, once", async () => {
        await page.goto(cloud.signInLink)
        await page.getByRole("region", { name: "The whole mesh now" }).waitFor()
        expect(new URL(page.url()).pathname).toBe("/overview")
        const stranger = await browser.newContext()
        const again = await stranger.newPage()
        await again.goto(cloud.signInLink)
        await again
          .getByText(/sign in|link|code/i)
          .first()
          .waitFor()
        expect(new URL(again.url()).pathname).toBe("/sign-in")
        await stranger.close()
      })

      test("the services page has every service with its numbers as they were fed", async () => {
        await page.getByRole("link", { name: "Services" }).first().click()
        const rows = await readTable(page, "Services")
        const wrong: string[] = []
        for (const want of fedServices(cluster)) {
          const row = rows.get(want.name)
          const pairs: [string, number | null][] = [
            ["Rate, rps", want.requestsPerSecond],
            ["Errors %", want.errorRatio === null ? null : want.errorRatio * 100],
            ["mTLS %", want.mtlsRatio === null ? null : want.mtlsRatio * 100],
          ]
          for (const [head, wanted] of pairs)
            if (wanted !== null && !says(row?.get(head), wanted))
              wrong.push(`${want.name} ${head}: ${row?.get(head) ?? "no row"} instead of ${wanted}`)
        }
        expect(wrong).toEqual([])
      })

      test("no page failed, and none asked another machine", () => {
        expect(problems).toEqual([])
      })
    })
  },
)

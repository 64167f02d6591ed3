import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Client } from "#shared/api/client.ts"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { skipNote } from "#test/real/skip.ts"
import { chromiumMissing, startBrowser } from "./browser.ts"
import { smm } from "./command.ts"
import { differences } from "./compare.ts"
import { exportGraph, readGraph } from "./graph.ts"
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

    test("a number that is two hundredths off would be found", async () => {
      const document = await client.call("getTopology", {})
      const off = fedEdges(cluster, "service").map((edge) => ({
        ...edge,
        requestsPerSecond: edge.requestsPerSecond * 1.02,
      }))
      const requests = off.filter(({ protocol }) => protocol !== "tcp")
      expect(differences(document, off)).toHaveLength(requests.length)
    })

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
        await page.goto(cloud.signInLink)
        await page.getByRole("region", { name: "The whole mesh now" }).waitFor()
      })
      afterAll(() => browser?.close())

      const openGraph = async () => {
        await page.goto(`${cloud.url}/topology?nodes=all`)
        return readGraph(page)
      }

      test("the printed address signs in, once", async () => {
        const { user } = (await (await page.request.get(`${cloud.url}/api/v1/session`)).json()) as {
          user: { email: string }
        }
        expect(user.email).toBe("owner@localhost")
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
        await page.goto(`${cloud.url}/overview`)
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

      test("the topology draws every node and edge with its numbers as they were fed", async () => {
        const drawn = await openGraph()
        const wanted = fedEdges(cluster, "service")
        const ids = new Set(wanted.flatMap(({ source, target }) => [source, target]))
        const number = (text: string | undefined) => (text === undefined ? null : Number(text))
        const edges = drawn.edges.map((edge) => {
          const fed = wanted.find(
            (each) =>
              each.source === edge["source"] &&
              each.target === edge["target"] &&
              each.protocol === edge["protocol"],
          )
          const bytes = number(edge["bytes"]) ?? 0
          const share = fed
            ? fed.bytesPerSecond.sent / (fed.bytesPerSecond.sent + fed.bytesPerSecond.received)
            : 0
          return {
            source: edge["source"] ?? "",
            target: edge["target"] ?? "",
            protocol: edge["protocol"] as "http" | "grpc" | "tcp",
            requestsPerSecond: number(edge["rps"]) ?? 0,
            errorRatio: number(edge["errors"]),
            latencyMs:
              edge["p50"] === undefined
                ? null
                : { p50: Number(edge["p50"]), p95: Number(edge["p95"]), p99: Number(edge["p99"]) },
            // a line says the sum of both directions
            bytesPerSecond: { sent: bytes * share, received: bytes * (1 - share) },
            mtlsRatio: number(edge["mtls"]),
          }
        })
        expect(differences({ nodes: drawn.cards.map((id) => ({ id })), edges }, wanted)).toEqual([])
        expect(new Set(drawn.list.map(({ id }) => id))).toEqual(ids)
      })

      test("the list beside the canvas says each node's rate and whom it calls", async () => {
        const { list } = await openGraph()
        const wrong = fedServices(cluster).flatMap(({ name, requestsPerSecond }) => {
          const words = list.find((item) => item.words.startsWith(`${name},`))?.words ?? ""
          const [, rate] = /([\d.,]+k?) requests a second/.exec(words) ?? []
          return requestsPerSecond === null || says(rate, requestsPerSecond) ? [] : [`${name}: ${words}`]
        })
        expect(wrong).toEqual([])
        const productpage = list.find(({ words }) => words.startsWith("productpage,"))
        expect(productpage?.words).toMatch(/calls .*details.*, called by istio-ingressgateway/)
      })

      test("the exported JSON is the graph as it was fed", async () => {
        await openGraph()
        expect(differences(await exportGraph(page), fedEdges(cluster, "service"))).toEqual([])
      })

      test("the workload view is in the address, and back leads to where one was", async () => {
        await openGraph()
        const before = page.url()
        await page.goto(`${cloud.url}/topology?nodes=all&view=workload`)
        expect(differences(await exportGraph(page), fedEdges(cluster, "workload"))).toEqual([])
        await page.goBack()
        expect(page.url()).toBe(before)
      })

      test("a new service on the API server comes to the open page by itself", async () => {
        await page.goto(`${cloud.url}/services`)
        await readTable(page, "Services")
        await page.evaluate(() => scrollTo(0, 0))
        await product.kube.create({
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "newcomer", namespace: "bookinfo" },
          spec: { ports: [{ name: "http", port: 80 }] },
        })
        await page.getByRole("combobox", { name: "Filter services" }).fill("newcomer")
        await page.getByRole("link", { name: "newcomer" }).waitFor({ timeout: 15_000 })
      })

      test("no page failed, and none asked another machine", () => {
        expect(problems).toEqual([])
      })
    })
  },
)

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import type { Table } from "#cloud/store/table.ts"
import { AppError } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import { skipNote } from "#test/real/skip.ts"
import { type Rig, consoleMissing, startConsole } from "./console.ts"
import { until } from "./room.ts"

/** A database that cannot be reached. */
const away = new Proxy({} as Table, {
  get: () => () => Promise.reject(new Error("connect ECONNREFUSED 127.0.0.1:8000")),
})

describe.skipIf(skipNote("e2e: faults in the console", consoleMissing()))("a console that is open", () => {
  let rig: Rig
  let cluster: string
  let table: Table
  const opened: Page[] = []

  beforeAll(async () => {
    rig = await startConsole()
    table = rig.cloud.cloud.table
    const kubeconfig = await rig.demo("bookinfo")
    const made = await rig.client.call("createCluster", { body: { name: "prod" } })
    cluster = made.cluster.clusterId
    const room = await rig.agent("prod", kubeconfig, made.token)
    await until(
      "the first edges",
      async () => ((await rig.client.call("getTopology", {})).edges.length > 0 ? true : undefined),
      { room, seconds: 120 },
    )
  })
  afterAll(() => rig?.stop())
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close()
    expect(rig.problems.splice(0)).toEqual([])
  })
  const open = async (...input: Parameters<Rig["open"]>): Promise<Page> => {
    const page = await rig.open(...input)
    opened.push(page)
    return page
  }
  const reviews = (page: Page) => page.getByRole("link", { name: "reviews", exact: true })

  test(
    "a minute without network: it says so and shows what it knew, then goes on by itself",
    { timeout: 120_000 },
    async () => {
      const page = await (await rig.context()).newPage()
      opened.push(page)
      await page.clock.install()
      await page.goto(`${rig.cloud.url}/services`)
      await reviews(page).waitFor()
      await page.evaluate(() => ((window as unknown as { smmSame: boolean }).smmSame = true))
      await page.context().setOffline(true)
      // The browser keeps an open socket: the console must notice by the silence.
      await page.clock.runFor(30_000)
      await page.clock.runFor(30_000)
      const banner = page.getByTestId("offline")
      await banner
        .getByText(/^No connection to the server since \d\d:\d\d\. Shown is what was known then\./)
        .waitFor()
      expect(await reviews(page).count()).toBe(1)
      await rig.client.call("updateCluster", { params: { cluster }, body: { name: "prod-renamed" } })

      await page.context().setOffline(false)
      await page.clock.runFor(35_000)
      await banner.waitFor({ state: "detached" })
      await page.getByRole("cell", { name: "prod-renamed" }).first().waitFor()
      expect(await page.evaluate(() => (window as unknown as { smmSame?: boolean }).smmSame)).toBe(true)
      await rig.client.call("updateCluster", { params: { cluster }, body: { name: "prod" } })
    },
  )

  const failing: [string, string, string, string][] = [
    ["/overview", "**/api/v1/topology/sources*", "Could not read the mesh", "Health by namespace"],
    ["/services", "**/api/v1/topology/sources*", "Could not read the mesh", "reviews"],
    ["/topology", "**/api/v1/topology/sources*", "Could not read", "Legend"],
    ["/clusters", "**/api/v1/clusters", "Could not read the clusters", "Link events"],
    ["/settings", "**/api/v1/members", "Could not read the members", "owner@localhost"],
    ["/settings?tab=tokens", "**/api/v1/tokens", "Could not read the tokens", "local scripts"],
  ]
  for (const how of ["aborted", "500"] as const)
    test.each(failing)(
      `%s says what failed and tries again: ${how} at %s`,
      async (path, url, words, there) => {
        const page = await (await rig.context()).newPage()
        opened.push(page)
        // Without its socket, which would tell it to read anew.
        await page.route("**/api/v1/socket-tickets", (route) => route.abort())
        await page.route(url, (route) =>
          how === "aborted"
            ? route.abort()
            : route.fulfill({
                status: 500,
                contentType: "application/problem+json",
                body: JSON.stringify(problemOf(new AppError("internal", "the store did not answer"), "8f2c")),
              }),
        )
        await page.goto(`${rig.cloud.url}${path}`)
        await page.getByText(words).first().waitFor()
        await page.unroute(url)
        await page.getByRole("button", { name: "Retry", exact: true }).first().click()
        await page.getByText(there).first().waitFor()
        expect(await page.getByText(words).count()).toBe(0)
      },
    )

  test("history that cannot be read leaves the rest of a page as it is", async () => {
    const page = await (await rig.context()).newPage()
    opened.push(page)
    await page.route("**/api/v1/series*", (route) => route.abort())
    await page.goto(`${rig.cloud.url}/services/${cluster}/bookinfo/reviews`)
    await page.getByText(/^Could not read the history/).waitFor()
    await page.getByText("Callers").waitFor()
    await page.unroute("**/api/v1/series*")
    await page.getByRole("button", { name: "Retry" }).click()
    await page.getByRole("img", { name: "Requests a second" }).waitFor()
  })

  test("a store that is away: the page says so, and one that is open keeps what it knew", async () => {
    const known = await open("/services")
    await reviews(known).waitFor()
    rig.cloud.cloud.table = away
    try {
      const page = await (await rig.browser.newContext()).newPage()
      opened.push(page)
      await page.goto(`${rig.cloud.url}/services`)
      await page
        .getByText("Could not reach the server.")
        .or(page.getByText("You are not signed in."))
        .waitFor()
      await known.getByTestId("nav-workloads").click()
      await known.getByRole("link", { name: "reviews-v1", exact: true }).waitFor()
      await known.reload()
      await known.getByText("Could not reach the server.").waitFor()
      rig.cloud.cloud.table = table
      await known.getByRole("button", { name: "Retry" }).click()
      await known.getByRole("link", { name: "reviews-v1", exact: true }).waitFor()
    } finally {
      rig.cloud.cloud.table = table
    }
  })
})

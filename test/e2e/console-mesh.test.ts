import { readFile } from "node:fs/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import type { TopologyDocument } from "#shared/topology/document.ts"
import { skipNote } from "#test/real/skip.ts"
import { type Rig, consoleMissing, inAddress, startConsole } from "./console.ts"
import { exportGraph, readGraph } from "./graph.ts"
import { until } from "./room.ts"

describe.skipIf(skipNote("e2e: the mesh in the console", consoleMissing()))("the mesh in the console", () => {
  let rig: Rig
  let cluster: string
  const opened: Page[] = []

  beforeAll(async () => {
    rig = await startConsole()
    const kubeconfig = await rig.demo("shop")
    const made = await rig.client.call("createCluster", { body: { name: "shop" } })
    cluster = made.cluster.clusterId
    const room = await rig.agent("shop", kubeconfig, made.token)
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
  const table = (page: Page, name: string) => page.getByRole("region", { name, exact: true })
  const link = (page: Page, name: string) => page.getByRole("link", { name, exact: true })
  const filter = (page: Page) => page.getByRole("combobox", { name: /^Filter/ })
  const cursor = (page: Page) => page.locator("tr.on").getByRole("link").first().innerText()

  describe("the services", () => {
    test("are filtered by an expression that becomes chips and stands in the address", async () => {
      const page = await open("/services")
      await table(page, "Services").getByRole("link", { name: "payment", exact: true }).waitFor()
      await page.keyboard.press("/")
      await page.keyboard.type("errors > 5")
      await page.keyboard.press("Enter")
      await inAddress(page, "q", "errors > 5")
      await page.getByText(/Rows 1 to 2 of 2, \d+ without the filter/).waitFor()
      await page.keyboard.type("pay")
      await page.getByText(/Rows 1 to 1 of 1/).waitFor()
      await page.keyboard.press("Escape")
      await page.keyboard.press("Escape")
      await page.reload()
      await page.getByText(/Rows 1 to 2 of 2/).waitFor()
      await page.getByRole("button", { name: /^Remove filter errors/ }).click()
      await inAddress(page, "q", null)
    })

    test("a wrong term is underlined and says what may be meant; what matches nothing says how to get out", async () => {
      const page = await open("/services")
      await filter(page).fill("erors > 5")
      await page
        .getByRole("alert")
        .getByText(/unknown field "erors", did you mean errors/)
        .waitFor()
      expect(await filter(page).getAttribute("aria-invalid")).toBe("true")
      await filter(page).fill("rps > 100000")
      await page.keyboard.press("Enter")
      await page.getByText("No service matches rps > 100000.").waitFor()
      await page.getByRole("button", { name: "Clear filter" }).click()
      await link(page, "payment").waitFor()
    })

    test("keys move, peek, select and open; back brings filter, order and peek again", async () => {
      const page = await open("/services?q=namespace = checkout")
      await link(page, "payment").waitFor()
      await page.getByRole("button", { name: /^Rate, rps/ }).click()
      await page.waitForURL(/sort=/)
      const head = page.getByRole("columnheader", { name: /^Rate, rps/ })
      expect(await head.getAttribute("aria-sort")).toBe("descending")
      await page.keyboard.press("j")
      const first = await cursor(page)
      await page.keyboard.press("j")
      expect(await cursor(page)).not.toBe(first)
      await page.keyboard.press("k")
      expect(await cursor(page)).toBe(first)
      await page.keyboard.press("x")
      await page.getByText("1 selected").waitFor()
      await page.keyboard.press(" ")
      const peek = page.getByRole("complementary", { name: new RegExp(`^${first}`) })
      await peek.getByText("Callers").waitFor()
      await page.keyboard.press("j")
      await page.keyboard.press(" ")
      const second = await cursor(page)
      await page.getByRole("complementary", { name: new RegExp(`^${second}`) }).waitFor()
      const before = page.url()
      await page.keyboard.press("Enter")
      await page.getByRole("heading", { name: second, level: 1 }).waitFor()
      await page.goBack()
      await page.getByRole("complementary", { name: new RegExp(`^${second}`) }).waitFor()
      expect(page.url()).toBe(before)
      expect(await head.getAttribute("aria-sort")).toBe("descending")
      await page.getByRole("button", { name: /^Remove filter namespace/ }).waitFor()
      await page.keyboard.press("Escape")
      await inAddress(page, "peek", null)
    })

    test("a page of one shows its signals, neighbours, what applies to it, its pods and its YAML", async () => {
      const page = await open(`/services/${cluster}/checkout/payment`)
      await page.getByRole("heading", { name: "payment", level: 1 }).waitFor()
      await page.getByRole("img", { name: "Requests a second" }).waitFor()
      await page.getByRole("tab", { name: "Config" }).click()
      await page.getByRole("button", { name: /DestinationRule/ }).click()
      await page.getByText("networking.istio.io/v1").first().waitFor()
      await page.getByRole("tab", { name: "Workloads" }).click()
      await page
        .getByText(/payment-\w+-\w+/)
        .first()
        .waitFor()
      await page.getByRole("tab", { name: "Overview" }).click()
      await inAddress(page, "tab", null)
      await page.keyboard.press("y")
      await inAddress(page, "tab", "yaml")
      await page
        .getByText("kind: Service")
        .or(page.getByText("Service", { exact: true }))
        .first()
        .waitFor()
      await page.goBack()
      await page.getByRole("radio", { name: "15 min" }).click()
      await inAddress(page, "range", "15m")
      await page.keyboard.press("t")
      await page.waitForURL(/\/topology\?.*select=/)
      await page.getByTestId("panel-title").getByText("payment").waitFor()
      await page.goBack()
      await page.waitForURL(/\/services\/.*range=15m/)
      await page.getByRole("heading", { name: "payment", level: 1 }).waitFor()
      await page.keyboard.press("Escape")
      await page.waitForURL("**/services")
    })

    test("one that is not there says so", async () => {
      const page = await open(`/services/${cluster}/checkout/nobody`)
      await page.getByText("No service checkout/nobody in shop.").waitFor()
      await page.getByRole("link", { name: "All services" }).click()
      await link(page, "payment").waitFor()
    })

    test("the scope of namespaces goes along from page to page", async () => {
      const page = await open("/services")
      await page.getByTestId("scope-namespaces").click()
      await page.getByRole("checkbox", { name: "bookinfo" }).check()
      await page.keyboard.press("Escape")
      await inAddress(page, "ns", "bookinfo")
      await page.getByText(/Rows 1 to 4 of 4/).waitFor()
      await page.getByTestId("nav-workloads").click()
      await page.getByText(/Rows 1 to 6 of 6/).waitFor()
      await page.getByTestId("nav-overview").click()
      await page.getByText("Nothing. 4 services are healthy or idle.").waitFor()
      await page.goBack()
      await page.goBack()
      await page.getByText(/Rows 1 to 4 of 4/).waitFor()
    })
  })

  test("a workload's page leads to its service and its YAML", async () => {
    const page = await open("/workloads?q=reviews")
    await link(page, "reviews-v2").click()
    await page.getByRole("heading", { name: "reviews-v2", level: 1 }).waitFor()
    await page.getByRole("tab", { name: "YAML" }).click()
    await page.getByText("Deployment").first().waitFor()
    await page.getByRole("tab", { name: "Pods" }).click()
    await link(page, "reviews").click()
    await page.waitForURL(/\/services\/.*\/reviews$/)
  })

  describe("the topology", () => {
    test("a node is selected by a click, shown in a panel, and let go by Esc", async () => {
      const page = await open("/topology")
      await readGraph(page)
      const id = `svc/${cluster}/checkout/checkout`
      await page.locator(`[data-testid=node][data-id="${id}"]`).click()
      await inAddress(page, "select", id)
      const panel = page.getByTestId("panel")
      await panel.getByText("checkout", { exact: true }).first().waitFor()
      await panel.getByTestId("callees").getByText("payment").waitFor()
      await page.keyboard.press("Escape")
      await panel.waitFor({ state: "detached" })
      await page.goBack()
      await panel.waitFor()
    })

    test("is walked by arrows: to the busiest callee and back to the caller", async () => {
      const page = await open("/topology")
      await readGraph(page)
      const checkout = page.locator(`[data-testid=graph-item][data-id="svc/${cluster}/checkout/checkout"]`)
      await checkout.focus()
      const words = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "")
      expect(await words()).toMatch(/^checkout, service, in checkout, failing/)
      await page.keyboard.press("ArrowLeft")
      expect(await words()).toMatch(/^cart, service/)
      await page.keyboard.press("ArrowRight")
      await page.keyboard.press("Space")
      await page.waitForURL(/select=/)
      await page.keyboard.press("Enter")
      await page.waitForURL(/\/services\//)
    })

    test("group, labels, what is found and hidden stand in the address", async () => {
      const page = await open("/topology")
      const whole = (await readGraph(page)).cards.length
      await page.getByTestId("group-menu").click()
      await page.getByTestId("group-namespace").click()
      await inAddress(page, "group", "namespace")
      await page.getByTestId("labels-menu").click()
      await page.getByTestId("label-p95").click()
      await page.keyboard.press("Escape")
      await page.waitForURL(/labels=[^&]*p95/)
      await page.getByTestId("find").fill("errors > 5%")
      await page.waitForURL(/find=/)
      await page
        .getByText(/\d+ (nodes?|edges?)/)
        .first()
        .waitFor()
      await page.getByTestId("hide").fill("namespace = bookinfo")
      await page.getByText(/^\d+ hidden$/).waitFor()
      expect((await readGraph(page)).cards.length).toBeLessThan(whole)
      const address = page.url()
      await page.goto(address)
      await page.getByText(/^\d+ hidden$/).waitFor()
      expect(await page.getByTestId("group-menu").innerText()).toContain("Namespace")
      expect(await page.getByTestId("find").inputValue()).toBe("errors > 5%")
    })

    test("the exported JSON is the API's document", async () => {
      const page = await open("/topology")
      await readGraph(page)
      await until("export and API of the same tick", async () => {
        const shown = (await exportGraph(page)) as unknown as TopologyDocument
        const answered = await rig.client.call("getTopology", {})
        if (shown.at !== answered.at) return undefined
        expect(shown).toEqual(answered)
        return true
      })
    })

    test("the exported picture is a PNG of the whole graph", async () => {
      const page = await open("/topology", { theme: "light" })
      await readGraph(page)
      await page.getByTestId("export-menu").click()
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByTestId("export-png").click(),
      ])
      const picture = await readFile(await download.path())
      expect(picture.subarray(1, 4).toString()).toBe("PNG")
      expect(picture.readUInt32BE(16)).toBeGreaterThan(1000)
    })
  })

  describe("everywhere", () => {
    test("the theme is chosen, kept, and follows the system when asked to", async () => {
      const page = await open("/overview", { colorScheme: "dark" })
      const theme = () => page.locator("html").getAttribute("data-theme")
      const choose = async (name: string) => {
        await page.getByTestId("user-menu").click()
        await page.getByRole("menuitemcheckbox", { name }).click()
      }
      expect(await theme()).toBe("dark")
      await choose("Light")
      await expect.poll(theme).toBe("light")
      await page.reload()
      expect(await theme()).toBe("light")
      await choose("As the system")
      await expect.poll(theme).toBe("dark")
      await page.emulateMedia({ colorScheme: "light" })
      await expect.poll(theme).toBe("light")
    })

    test("? lists the keys of the page, Ctrl K finds pages, services and actions", async () => {
      const page = await open("/services")
      await link(page, "payment").waitFor()
      await page.keyboard.press("?")
      const help = page.getByRole("dialog", { name: "Keys" })
      await help.getByText("Peek in the side panel").waitFor()
      await page.keyboard.press("Escape")
      await help.waitFor({ state: "detached" })
      await page.keyboard.press("Control+k")
      const palette = page.getByTestId("palette")
      await palette.getByRole("combobox").fill("recomm")
      await palette
        .getByRole("option", { name: /recommendations/ })
        .first()
        .waitFor()
      await page.keyboard.press("Enter")
      await page.getByRole("heading", { name: "recommendations", level: 1 }).waitFor()
      await page.keyboard.press("Control+k")
      await palette.getByRole("combobox").fill("light theme")
      await page.keyboard.press("Enter")
      await palette.waitFor({ state: "detached" })
      await expect.poll(() => page.locator("html").getAttribute("data-theme")).toBe("light")
      await page.keyboard.press("g")
      await page.keyboard.press("c")
      await page.waitForURL("**/clusters")
    })

    test("nothing turns or slides for who asked for less motion", async () => {
      const page = await open("/topology", { reducedMotion: "reduce" })
      await readGraph(page)
      const moving = await page.evaluate(
        () =>
          [...document.querySelectorAll("*")]
            .map((one) => getComputedStyle(one))
            .filter(
              (style) =>
                style.transitionDuration.split(",").some((each) => parseFloat(each) > 0) ||
                (style.animationName !== "none" && parseFloat(style.animationDuration) > 0),
            ).length,
      )
      expect(moving).toBe(0)
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
    })
  })
})

import { randomUUID } from "node:crypto"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import { Cache, join, meet, pod, service } from "#test/link/agent.ts"
import type { GuardedProcess } from "#test/real/kube/guarded-process.ts"
import { skipNote } from "#test/real/skip.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { type Rig, consoleMissing, inAddress, startConsole } from "./console.ts"
import { until } from "./room.ts"

describe.skipIf(skipNote("e2e: clusters in the console", consoleMissing()))("clusters in the console", () => {
  let rig: Rig
  let kubeconfig: string
  const opened: Page[] = []

  beforeAll(async () => {
    rig = await startConsole()
    kubeconfig = await rig.demo("bookinfo")
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
  const wizard = (page: Page) => page.getByRole("complementary", { name: "Add cluster" })
  const toast = (page: Page, text: string) => page.getByTestId("toast").getByText(text)
  const copying = { permissions: ["clipboard-read", "clipboard-write"] }
  const tokenIn = (line: string): string => /Bearer (smj_[\w-]+)"/.exec(line)?.[1] ?? ""

  describe("one cluster, from its name to its end", () => {
    let agent: GuardedProcess
    let clusterId: string

    test(
      "the wizard leads to a line to copy, and follows the agent until the mesh is on screen",
      { timeout: 120_000 },
      async () => {
        const page = await open("/overview", copying)
        await page.getByRole("link", { name: "Add cluster" }).click()
        const panel = wizard(page)
        await panel.getByText("step 1 of 4").waitFor()
        const name = panel.getByRole("textbox", { name: "Name of the cluster" })
        expect(await name.evaluate((field) => field === document.activeElement)).toBe(true)
        await name.fill("Prod EU")
        await name.blur()
        await panel.getByText("Lower case letters, digits and -").waitFor()
        expect(await panel.getByRole("button", { name: "Choose rights" }).isDisabled()).toBe(true)
        await name.fill("prod-eu")
        await page.keyboard.press("Enter")
        await panel.getByText("step 2 of 4").waitFor()
        expect(await panel.getByRole("checkbox", { name: "Read inventory and metrics" }).isDisabled()).toBe(
          true,
        )
        await panel.getByRole("checkbox", { name: /^Traffic/ }).check()
        await panel.getByText("Rules", { exact: true }).first().click()
        await panel.getByText("never: secrets").waitFor()
        const make = panel.getByRole("button", { name: "Make the install line for prod-eu" })
        await panel.getByRole("radio", { name: /^Each as a user of Kubernetes/ }).check()
        expect(await make.isDisabled()).toBe(true)
        const group = panel.getByRole("textbox", { name: "Your groups there" })
        await panel.getByRole("textbox", { name: "You in Kubernetes" }).fill("ana")
        await group.fill("system:masters")
        await group.blur()
        await panel.getByText("system:masters is Kubernetes' own").waitFor()
        expect(await make.isDisabled()).toBe(true)
        await group.fill("mesh-editors")
        await make.click()

        await panel.getByText("step 3 of 4").waitFor()
        clusterId = new URL(page.url()).searchParams.get("join") ?? ""
        expect(clusterId).toMatch(/^cls_/)
        const line = await panel.getByTestId("install-command").innerText()
        expect(line).toMatch(
          /^curl -fsSL -H "Authorization: Bearer smj_[\w-]{43}" ".*\/install\?write=traffic" \| kubectl apply -f -$/,
        )
        await panel.getByRole("button", { name: "Copy" }).first().click()
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(line)
        await panel.getByText(/^Token dies in 1[45]:\d\d$/).waitFor()
        await panel.getByText("for kubectl to fetch the manifest").waitFor()

        const manifest = await fetch(`${rig.cloud.url}/install?write=traffic`, {
          headers: { authorization: `Bearer ${tokenIn(line)}` },
        })
        const text = await manifest.text()
        expect(text).toContain("kind: Deployment")
        expect(text).toContain("smm-agent-impersonate")
        expect(text).not.toContain("smm-agent-write-traffic")
        await panel.getByText("step 4 of 4").waitFor()
        await panel.getByText("manifest fetched, for the pod to start").waitFor()

        agent = await rig.agent("prod-eu", kubeconfig, tokenIn(line))
        await panel.getByText("agent 0.1.0").waitFor()
        await panel.getByText(/^Token used/).waitFor()
        await panel.getByText(/^\d+ objects$/).waitFor()
        await panel.getByText("the mesh is on screen").waitFor({ timeout: 60_000 })
        await panel.getByRole("button", { name: "Open topology" }).click()
        await page.waitForURL(/\/topology\?c=prod-eu/)
        await page.locator("[data-testid=node]").first().waitFor()
      },
    )

    test("closing the panel keeps joining; Esc closes it, back opens it again", async () => {
      const page = await open(`/clusters?join=${clusterId}`)
      await wizard(page).getByText("the mesh is on screen").waitFor()
      await page.keyboard.press("Escape")
      await wizard(page).waitFor({ state: "detached" })
      await page.goBack()
      await wizard(page).waitFor()
      await page.goto(`${rig.cloud.url}/clusters?join=cls_01M00000000000000000000000`)
      await wizard(page).getByText("There is no such cluster here.").waitFor()
    })

    test("is renamed; a name that is taken or wrong is refused at once", async () => {
      await rig.client.call("createCluster", { body: { name: "other" } })
      const page = await open("/clusters")
      await page.getByRole("button", { name: "prod-eu", exact: true }).click()
      await page.getByRole("button", { name: "Rename" }).click()
      const dialog = page.getByRole("dialog", { name: "Rename prod-eu" })
      const name = dialog.getByRole("textbox", { name: "Name" })
      await name.fill("other")
      await dialog.getByText("There is a cluster other already").waitFor()
      await name.fill("prod-eu-1")
      await page.keyboard.press("Enter")
      await toast(page, "prod-eu is prod-eu-1 now").waitFor()
      await page.getByRole("button", { name: "prod-eu-1", exact: true }).waitFor()
      await page.goto(`${rig.cloud.url}/services/prod-eu-1/bookinfo/reviews`)
      await page.getByRole("heading", { name: "reviews", level: 1 }).waitFor()
    })

    test("its agent killed: rows are hatched with since when, and nothing claims health", async () => {
      const page = await open("/services")
      await page.getByRole("link", { name: "reviews", exact: true }).waitFor()
      process.kill(await agent.pid(), "SIGKILL")
      await agent.done
      const row = page.getByRole("row", { name: /reviews/ })
      await row.getByText(/^since \d\d:\d\d$/).waitFor()
      expect(await row.locator("[data-glyph]").first().getAttribute("data-glyph")).toBe("unknown")
      expect(
        await row
          .locator("td")
          .nth(1)
          .evaluate((cell) => getComputedStyle(cell).backgroundImage),
      ).toContain("repeating-linear-gradient")
      await page
        .getByTestId("freshness")
        .getByText(/^Stale since/)
        .waitFor()
      await page.getByTestId("nav-overview").click()
      await page.getByText(/No claim\. The clusters of all \d+ services are not connected\./).waitFor()
      await page.getByTestId("nav-topology").click()
      await page.locator("[data-testid=node]").first().waitFor()
      await page.goto(`${rig.cloud.url}/clusters/${clusterId}`)
      await page.getByText(/^stale for/).waitFor()
      await page.getByText("was live").first().waitFor()

      agent = await rig.agent("prod-eu", kubeconfig)
      await page.getByText(/^live for/).waitFor()
    })

    test("is revoked by its typed name, and joins again with a new token", { timeout: 120_000 }, async () => {
      const page = await open(`/clusters/${clusterId}`, copying)
      await page.getByRole("button", { name: "Revoke key" }).click()
      const dialog = page.getByRole("dialog", { name: "Revoke the key of prod-eu-1" })
      expect(
        await dialog
          .getByRole("button", { name: "Cancel" })
          .evaluate((one) => one === document.activeElement),
      ).toBe(true)
      const revoke = dialog.getByRole("button", { name: "Revoke key" })
      await dialog.getByRole("textbox").fill("prod-eu")
      expect(await revoke.isDisabled()).toBe(true)
      await dialog.getByRole("textbox").fill("prod-eu-1")
      await page.keyboard.press("Enter")
      await toast(page, "Revoked the key of prod-eu-1").waitFor()
      await page.getByText(/^revoked for/).waitFor()
      await agent.done

      await page.getByRole("button", { name: "New join token" }).click()
      const panel = wizard(page)
      await panel.getByText("The key was revoked: the agent joins again with a new token.").waitFor()
      expect(await panel.getByRole("button", { name: /Cancel and revoke/ }).count()).toBe(0)
      await panel.getByRole("button", { name: "Make a new install line" }).click()
      const line = await panel.getByTestId("install-command").innerText()
      await panel.getByText("for kubectl to fetch the manifest").waitFor()
      agent = await rig.agent("prod-eu-again", kubeconfig, tokenIn(line))
      await panel.getByText("the mesh is on screen").waitFor({ timeout: 60_000 })
      await panel.getByRole("button", { name: "Done" }).click()
      await page.getByText(/^live for/).waitFor()
    })

    test("is removed by its typed name, everywhere at once", async () => {
      const page = await open(`/clusters/${clusterId}`)
      const other = await open("/services")
      await other.getByRole("link", { name: "reviews", exact: true }).waitFor()
      await page.getByRole("button", { name: "Remove", exact: true }).click()
      const dialog = page.getByRole("dialog", { name: "Remove prod-eu-1" })
      await dialog.getByRole("textbox").fill("prod-eu-1")
      await dialog.getByRole("button", { name: "Remove cluster" }).click()
      await toast(page, "Removed prod-eu-1").waitFor()
      await page.getByRole("button", { name: "prod-eu-1", exact: true }).waitFor({ state: "detached" })
      await other.getByRole("link", { name: "reviews", exact: true }).waitFor({ state: "detached" })
      await other.getByText("Waiting for the agent of other.").waitFor()
      await page.goto(`${rig.cloud.url}/clusters/${clusterId}`)
      await page.getByText(`There is no cluster ${clusterId} here.`).waitFor()
    })
  })

  test("a join that hangs for a minute names its stage first; its expired token is made anew", async () => {
    const { cluster } = await rig.client.call("createCluster", { body: { name: "hanging" } })
    const page = await (await rig.context()).newPage()
    opened.push(page)
    await page.clock.install()
    await page.goto(`${rig.cloud.url}/clusters?join=${cluster.clusterId}`)
    const panel = wizard(page)
    await panel.getByText("If it stops here").waitFor()
    await page.clock.fastForward(65_000)
    await panel.getByText(/^1 min without progress: nobody has fetched the manifest yet$/).waitFor()
    const help = await panel.getByText(/without progress/).boundingBox()
    const stages = await panel.getByRole("list").last().boundingBox()
    expect(help?.y).toBeLessThan(stages?.y ?? 0)
    await page.clock.fastForward(15 * 60_000)
    await panel.getByText("Token expired").waitFor()
    await panel.getByText("The token was good for 15 minutes.").waitFor()
    await page.keyboard.press("Escape")
    await page
      .getByRole("row", { name: /hanging/ })
      .getByText("token expired")
      .waitFor()
  })

  test("cancelling a join takes the cluster and its token away", async () => {
    const page = await open("/clusters?add=1")
    const panel = wizard(page)
    await panel.getByRole("textbox").fill("mistake")
    await page.keyboard.press("Enter")
    await panel.getByRole("button", { name: "Make the install line for mistake" }).click()
    const line = await panel.getByTestId("install-command").innerText()
    await panel.getByRole("button", { name: "Cancel and revoke token" }).click()
    await panel.waitFor({ state: "detached" })
    await page.getByRole("row", { name: /mistake/ }).waitFor({ state: "detached" })
    const answer = await fetch(`${rig.cloud.url}/install`, {
      headers: { authorization: `Bearer ${tokenIn(line)}` },
    })
    expect(answer.status).toBe(401)
  })

  test("a kind that may not be read shows a padlock and words: in the clusters, the table and the notices", async () => {
    const made = await rig.client.call("createCluster", { body: { name: "locked" } })
    const identity = await join(rig.cloud.url, made.token, randomUUID())
    const peer = await meet(rig.cloud.url, identity)
    const cache = new Cache().put(service("web"), pod("web-1"))
    await cache.sync(peer, Date.now())
    const status = cache.status(Date.now())
    const reason =
      'pods is forbidden: User "system:serviceaccount:smm-system:smm-agent" cannot list resource "pods"'
    await peer.store({
      ...status,
      kinds: [
        ...status.kinds.filter(({ kind }) => kind !== "Pod"),
        { kind: "Pod", state: "denied", since: Date.now(), count: 0, reason },
        {
          kind: "Gateway.gateway.networking.k8s.io",
          state: "absent",
          since: Date.now(),
          count: 0,
          reason: "",
        },
      ],
    })
    await peer.store({
      type: "tick",
      late: false,
      tick: packTick({ at: Date.now(), windowMs: 60_000, source: "prometheus", edges: [], gaps: [] }),
    })
    await until("the state of the kinds", async () =>
      (await rig.client.call("getCluster", { params: { cluster: made.cluster.clusterId } })).kinds.some(
        ({ state }) => state === "denied",
      )
        ? true
        : undefined,
    )
    const page = await open(`/clusters/${made.cluster.clusterId}`)
    await page.getByText("may not list pods").waitFor()
    const kind = page.locator(".kind", { hasText: "pods" })
    await kind.getByText("denied", { exact: true }).waitFor()
    await kind.getByText("pods is forbidden").waitFor()
    expect(await kind.getByRole("img").getAttribute("aria-label")).toBe("denied")
    await page.getByTestId("notices").click()
    await page.getByText(/^May not read Pod in locked: pods is forbidden/).waitFor()
    await page.keyboard.press("Escape")
    await page.getByTestId("nav-services").click()
    const row = page.getByRole("row", { name: /web/ })
    await row.getByRole("img", { name: "denied" }).waitFor()
    await page.goto(`${rig.cloud.url}/services/${made.cluster.clusterId}/shop/web?tab=workloads`)
    await page
      .getByText(/May not read pods/)
      .first()
      .waitFor()
    await peer.close()
  })

  test("the filter narrows the list, and says how to get out", async () => {
    const page = await open("/clusters")
    await page.getByRole("button", { name: "other", exact: true }).waitFor()
    await page.keyboard.press("/")
    await page.keyboard.type("zzz")
    await page.getByText("No cluster matches zzz.").waitFor()
    await page.getByRole("button", { name: "Clear filter" }).click()
    await page.getByRole("button", { name: "other", exact: true }).waitFor()
    await page.keyboard.press("a")
    await wizard(page).waitFor()
    await inAddress(page, "add", "1")
  })
})

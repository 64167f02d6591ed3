import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import { skipNote } from "#test/real/skip.ts"
import { type Rig, consoleMissing, inAddress, startConsole } from "./console.ts"

describe.skipIf(skipNote("e2e: people in the console", consoleMissing()))("people in the console", () => {
  let rig: Rig
  const opened: Page[] = []

  beforeAll(async () => {
    rig = await startConsole()
  })
  afterAll(() => rig?.stop())
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close()
    for (const { clusterId } of (await rig.client.call("listClusters")).items)
      await rig.client.call("removeCluster", { params: { cluster: clusterId } })
    expect(rig.problems.splice(0)).toEqual([])
  })
  const open = async (...input: Parameters<Rig["open"]>): Promise<Page> => {
    const page = await rig.open(...input)
    opened.push(page)
    return page
  }
  async function stranger(path: string): Promise<Page> {
    const page = await (await rig.browser.newContext()).newPage()
    opened.push(page)
    await page.goto(path.startsWith("/") ? `${rig.cloud.url}${path}` : path)
    return page
  }
  const heading = (page: Page, name: string) =>
    page.getByRole("navigation", { name: "Breadcrumbs" }).getByText(name)
  const toast = (page: Page, text: string) => page.getByTestId("toast").getByText(text)

  describe("a sign-in link", () => {
    test("signs in once, and back does not lead to it", async () => {
      const link = await rig.signInLink()
      const page = await stranger("about:blank")
      await page.goto(link)
      await page.getByRole("heading", { name: "No cluster yet" }).waitFor()
      expect(new URL(page.url()).pathname).toBe("/overview")
      await page.getByTestId("nav-services").click()
      await page.waitForURL("**/services")
      await page.goBack()
      await page.waitForURL("**/overview")
      await page.getByRole("heading", { name: "No cluster yet" }).waitFor()

      const second = await stranger(link)
      await second.getByRole("alert").getByText("This link does not sign in any more.").waitFor()
      await second.getByText("npm start").waitFor()
      await second.getByRole("button", { name: "Copy" }).waitFor()
    })

    test("expires", async () => {
      const link = await rig.signInLink()
      rig.advance(16 * 60_000)
      try {
        const page = await stranger(link)
        await page.getByRole("alert").getByText("This link does not sign in any more.").waitFor()
      } finally {
        rig.advance(-16 * 60_000)
      }
    })

    test("leads to where one wanted to go, also from another tab", async () => {
      const page = await stranger("/services?q=rps > 5")
      await page.getByText("You are not signed in.").waitFor()
      expect(new URL(page.url()).pathname).toBe("/sign-in")
      const tab = await page.context().newPage()
      await tab.goto(await rig.signInLink())
      await tab.waitForURL("**/services?*")
      await inAddress(tab, "q", "rps > 5")
    })

    test("says what is wrong when the server cannot be asked, and tries again", async () => {
      const page = await stranger("about:blank")
      await page.route("**/api/v1/session", (route) => route.abort())
      await page.goto(await rig.signInLink())
      await page.getByRole("alert").getByText("Could not sign in.").waitFor()
      await page.unroute("**/api/v1/session")
      await page.getByRole("button", { name: "Try again" }).click()
      await page.waitForURL("**/overview")
    })

    test("signing out ends the session in every tab", async () => {
      const page = await open("/overview")
      await page.getByTestId("user-menu").click()
      await page.getByRole("menuitem", { name: "Sign out" }).click()
      await page.getByText("You are not signed in.").waitFor()
      await page.goto(`${rig.cloud.url}/services`)
      await page.waitForURL("**/sign-in?next=*")
    })
  })

  describe("members", () => {
    test("are added, get another role, and are removed", async () => {
      const page = await open("/settings")
      await page.getByRole("textbox", { name: "Address" }).fill("sam@example.com")
      await page.getByRole("textbox", { name: "Name" }).fill("Sam")
      await page.getByRole("combobox", { name: "Role", exact: true }).selectOption("operator")
      await page.getByText("operator may: read, and change the mesh").waitFor()
      await page.getByRole("button", { name: "Add member" }).click()
      await toast(page, "Added sam@example.com as operator").waitFor()
      const row = page.getByRole("row", { name: /sam@example.com/ })
      await row.getByRole("combobox").selectOption("admin")
      await toast(page, "sam@example.com is admin now").waitFor()
      await row.getByRole("button", { name: "Remove" }).click()
      const dialog = page.getByRole("dialog", { name: "Remove sam@example.com" })
      await dialog.getByText("They lose access").waitFor()
      expect(
        await dialog
          .getByRole("button", { name: "Cancel" })
          .evaluate((one) => one === document.activeElement),
      ).toBe(true)
      await page.keyboard.press("Escape")
      await dialog.waitFor({ state: "detached" })
      await row.getByRole("button", { name: "Remove" }).click()
      await dialog.getByRole("button", { name: "Remove member" }).click()
      await toast(page, "Removed sam@example.com").waitFor()
      await row.waitFor({ state: "detached" })
    })

    test("that exist already are refused in words", async () => {
      const body = { email: "twin@example.com", name: "Twin", role: "viewer" } as const
      await rig.client.call("createMember", { body })
      const page = await open("/settings")
      await page.getByRole("textbox", { name: "Address" }).fill(body.email)
      await page.getByRole("button", { name: "Add member" }).click()
      await page
        .getByRole("alert")
        .getByText("twin@example.com is a member already; change the role instead")
        .waitFor()
    })

    test("the last owner stays: neither another role nor removal is taken", async () => {
      const page = await open("/settings")
      const role = page.getByRole("combobox", { name: "Role of owner@localhost" })
      await role.selectOption("viewer")
      await page
        .getByRole("alert")
        .getByText("owner@localhost is the last owner; make somebody else owner first")
        .waitFor()
      await expect.poll(() => role.inputValue()).toBe("owner")
      await page
        .getByRole("row", { name: /owner@localhost/ })
        .getByRole("button", { name: "Remove" })
        .click()
      const dialog = page.getByRole("dialog")
      await dialog.getByText("You lose access").waitFor()
      await dialog.getByRole("button", { name: "Remove member" }).click()
      await dialog.getByRole("alert").getByText(/owner/).waitFor()
    })
  })

  test("a token is made for a role, clusters and a time, shown once, copied, and removed by its name", async () => {
    await rig.client.call("createCluster", { body: { name: "for-tokens" } })
    const page = await open("/settings?tab=tokens", { permissions: ["clipboard-read", "clipboard-write"] })
    const name = page.getByRole("textbox", { name: "Name" })
    await name.fill("ci-deployer")
    await page.getByRole("combobox", { name: "Role" }).selectOption("operator")
    await page.getByRole("combobox", { name: "Expires after" }).selectOption({ label: "7 days" })
    await page.getByRole("checkbox", { name: "for-tokens" }).check()
    await page.getByText("It reaches 1 of 1 clusters.").waitFor()
    await page.getByRole("button", { name: "Make token" }).click()
    const secret = await page.getByTestId("token-secret").innerText()
    expect(secret).toMatch(/^smm_/)
    await page.getByRole("region", { name: "New token" }).getByRole("button", { name: "Copy" }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
    const answer = await fetch(`${rig.cloud.url}/api/v1/session`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    expect(await answer.json()).toMatchObject({ role: "operator" })
    const row = page.getByRole("row", { name: /ci-deployer/ })
    expect(await row.innerText()).toMatch(/operator\s+for-tokens\s+in 7 d/)

    await page.reload()
    await row.waitFor()
    expect(await page.getByTestId("token-secret").count()).toBe(0)
    await row.getByRole("button", { name: "Remove" }).click()
    const dialog = page.getByRole("dialog", { name: /ci-deployer/ })
    const remove = dialog.getByRole("button", { name: "Remove token" })
    expect(await remove.isDisabled()).toBe(true)
    await dialog.getByRole("textbox").fill("ci-deployer")
    await remove.click()
    await toast(page, "Removed ci-deployer. It stopped working").waitFor()
    const after = await fetch(`${rig.cloud.url}/api/v1/session`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    expect(after.status).toBe(401)
  })

  test("where namespaces are given to each, members and tokens get theirs", async () => {
    await rig.client.call("createMember", {
      body: { email: "nia@example.com", name: "Nia", role: "operator", namespaces: ["shop"] },
    })
    await rig.client.call("updateOrganization", { body: { visibility: "by-namespace" } })
    const page = await open("/settings")
    const given = page.getByRole("textbox", { name: "Namespaces of nia@example.com" })
    expect(await given.inputValue()).toBe("shop")
    await given.fill("shop checkout")
    await given.press("Enter")
    await toast(page, "nia@example.com reads shop, checkout now").waitFor()
    const { items } = await rig.client.call("listMembers")
    expect(items.find(({ email }) => email === "nia@example.com")?.namespaces).toEqual(["shop", "checkout"])

    await page.getByRole("tab", { name: "Tokens" }).click()
    await page.getByRole("button", { name: "Make token" }).waitFor()
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("nightly")
    await page.getByRole("textbox", { name: "Namespaces of the token" }).fill("shop")
    await page.getByRole("button", { name: "Make token" }).click()
    await page.getByTestId("token-secret").waitFor()
    expect(await page.getByRole("row", { name: /nightly/ }).innerText()).toMatch(/viewer\s+all\s+shop\s/)
    const [token] = (await rig.client.call("listTokens")).items.filter(({ name }) => name === "nightly")
    expect(token?.namespaces).toEqual(["shop"])
    // Admins read all; there is nothing to give.
    await page.getByRole("combobox", { name: "Role" }).selectOption("admin")
    await page.getByRole("textbox", { name: "Namespaces of the token" }).waitFor({ state: "detached" })

    await rig.client.call("updateOrganization", { body: { visibility: "open" } })
    await page.reload()
    await page.getByRole("row", { name: /nightly/ }).waitFor()
    expect(await page.getByRole("columnheader", { name: "Reads namespaces" }).count()).toBe(0)
  })

  describe("organizations", () => {
    test("are renamed, made and changed to; each sees only its own", async () => {
      const { cluster } = await rig.client.call("createCluster", { body: { name: "only-here" } })
      const page = await open("/settings?tab=organization")
      const rename = page.getByRole("textbox", { name: "Name" }).first()
      await rename.fill("Harbor Retail")
      await page.getByRole("button", { name: "Rename organization" }).click()
      await page.getByRole("alert").waitFor()
      await rename.fill("harbor-retail")
      await page.getByRole("button", { name: "Rename organization" }).click()
      await page.getByRole("button", { name: "Organization harbor-retail" }).waitFor()

      await page.getByPlaceholder("harbor-lab").fill("harbor-lab")
      await page.getByRole("button", { name: "Make organization" }).click()
      await page.getByTestId("toast").getByRole("button", { name: "Go there" }).click()
      await page.getByRole("heading", { name: "No cluster yet" }).waitFor()
      await page.goto(`${rig.cloud.url}/clusters/${cluster.clusterId}`)
      await page.getByText("No cluster yet.").waitFor()
      expect(await page.getByText("only-here").count()).toBe(0)

      await page.getByTestId("organization-menu").click()
      const here = page.getByRole("menuitemcheckbox", { name: /harbor-lab/ })
      expect(await here.getAttribute("aria-checked")).toBe("true")
      await page.getByRole("menuitemcheckbox", { name: /harbor-retail/ }).click()
      await page.getByText("Waiting for the agent of only-here.").waitFor()
      await rig.client.call("updateOrganization", { body: { name: "local" } })
    })
  })

  test("every page of an organization without a cluster says how to begin", async () => {
    for (const path of ["/overview", "/topology", "/services", "/workloads", "/clusters"]) {
      const page = await open(path)
      await page
        .getByText(/No cluster yet/)
        .first()
        .waitFor()
      await page.getByRole("main").getByText("Add cluster").click()
      await page.getByRole("textbox", { name: "Name of the cluster" }).waitFor()
    }
  })

  test("a viewer reads everything, and what is not allowed is disabled with the reason", async () => {
    const member = await rig.client.call("createMember", {
      body: { email: "vera@example.com", name: "Vera", role: "viewer" },
    })
    const options = { userId: member.userId }
    const page = await open("/overview", options)
    await page.getByText("An admin adds the first one. You are viewer.").waitFor()
    expect(await page.getByRole("link", { name: "Add cluster" }).count()).toBe(0)
    for (const name of ["topology", "services"]) {
      await page.getByTestId(`nav-${name}`).click()
      await page.getByText("An admin adds the first one. You are viewer.").waitFor()
    }
    await rig.client.call("createCluster", { body: { name: "watched" } })
    await page.getByRole("link", { name: "What to check" }).click()
    await page.getByText("no agent yet").waitFor()
    await page.goBack()
    await page.getByTestId("nav-clusters").click()
    await page.getByText("Changing clusters needs the role admin. You are viewer.").waitFor()
    for (const name of ["Add cluster", "Rename", "New join token", "Remove"])
      expect(await page.getByRole("button", { name, exact: true }).isDisabled()).toBe(true)
    await page.keyboard.press("a")
    await page.goto(`${rig.cloud.url}/clusters?add=1`)
    await page.getByText("Changing clusters needs the role admin. You are viewer.").waitFor()
    expect(await page.getByRole("complementary", { name: "Add cluster" }).count()).toBe(0)

    await page.getByTestId("nav-settings").click()
    await page.getByText("Adding members needs the role admin. You are viewer.").waitFor()
    await page.getByRole("row", { name: /vera@example.com/ }).waitFor()
    expect(await page.getByRole("combobox").count()).toBe(0)
    await page.getByRole("tab", { name: "Tokens" }).click()
    await page.getByText("API tokens need the role admin. You are viewer.").waitFor()
    await page.getByRole("tab", { name: "Organization" }).click()
    await page.getByText("Renaming needs the role owner. You are viewer.").waitFor()
  })

  test("someone who is removed meanwhile sees nothing more", async () => {
    const { userId } = await rig.client.call("createMember", {
      body: { email: "rob@example.com", name: "Rob", role: "viewer" },
    })
    const page = await open("/settings", { userId })
    await page.getByRole("row", { name: /rob@example.com/ }).waitFor()
    await rig.client.call("removeMember", { params: { user: userId } })
    await page.reload()
    await page.getByText("You are not signed in.").waitFor()
    expect(await heading(page, "Settings").count()).toBe(0)
  })
})

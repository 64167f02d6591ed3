import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import { parse } from "yaml"
import type { KubeObject } from "#shared/kube/object.ts"
import { skipNote } from "#test/real/skip.ts"
import { type KubeCall, type Rig, consoleMissing, inAddress, kubeCallOf, startConsole } from "./console.ts"
import { until } from "./room.ts"

const namespace = "bookinfo"
const path = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`

const virtualService = (name: string, spec: Record<string, unknown>): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace },
  spec,
})
/** A subset that is not there, and a lone destination that says that it is half. */
const broken = virtualService("broken", {
  hosts: ["ratings"],
  http: [{ route: [{ destination: { host: "ratings", subset: "v9-canary" } }] }],
})
const half = virtualService("half", {
  hosts: ["details"],
  http: [{ name: "half", route: [{ destination: { host: "details.bookinfo" } }] }],
})
const repaired = virtualService("broken", {
  hosts: ["ratings"],
  http: [{ route: [{ destination: { host: "ratings" } }] }],
})

describe.skipIf(skipNote("e2e: validation in the console", consoleMissing()))(
  "validation in the console",
  () => {
    let rig: Rig
    let cluster: string
    let kube: KubeCall
    const opened: Page[] = []

    beforeAll(async () => {
      rig = await startConsole()
      const file = await rig.demo("bookinfo")
      kube = await kubeCallOf(file)
      const made = await rig.client.call("createCluster", { body: { name: "books" } })
      cluster = made.cluster.clusterId
      const room = await rig.agent("books", file, made.token)
      await until(
        "the first edges",
        async () => ((await rig.client.call("getTopology", {})).edges.length > 0 ? true : undefined),
        { room, seconds: 120 },
      )
    })
    afterAll(() => rig?.stop())
    afterEach(async () => {
      for (const page of opened.splice(0)) await page.context().close()
      // Not every test makes both.
      for (const name of ["broken", "half"]) await kube("DELETE", `${path}/${name}`).catch(() => undefined)
      const { items } = await rig.client.call("listSuppressions")
      for (const { suppressionId } of items)
        await rig.client.call("removeSuppression", { params: { suppression: suppressionId } })
      expect(rig.problems.splice(0)).toEqual([])
    })

    const open = async (...input: Parameters<Rig["open"]>): Promise<Page> => {
      const page = await rig.open(...input)
      opened.push(page)
      return page
    }
    const found = (page: Page, text: string | RegExp) => page.getByTestId("finding").filter({ hasText: text })
    const errors = (page: Page) => page.getByTestId("nav-validation").getByTestId("errors")
    const subset = "Subset v9-canary"
    const writing = { permissions: ["clipboard-read", "clipboard-write"] }
    const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

    test("what is broken comes onto the open page and goes when it is repaired", async () => {
      const page = await open("/validation")
      await page.getByText(/No errors and no warnings over|No findings over/).waitFor()
      await kube("POST", path, broken)
      await found(page, subset).waitFor()
      expect(await errors(page).innerText()).toMatch(/^\d+ err$/)
      await page
        .getByTestId("note")
        .filter({ hasText: subset })
        .getByText("virtualservice.subset_unknown, IST0101, KIA1107")
        .waitFor()
      await page
        .getByTestId("note")
        .getByText(/^Proxies have no cluster for the subset/)
        .waitFor()
      expect(await page.locator(".cm-line .mk.of-error").first().innerText()).toBe("v9-canary")
      await kube("PATCH", `${path}/broken`, repaired, "application/merge-patch+json")
      await found(page, subset).waitFor({ state: "detached" })
      await errors(page).waitFor({ state: "detached" })
    })

    test("groups, levels, codes, words and the open finding stand in the address", async () => {
      await kube("POST", path, broken)
      await kube("POST", path, half)
      const page = await open("/validation?show=error,warning,info")
      await found(page, subset).waitFor()
      await found(page, /details\.bookinfo/)
        .first()
        .waitFor()
      await page.getByTestId("group").click()
      await page.getByRole("menuitemcheckbox", { name: "Object" }).click()
      await inAddress(page, "group", "object")
      await page
        .getByRole("button", { name: /VirtualService bookinfo\/broken/ })
        .first()
        .waitFor()
      await page.getByTestId("level-info").click()
      await inAddress(page, "show", "error,warning")
      await page.keyboard.press("/")
      await page.keyboard.type("v9-canary")
      await inAddress(page, "q", "v9-canary")
      await found(page, /details\.bookinfo/)
        .first()
        .waitFor({ state: "detached" })
      await page.keyboard.press("Escape")
      await inAddress(page, "q", null)
      await found(page, subset).click()
      await page.waitForURL(
        (url) => url.searchParams.get("finding")?.includes("virtualservice.subset_unknown") === true,
      )
      await page.reload()
      await page.locator(".fd.on").filter({ hasText: subset }).waitFor()
      await page.keyboard.press("j")
      await page.locator(".fd.on").filter({ hasText: subset }).waitFor({ state: "detached" })
      await page.goto(`${rig.cloud.url}/validation?code=IST0101&ns=default`)
      await page.getByText("No finding matches.").waitFor()
      await page.getByRole("button", { name: "Clear filter" }).click()
      await found(page, subset).waitFor()
    })

    test("what is suppressed is counted, shown when asked for, and told again", async () => {
      await kube("POST", path, broken)
      const page = await open("/validation?q=broken")
      await found(page, subset).click()
      await page.getByTestId("fix").getByRole("button", { name: "Suppress" }).click()
      const dialog = page.getByTestId("suppress")
      await dialog.getByRole("radio", { name: "1 day" }).click()
      expect(await dialog.getByTestId("annotation").innerText()).toMatch(
        /^smm\.io\/suppress: virtualservice\.subset_unknown until \d{4}-\d\d-\d\d$/,
      )
      await dialog.getByLabel("Reason").fill("comes with v9")
      await dialog.getByRole("button", { name: "Suppress", exact: true }).click()
      await found(page, subset).waitFor({ state: "detached" })
      await page.getByTestId("level-suppressed").getByText("1").waitFor()
      await page.getByTestId("level-suppressed").click()
      await found(page, subset).click()
      await page.getByText(/Suppressed by the organization.* until .*comes with v9/).waitFor()
      await page.getByRole("button", { name: "Be told again" }).click()
      await page.getByTestId("level-suppressed").getByText("0").waitFor()
      await found(page, subset).waitFor()
    })

    test("a fix shows what it changes, proves what it does, and is copied as YAML and as a line", async () => {
      await kube("POST", path, half)
      const page = await open("/validation?q=half", writing)
      await found(page, /details\.bookinfo/)
        .first()
        .click()
      await page.getByTestId("proof").getByText("removes 1 finding, adds 0").waitFor()
      const fix = page.getByTestId("fix")
      expect(await fix.locator(".del").innerText()).toContain("host: details.bookinfo")
      expect(await fix.locator(".add").innerText()).toContain("host: details.bookinfo.svc.cluster.local")
      await fix.getByRole("button", { name: "Copy kubectl line" }).click()
      await page.getByText("Copied the kubectl line.").waitFor()
      const command =
        /^kubectl patch virtualservice\.networking\.istio\.io half -n bookinfo --type=json -p '(.*)'$/
      const [, patch = ""] = command.exec(await clipboard(page)) ?? []
      const operations = JSON.parse(patch) as { op: string }[]
      expect(operations.map(({ op }) => op)).toEqual(["test", "replace"])
      await fix.getByRole("button", { name: "Copy YAML" }).click()
      await page.getByText("Copied the YAML after the fix.").waitFor()
      const written = parse(await clipboard(page)) as KubeObject
      expect(written.metadata).toEqual({ name: "half", namespace })
      expect(JSON.stringify(written)).toContain("details.bookinfo.svc.cluster.local")
      await kube("PATCH", `${path}/half`, operations, "application/json-patch+json")
      await found(page, /details\.bookinfo/).waitFor({ state: "detached" })
    })

    test("an editor marks while one types, completes, and says what the text does to the mesh", async () => {
      await kube("POST", path, broken)
      const page = await open("/validation?q=broken")
      await found(page, subset).waitFor()
      await page.keyboard.press("e")
      const delta = page.getByTestId("delta")
      await delta.getByText("adds 0 findings, removes 0").waitFor()
      await page.getByTestId("editor").getByTestId("note").filter({ hasText: subset }).waitFor()
      await page.locator(".cm-line").filter({ hasText: "subset: v9-canary" }).click()
      await page.keyboard.press("End")
      for (let i = 0; i < "subset: v9-canary".length; i++) await page.keyboard.press("Backspace")
      await delta.getByText("adds 0 findings, removes 1").waitFor()
      await delta.getByTestId("removed").getByText(subset).waitFor()
      await page.getByTestId("note").filter({ hasText: subset }).waitFor({ state: "detached" })
      await page.keyboard.type("su")
      await page.locator(".cm-tooltip-autocomplete").getByText("subset").waitFor()
      await page.keyboard.press("Escape")
      await page.keyboard.type("bzet: v1")
      await delta
        .getByTestId("added")
        .getByText(/subzet is no field/)
        .waitFor()
      await page
        .locator(".mk-tail, .mk-note")
        .filter({ hasText: /subzet is no field/ })
        .waitFor()
      for (let i = 0; i < 3; i++) await page.keyboard.press("Control+z")
      await delta.getByText("adds 0 findings, removes 0").waitFor()
      await page.getByRole("radio", { name: "YAML" }).click()
      await page.getByTestId("editor").waitFor({ state: "detached" })
      await page.locator(".cm-line .mk.of-error").filter({ hasText: "v9-canary" }).waitFor()
    })

    test("an editor tells what a field is, at the pointer and at the cursor", async () => {
      await kube("POST", path, broken)
      const page = await open("/validation?q=broken")
      await found(page, subset).waitFor()
      await page.keyboard.press("e")
      await page.getByTestId("delta").getByText("adds 0 findings, removes 0").waitFor()
      const told = page.getByTestId("documentation")
      await page
        .locator(".cm-line")
        .filter({ hasText: "host: ratings" })
        .getByText("host", { exact: true })
        .hover()
      await told.getByText("spec.http[].route[].destination.host").waitFor()
      await told.getByText("text, required").waitFor()
      const link = told.getByRole("link", { name: "VirtualService in Istio's reference" })
      expect(await link.getAttribute("href")).toBe(
        "https://istio.io/latest/docs/reference/config/networking/virtual-service/",
      )
      expect(await link.getAttribute("rel")).toBe("noopener")
      await page.mouse.move(0, 0)
      await told.waitFor({ state: "detached" })
      await page.locator(".cm-line").filter({ hasText: "subset: v9-canary" }).click()
      await page.mouse.move(0, 0)
      await page.keyboard.press("F1")
      await told.getByText("spec.http[].route[].destination.subset").waitFor()
      await page.keyboard.press("Escape")
      await told.waitFor({ state: "detached" })
      // The first one closes it, and leaves the cursor in the text.
      await page.locator(".cm-content:focus").waitFor()
      await page.keyboard.press("Control+i")
      await told.waitFor()
      await page.keyboard.press("ArrowUp")
      await told.waitFor({ state: "detached" })
    })

    test("findings are told where their objects are seen", async () => {
      await kube("POST", path, broken)
      const page = await open("/topology")
      const node = page.locator(`[data-testid=node][data-id="svc/${cluster}/bookinfo/ratings"]`)
      await node.and(page.locator("[data-finding=error]")).waitFor({ state: "attached" })
      await page.keyboard.press("Control+k")
      await page.keyboard.type("#IST0101")
      await page.keyboard.press("Enter")
      await inAddress(page, "code", "virtualservice.subset_unknown")
      await found(page, subset).waitFor()
      await page.keyboard.press("g")
      await page.keyboard.press("s")
      const row = page
        .getByRole("region", { name: "Services", exact: true })
        .locator("tr")
        .filter({ hasText: "ratings" })
      await row.locator("[data-glyph=error]").first().waitFor()
      await page.goto(`${rig.cloud.url}/services/${cluster}/bookinfo/ratings?tab=findings`)
      await page.getByTestId("finding-table").getByRole("link", { name: subset }).waitFor()
      await page.goto(
        `${rig.cloud.url}/services/${cluster}/bookinfo/ratings?tab=config&object=VirtualService.networking.istio.io/bookinfo/broken`,
      )
      await page.getByTestId("note").filter({ hasText: subset }).waitFor()
      await page.goto(`${rig.cloud.url}/overview`)
      await page.getByTestId("config-errors").getByText("VirtualService bookinfo/broken").waitFor()
    })

    test("a viewer reads everything, and is told what he needs to suppress", async () => {
      await kube("POST", path, broken)
      const { userId } = await rig.client.call("createMember", {
        body: { email: "linus@books.example", name: "Linus", role: "viewer" },
      })
      const page = await open("/validation?q=broken", { userId })
      await found(page, subset).click()
      await page.getByTestId("fix").getByRole("button", { name: "Suppress" }).click()
      await page.getByTestId("suppress").getByText("Needs the role operator. You are viewer.").waitFor()
    })
  },
)

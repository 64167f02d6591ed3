import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import { parse, stringify } from "yaml"
import type { ChangeRequestInput } from "#shared/api/change.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { skipNote } from "#test/real/skip.ts"
import { type KubeCall, type Rig, consoleMissing, kubeCallOf, startConsole } from "./console.ts"
import { until } from "./room.ts"

const virtualService = "VirtualService.networking.istio.io"
const destinationRule = "DestinationRule.networking.istio.io"

type Weights = Record<string, number>
type Routes = { http: { route: { destination: { subset?: string }; weight?: number }[]; fault?: unknown }[] }

describe.skipIf(skipNote("e2e: changes in the console", consoleMissing()))("changes in the console", () => {
  let rig: Rig
  let cluster: string
  let operator: string
  let kube: KubeCall
  const opened: Page[] = []
  /** A resource that is refused is written to the browser's console; tests that want it say so. */
  const refusals = /status of 409/

  beforeAll(async () => {
    rig = await startConsole()
    const made = await rig.acting("shop", "shop")
    cluster = made.cluster
    kube = await kubeCallOf(made.kubeconfig)
    const member = await rig.client.call("createMember", {
      body: { email: "grace@shop.example", name: "Grace", role: "operator" },
    })
    operator = member.userId
  })
  afterAll(() => rig?.stop())
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close()
    expect(rig.problems.splice(0).filter((text) => !refusals.test(text))).toEqual([])
  })
  const open = async (...input: Parameters<Rig["open"]>): Promise<Page> => {
    const page = await rig.open(...input)
    opened.push(page)
    return page
  }
  const object = async (kind: string, namespace: string, name: string): Promise<KubeObject> =>
    (await rig.client.call("getObject", { params: { cluster, kind, name }, query: { namespace } })).object
  const routes = async (namespace: string, name: string): Promise<Routes> =>
    (await object(virtualService, namespace, name))["spec"] as Routes
  /** Weights of the rule that takes everything else. */
  const weights = async (namespace = "bookinfo", name = "reviews"): Promise<Weights> => {
    const last = (await routes(namespace, name)).http.at(-1)
    return Object.fromEntries(
      (last?.route ?? []).map(({ destination, weight }) => [destination.subset ?? "", weight ?? 100]),
    )
  }
  const change = (body: ChangeRequestInput) => rig.client.call("createChange", { body })
  const shiftPath = (service = "bookinfo/reviews") =>
    `/change?control=shift&cluster=${cluster}&service=${service}`
  const fact = (page: Page, name: string) => page.getByTestId(`fact-${name}`)
  const apply = (page: Page) => page.getByTestId("apply")
  const sentence = (page: Page) => page.getByTestId("sentence")
  const result = (page: Page) => page.getByTestId("result-text")
  /** Types into a weight of the form, and waits for the whole preview. */
  async function weigh(page: Page, subset: string, percent: number): Promise<void> {
    await page.getByTestId(`weight-${subset}`).fill(String(percent))
    await fact(page, "objects").getByText("1 changed").waitFor()
    await page.getByTestId("access").getByText("dry run", { exact: false }).first().waitFor()
  }
  /** Writes a whole text into the editor. */
  async function writeYaml(page: Page, text: string): Promise<void> {
    const editor = page.getByTestId("editor").locator(".cm-content")
    await editor.click()
    await page.keyboard.press("Control+A")
    await page.keyboard.insertText(text)
  }
  const manifest = ({ status: _, ...rest }: KubeObject): KubeObject => {
    const { name, namespace, labels, annotations } = rest.metadata
    return {
      ...rest,
      metadata: {
        name,
        ...(namespace ? { namespace } : {}),
        ...(labels ? { labels } : {}),
        ...(annotations ? { annotations } : {}),
      },
    } as KubeObject
  }

  test("a shift by sliders is previewed, applied, seen in the topology within two ticks, and undone from the history", async () => {
    const before = await weights()
    const page = await open(`/services/${cluster}/bookinfo/reviews`)
    await page.getByRole("button", { name: /^Shift traffic/ }).waitFor()
    await page.keyboard.press("s")
    await page.waitForURL(/\/change\?control=shift/)
    const slider = page.getByTestId("slider-v1")
    await slider.waitFor()
    expect(await sentence(page).innerText()).toBe("Nothing is changed yet.")
    expect(await apply(page).isDisabled()).toBe(true)

    await slider.focus()
    for (let i = 0; i < 30; i++) await page.keyboard.press("ArrowLeft")
    const asked = Object.fromEntries(
      await Promise.all(
        ["v1", "v2", "v3"].map(
          async (subset) =>
            [subset, Number(await page.getByTestId(`weight-${subset}`).inputValue())] as const,
        ),
      ),
    )
    expect(asked["v1"]).toBe((before["v1"] ?? 0) - 30)
    expect(Object.values(asked).reduce((sum, weight) => sum + weight, 0)).toBe(100)

    await fact(page, "objects").getByText("1 changed").waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    await page.getByTestId("identity").getByText("platform-admin (mesh-admins)").waitFor()
    await page.getByTestId("diff-head").getByText("VirtualService bookinfo/reviews, shop").waitFor()
    expect(await page.getByTestId("diff").locator(".line.add").allInnerTexts()).toEqual(
      ["v1", "v2", "v3"].map((subset) => expect.stringContaining(`weight: ${asked[subset] ?? 0}`)),
    )
    await page
      .getByTestId("elsewhere")
      .getByText(/^smm shift set bookinfo\/reviews v1=/)
      .waitFor()
    await fact(page, "owners").click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("panel-owners")
    expect(await sentence(page).innerText()).toMatch(/^Applies to shop\./)
    await page.getByRole("radio", { name: "Side by side" }).click()
    await page.locator(".sides .cell.del").first().waitFor()

    await page.keyboard.press("Control+Enter")
    await result(page).getByText("Applied to shop. 1 object.").waitFor()
    await page.getByTestId("toast").getByText("Applied to shop. 1 object.").waitFor()
    expect(await weights()).toEqual(asked)

    await until(
      "the new shares in the topology",
      async () => {
        const { nodes } = await rig.client.call("getTopology", {})
        const versions = nodes.find(({ id }) => id === `svc/${cluster}/bookinfo/reviews`)?.versions ?? []
        const share = versions.find(({ version }) => version === "v1")?.share ?? 1
        if (Math.abs(share * 100 - (asked["v1"] ?? 0)) < 8) return true
        throw new Error(JSON.stringify(versions))
      },
      // Two ticks of an agent that somebody watches, and their way here.
      { seconds: 40 },
    )

    await page.keyboard.press("Escape")
    await page.locator("body").click({ position: { x: 5, y: 5 } })
    await page.keyboard.press("g")
    await page.keyboard.press("h")
    await page.waitForURL(/\/changes$/)
    const row = page.getByRole("row").filter({ hasText: "Shift reviews to" }).first()
    await row.getByText("owner@localhost").waitFor()
    await row.getByText("console").waitFor()
    await page.keyboard.press("j")
    await page.keyboard.press("u")
    await page.waitForURL(/\/change\?undo=chg_/)
    await page
      .getByTestId("undo-of")
      .getByText(/^Shift reviews to/)
      .waitFor()
    await apply(page).getByText("Undo on shop").waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    await page.keyboard.press("Control+Enter")
    await result(page).getByText("Applied to shop. 1 object.").waitFor()
    expect(await weights()).toEqual(before)
    await page.goto(`${rig.cloud.url}/changes`)
    const undone = page.getByRole("row").filter({ hasText: "Shift reviews to" }).last()
    await undone.getByRole("link", { name: "undone", exact: true }).waitFor()
  })

  test("the YAML of a control is written in, and leads over the form, which is taken back with what it said", async () => {
    const page = await open(shiftPath())
    await page.getByTestId("slider-v1").waitFor()
    const asked = (await weights())["v1"] === 40 ? 30 : 40
    await weigh(page, "v1", asked)
    const share = await page.getByTestId("weight-v1").inputValue()
    await page.getByRole("radio", { name: "YAML" }).click()
    const editor = page.getByTestId("editor").locator(".cm-content")
    await editor.getByText(`weight: ${share}`).first().waitFor()
    const live = manifest(await object(virtualService, "bookinfo", "reviews"))
    const spec = structuredClone(live["spec"]) as Routes & { http: { timeout?: string }[] }
    const last = spec.http.at(-1)
    for (const route of last?.route ?? [])
      route.weight = Number(await page.getByTestId(`weight-${route.destination.subset ?? ""}`).inputValue())
    if (last) Object.assign(last, { timeout: "7s" })
    await writeYaml(page, stringify({ ...live, spec }))
    const locked = page.getByTestId("written")
    await locked.getByText("The form shows what stood before.", { exact: false }).waitFor()
    await fact(page, "objects").getByText("1 changed").waitFor()
    const weight = page.getByTestId("weight-v1")
    expect(await weight.evaluate((field) => field.closest("[inert]") !== null)).toBe(true)
    await weight.evaluate((field) => field.focus())
    expect(await weight.evaluate((field) => field === document.activeElement)).toBe(false)
    await page.getByRole("radio", { name: "Unified" }).click()
    const added = page.getByTestId("diff").locator(".line.add")
    await added.getByText("7s").waitFor()
    await added.getByText(`weight: ${share}`).first().waitFor()
    await page
      .getByTestId("elsewhere")
      .getByText(/^smm apply/)
      .waitFor()
    await page.getByRole("radio", { name: "YAML" }).click()
    await editor.getByText("7s").waitFor()

    const back = locked.getByRole("button")
    expect(await back.innerText()).toBe("Take the form back (drops 1 edit in YAML)")
    await back.press("Enter")
    await editor.getByText("7s").waitFor({ state: "detached" })
    await page.getByRole("radio", { name: "Unified" }).click()
    await added.getByText("7s").waitFor({ state: "detached" })
    await added.getByText(`weight: ${share}`).first().waitFor()
    await back.waitFor({ state: "detached" })
    expect(await weight.inputValue()).toBe(share)
    await weight.fill(String(asked + 5))
    await added
      .getByText(`weight: ${asked + 5}`)
      .first()
      .waitFor()
    await page
      .getByTestId("elsewhere")
      .getByText(/^smm shift set/)
      .waitFor()
  })

  test("an object is edited as text, made anew and deleted, each with its preview", async () => {
    const page = await open(`/services/${cluster}/checkout/payment?tab=config`)
    await page.getByRole("button", { name: /^Edit/ }).waitFor()
    await page.keyboard.press("e")
    await page.waitForURL(/control=objects/)
    await page.getByTestId("editor").getByText("maxEjectionPercent").waitFor()
    const live = manifest(await object(destinationRule, "checkout", "payment"))
    await writeYaml(page, stringify(live).replace("maxEjectionPercent: 50", "maxEjectionPercent: 60"))
    await fact(page, "objects").getByText("1 changed").waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    await writeYaml(page, "kind: [")
    await page.getByTestId("object-form").getByRole("alert").waitFor()
    expect(await apply(page).isDisabled()).toBe(true)
    await writeYaml(page, stringify(live).replace("maxEjectionPercent: 50", "maxEjectionPercent: 60"))
    await fact(page, "access").getByText("dry run passed").waitFor()
    await apply(page).click()
    await result(page).getByText("Applied to shop. 1 object.").waitFor()
    const spec = (await object(destinationRule, "checkout", "payment"))["spec"]
    expect(JSON.stringify(spec)).toContain('"maxEjectionPercent":60')

    await page.goto(`${rig.cloud.url}/change?control=objects&cluster=${cluster}&namespace=checkout`)
    await page.getByLabel("Kind").selectOption(destinationRule)
    await page.getByRole("textbox", { name: "Name" }).fill("ledger-own")
    await page.keyboard.press("Enter")
    await page.waitForURL(/name=ledger-own/)
    const made = parse(
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  name: ledger-own\n  namespace: checkout\nspec:\n  host: ledger\n",
    ) as KubeObject
    await page.getByTestId("editor").getByText("ledger-own").first().waitFor()
    await writeYaml(page, stringify(made))
    await fact(page, "objects").getByText("1 new").waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    await page.keyboard.press("Control+Enter")
    await result(page).getByText("Applied to shop. 1 object.").waitFor()

    await page.goto(
      `${rig.cloud.url}/change?control=objects&cluster=${cluster}&kind=${destinationRule}&namespace=checkout&name=ledger-own&remove=1`,
    )
    await fact(page, "objects").getByText("1 deleted").waitFor()
    await page.getByTestId("diff").getByText("host: ledger").waitFor()
    // Whoever would rather edit it finds its text.
    await page.keyboard.press("y")
    await page.getByTestId("editor").getByText("ledger-own").first().waitFor()
    await page.getByRole("radio", { name: "Unified" }).click()
    await page.getByTestId("diff-head").getByText("deleted").waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    await apply(page).click()
    await result(page).getByText("Applied to shop. 1 object.").waitFor()
    await expect(object(destinationRule, "checkout", "ledger-own")).rejects.toThrow(/ledger-own/)
  })

  test("fields of Argo CD are a conflict with a choice", async () => {
    const page = await open(
      `/change?control=objects&cluster=${cluster}&kind=${virtualService}&namespace=catalog&name=recommendations`,
    )
    await page.getByTestId("editor").getByText("recommendations").first().waitFor()
    const live = manifest(await object(virtualService, "catalog", "recommendations"))
    const spec = structuredClone(live["spec"]) as Routes
    Object.assign(spec.http.at(-1) ?? {}, { timeout: "11s" })
    await writeYaml(page, stringify({ ...live, spec }))
    const owners = page.getByTestId("owners")
    await owners.getByText("argocd-controller").first().waitFor()
    await owners.getByText("will revert this at its next sync").first().waitFor()
    await fact(page, "owners").getByText("1 conflict").waitFor()
    await sentence(page)
      .getByText(/^Not possible: .*argocd-controller owns/)
      .waitFor()
    expect(await apply(page).isDisabled()).toBe(true)
    await owners.getByRole("button", { name: "Take over these fields" }).click()
    await sentence(page).getByText("Fields of Argo CD are taken over.", { exact: false }).waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    expect(await apply(page).isDisabled()).toBe(false)
    await owners.getByRole("button", { name: "Ask again" }).click()
    await owners.getByRole("button", { name: "Drop these fields" }).click()
    await owners.getByText("these fields are left out").first().waitFor()
  })

  test("an operator without the right on a kind sees the missing verb and the line an admin runs", async () => {
    const page = await open(`/services/${cluster}/bookinfo/reviews`, { userId: operator })
    await page.getByTestId("service-actions").click()
    const mtls = page.getByTestId("control-mtls")
    await mtls.getByText("why not").waitFor()
    expect(await page.getByTestId("control-fault").innerText()).toBe("Fault injection")
    await mtls.click()
    const missing = page.getByTestId("missing")
    await missing.getByText(/May not patch PeerAuthentication in bookinfo/).waitFor()
    await missing.getByText(/^kubectl create (cluster)?role/).waitFor()
    await missing.getByRole("button", { name: "Close" }).click()

    await page.goto(`${rig.cloud.url}/change?control=mtls&cluster=${cluster}&namespace=bookinfo`)
    await page
      .getByTestId("where")
      .getByText(/may not patch PeerAuthentication/i)
      .waitFor()
    await page
      .getByRole("radio", { name: /Disable/ })
      .first()
      .click()
    await page
      .getByTestId("denied")
      .first()
      .getByText(/may not/)
      .waitFor()
    await sentence(page)
      .getByText(/^Not possible/)
      .waitFor()
    expect(await apply(page).isDisabled()).toBe(true)
  })

  test("a viewer sees what a change would do, and that it takes an operator to make it", async () => {
    const { userId } = await rig.client.call("createMember", {
      body: { email: "linus@shop.example", name: "Linus", role: "viewer" },
    })
    const page = await open(shiftPath(), { userId })
    await page.getByTestId("slider-v1").waitFor()
    await page.getByTestId("weight-v1").fill("10")
    await fact(page, "objects").getByText("1 changed").waitFor()
    await page.getByText("Needs the role operator; you are viewer").waitFor()
    expect(await apply(page).isDisabled()).toBe(true)
  })

  test("who was overtaken sees theirs, and applies on top of it", async () => {
    const before = await weights()
    const page = await open(shiftPath())
    await page.getByTestId("slider-v1").waitFor()
    await weigh(page, "v1", 15)
    await fact(page, "access").getByText("dry run passed").waitFor()
    const mine = sentence(page)
    await mine.getByText(/^Applies to shop/).waitFor()
    // Somebody else sets a timeout of the same object, and this console's button is pressed before it could know.
    await page.route(
      /\/api\/v1\/changes$/,
      async (route) => {
        const live = manifest(await object(virtualService, "bookinfo", "reviews"))
        const spec = structuredClone(live["spec"]) as Routes
        Object.assign(spec.http.at(-1) ?? {}, { timeout: "9s" })
        const theirs = await change({
          intent: { control: "objects", put: [{ ...live, spec }] },
          clusters: [cluster],
          via: "cli",
        })
        expect(theirs.state).toBe("applied")
        await route.continue()
      },
      { times: 1 },
    )
    await page.keyboard.press("Control+Enter")
    const overtaken = page.getByTestId("overtaken")
    await overtaken.getByText(/^reviews was changed by .* ago\.$/).waitFor()
    await overtaken.getByText("Your change still fits.").waitFor()
    await overtaken.getByRole("button", { name: "See theirs" }).click()
    await overtaken.getByText("9s").waitFor()
    await overtaken.getByRole("button", { name: "Apply on top" }).click()
    await result(page).getByText("Applied to shop. 1 object.").waitFor()
    expect((await weights())["v1"]).toBe(15)
    expect(JSON.stringify(await routes("bookinfo", "reviews"))).toContain('"timeout":"9s"')
    await change({
      intent: {
        control: "shift",
        service: { namespace: "bookinfo", name: "reviews" },
        set: { weights: before },
      },
      clusters: [cluster],
    })
  })

  test("the fix of a finding is applied from validation, and the finding is gone", async () => {
    await change({
      intent: {
        control: "objects",
        put: [
          {
            apiVersion: "networking.istio.io/v1",
            kind: "VirtualService",
            metadata: { name: "coupons", namespace: "checkout" },
            spec: {
              hosts: ["coupons"],
              http: [{ route: [{ destination: { host: "coupons.checkout", port: { number: 8080 } } }] }],
            },
          },
        ],
      },
      clusters: [cluster],
    })
    const page = await open("/validation?q=coupons&show=error,warning,info")
    const finding = page.getByTestId("finding").first()
    await finding.waitFor()
    const text = await finding.innerText()
    await finding.click()
    await page
      .getByTestId("proof")
      .getByText(/removes \d+ finding/)
      .waitFor()
    await page.getByTestId("fix").getByRole("button", { name: "Apply..." }).click()
    await page.waitForURL(/control=fix/)
    await fact(page, "findings")
      .getByText(/^-[1-9]\d*, \+0$/)
      .waitFor()
    await page.getByTestId("findings").getByTestId("removed").first().waitFor()
    await fact(page, "access").getByText("dry run passed").waitFor()
    await page.keyboard.press("Control+Enter")
    await result(page)
      .getByText(/^Applied to shop\./)
      .waitFor()
    await page.goto(`${rig.cloud.url}/validation?q=coupons&show=error,warning,info`)
    await page
      .getByTestId("finding")
      .filter({ hasText: text.split("\n")[0] ?? text })
      .waitFor({ state: "detached" })
  })

  test("a fault that is on stands on every page with its end, and is stopped from there", async () => {
    const made = await change({
      intent: {
        control: "fault",
        service: { namespace: "bookinfo", name: "ratings" },
        set: { delay: { percent: 10, fixedDelay: "2s" } },
      },
      clusters: [cluster],
      expiresInMs: 3_600_000,
    })
    expect(made.state).toBe("applied")
    const page = await open("/services")
    const banner = page.getByTestId("banner")
    await banner.getByText(/^Delay 2 s on 10 % of ratings until \d\d:\d\d\.$/).waitFor()
    await page.getByTestId("nav-overview").click()
    await banner.getByText(/^Delay 2 s on 10 %/).waitFor()
    await banner.getByRole("link", { name: "Stop now" }).click()
    await page.waitForURL(/undo=chg_/)
    await fact(page, "access").getByText("dry run passed").waitFor()
    await page.keyboard.press("Control+Enter")
    await result(page)
      .getByText(/^Applied to shop\./)
      .waitFor()
    await banner.waitFor({ state: "detached" })
  })

  test("what others change stands in the history live, with their field manager", async () => {
    const made = await change({
      intent: {
        control: "circuit-breaker",
        service: { namespace: "bookinfo", name: "details" },
        set: { connectionPool: { maxConnections: 77 } },
      },
      clusters: [cluster],
    })
    expect(made.state).toBe("applied")
    const page = await open("/changes")
    const ours = page.getByRole("link", { name: made.title, exact: true })
    await ours.waitFor()
    await kube(
      "PATCH",
      "/apis/networking.istio.io/v1/namespaces/bookinfo/destinationrules/ratings?fieldManager=ci-deployer",
      { spec: { trafficPolicy: { connectionPool: { tcp: { maxConnections: 33 } } } } },
      "application/merge-patch+json",
    )
    const theirs = page.getByRole("row").filter({ hasText: "ci-deployer" })
    await theirs.getByText("outside").waitFor()
    await theirs.getByText("DestinationRule bookinfo/ratings").first().waitFor()
    expect(await theirs.getByRole("link", { name: "Undo" }).count()).toBe(0)

    await page.keyboard.press("/")
    await page.keyboard.type("state = applied and not how = outside")
    await page.keyboard.press("Enter")
    await page.waitForURL(/q=state/)
    await page.getByText(/Rows 1 to \d+ of \d+, \d+ without the filter/).waitFor()
    await theirs.waitFor({ state: "detached" })
    await page.keyboard.press("Escape")
    await ours.click()
    await page.waitForURL(/\/changes\/chg_/)
    await page.getByTestId("change-facts").getByText("platform-admin (mesh-admins)").waitFor()
    await page.getByTestId("around").getByText("bookinfo/details").waitFor()
    await page.getByTestId("steps").getByText("DestinationRule").waitFor()
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.goto(`${rig.cloud.url}/changes`).then(() => page.getByRole("button", { name: "Export" }).click()),
    ])
    expect(saved.suggestedFilename()).toMatch(/^changes-.*\.json$/)
  })
})

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Locator, Page } from "playwright-core"
import type { Change, ChangeRequestInput, ControlQuery } from "#shared/api/change.ts"
import type { RoutingForm } from "#shared/edit/form.ts"
import type { FormControl, Intent } from "#shared/edit/intent.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { skipNote } from "#test/real/skip.ts"
import { type KubeCall, type Rig, consoleMissing, kubeCallOf, startConsole } from "./console.ts"
import { until } from "./room.ts"

const namespace = "bookinfo"
const lists = [
  `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`,
  `/apis/networking.istio.io/v1/namespaces/${namespace}/destinationrules`,
  `/apis/security.istio.io/v1/namespaces/${namespace}/peerauthentications`,
]
const kinds = ["VirtualService", "DestinationRule", "PeerAuthentication"]
const service = (name: string) => ({ namespace, name })
const of = (name: string): ControlQuery => ({ namespace, service: name })

/** One control by hand, and the same by the API. */
type Case = {
  control: FormControl
  query: ControlQuery
  does: string
  fill: (page: Page) => Promise<void>
  /** What the form has to say, written by itself. */
  intent: (read: unknown) => Intent
  expiresInMs?: number
}

const button = (page: Page | Locator, name: string): Locator =>
  page.getByRole("button", { name, exact: true })
async function type(page: Page, field: string, text: string): Promise<void> {
  await page.getByTestId(field).fill(text)
  await page.getByTestId(field).blur()
}

const cases: Case[] = [
  {
    control: "shift",
    query: of("reviews"),
    does: "moves one version by keys, and the others give in proportion",
    async fill(page) {
      await page.getByTestId("slider-v1").focus()
      for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight")
    },
    intent: () => ({
      control: "shift",
      service: service("reviews"),
      set: { weights: { v1: 80, v2: 12, v3: 8 } },
    }),
  },
  {
    control: "shift",
    query: of("reviews"),
    does: "says a rule of its own for a header, before the others",
    async fill(page) {
      await button(page, "Add match before rule 1").click()
      await button(page, "Add condition").click()
      await page.getByLabel("Condition 1", { exact: true }).selectOption("headers")
      await page.getByLabel("Header name").fill("x-canary")
      await page.getByLabel("Header value").fill("true")
      await page.getByTestId("weight-v3").fill("100")
    },
    intent: () => ({
      control: "shift",
      service: service("reviews"),
      set: { match: { headers: { "x-canary": { exact: "true" } } }, weights: { v3: 100 } },
    }),
  },
  {
    control: "mirror",
    query: of("reviews"),
    does: "sends copies to a version",
    async fill(page) {
      await button(page, "Add mirror").click()
      await page.getByTestId("mirror-percent-1").fill("25")
    },
    intent: () => ({
      control: "mirror",
      service: service("reviews"),
      set: { mirrors: [{ destination: { subset: "v3" }, percent: 25 }] },
    }),
  },
  {
    control: "fault",
    query: of("ratings"),
    does: "aborts half of the requests for ten minutes",
    async fill(page) {
      await page.getByTestId("abort").check()
      await page.getByTestId("abort-percent").fill("50")
      await page.getByTestId("expires").selectOption("600000")
    },
    intent: () => ({
      control: "fault",
      service: service("ratings"),
      set: { abort: { percent: 50, httpStatus: 503 } },
    }),
    expiresInMs: 600_000,
  },
  {
    control: "circuit-breaker",
    query: of("details"),
    does: "limits connections and takes failing pods out",
    async fill(page) {
      await type(page, "maxConnections", "10")
      await type(page, "consecutive5xxErrors", "3")
      await type(page, "interval", "5s")
    },
    intent: () => ({
      control: "circuit-breaker",
      service: service("details"),
      scope: {},
      set: {
        connectionPool: { maxConnections: 10 },
        outlierDetection: { consecutive5xxErrors: 3, interval: "5s" },
      },
    }),
  },
  {
    control: "circuit-breaker",
    query: of("reviews"),
    does: "is said for the one version that is chosen, which is read anew",
    async fill(page) {
      // The answer for the version is held: nothing is typed meanwhile into the form of what was there before.
      const held = Promise.withResolvers<void>()
      await page.route(/controls\/circuit-breaker\?.*subset=v3/, async (route) => {
        await held.promise
        await route.continue()
      })
      await page.getByTestId("scope-subset").focus()
      await page.getByTestId("scope-subset").selectOption("v3")
      await page.locator("[aria-busy=true][inert]").waitFor({ state: "attached" })
      held.resolve()
      await page.locator("[aria-busy=false]").waitFor({ state: "attached" })
      await expect.poll(() => page.getByTestId("scope-subset").inputValue()).toBe("v3")
      expect(await page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe(
        "scope-subset",
      )
      await type(page, "http1MaxPendingRequests", "1")
    },
    intent: () => ({
      control: "circuit-breaker",
      service: service("reviews"),
      scope: { subset: "v3" },
      set: { connectionPool: { http1MaxPendingRequests: 1 } },
    }),
  },
  {
    control: "load-balancing",
    query: { ...of("reviews"), subset: "v2" },
    does: "keeps a user at a pod of one version, by a header",
    async fill(page) {
      await page.getByTestId("algorithm").selectOption("HASH")
      await page.getByRole("radio", { name: "Header" }).click()
      await type(page, "hash-header", "x-user")
    },
    intent: () => ({
      control: "load-balancing",
      service: service("reviews"),
      scope: { subset: "v2" },
      set: { consistentHash: { httpHeaderName: "x-user" } },
    }),
  },
  {
    control: "client-tls",
    query: of("details"),
    does: "says how callers encrypt",
    async fill(page) {
      await page.getByTestId("tls-mode").selectOption("ISTIO_MUTUAL")
    },
    intent: () => ({
      control: "client-tls",
      service: service("details"),
      scope: {},
      set: { mode: "ISTIO_MUTUAL" },
    }),
  },
  {
    control: "mtls",
    query: { namespace },
    does: "requires mTLS in a namespace",
    async fill(page) {
      await page.getByRole("radio", { name: "Require" }).click()
    },
    intent: () => ({ control: "mtls", scope: { namespace }, set: { mode: "STRICT" } }),
  },
  {
    control: "mtls",
    query: of("ratings"),
    does: "is said for the level that is chosen, down to a port",
    async fill(page) {
      await page.getByRole("radio", { name: "Mesh" }).click()
      await page.getByTestId("mtls-namespace").waitFor({ state: "detached" })
      await page.getByRole("radio", { name: "Service" }).click()
      await type(page, "mtls-namespace", namespace)
      await type(page, "mtls-service", "details")
      await type(page, "mtls-port", "9080")
      await page.getByText("details in bookinfo, port 9080").waitFor()
      await page.getByRole("radio", { name: "Disable" }).click()
    },
    intent: () => ({
      control: "mtls",
      scope: { namespace, service: "details", port: 9080 },
      set: { mode: "DISABLE" },
    }),
  },
  {
    control: "routing",
    query: of("ratings"),
    does: "answers by itself where nothing was written",
    async fill(page) {
      await button(page, "Add rule").click()
      await page.getByTestId("action").selectOption("direct")
      await page.getByLabel("Status", { exact: true }).fill("410")
      await page.getByLabel("Body", { exact: true }).fill("gone")
    },
    intent: () => ({
      control: "routing",
      service: service("ratings"),
      set: {
        http: [{ origin: null, matches: [], action: { type: "direct", status: 410, body: "gone" } }],
      },
    }),
  },
  {
    control: "routing",
    query: of("details"),
    does: "routes TLS by name and TCP by port",
    async fill(page) {
      await button(page, "Add rule by name (SNI)").click()
      // What the server refuses stands at the field it is about.
      const names = page.getByLabel("Names (SNI)")
      await names.fill("details.example.com")
      await names.blur()
      await page.getByText("details.example.com is within none of the hosts").first().waitFor()
      await expect.poll(() => names.getAttribute("aria-invalid")).toBe("true")
      await names.fill("details.bookinfo.svc.cluster.local")
      const tls = page.getByTestId("tls-rules")
      await tls.getByLabel("Port", { exact: true }).fill("443")
      await tls.getByLabel("Destination 1: port").fill("9080")
      await button(page, "Add rule by port").click()
      const tcp = page.getByTestId("tcp-rules")
      await button(page, "Only some connections").click()
      await tcp.getByLabel("Port", { exact: true }).fill("9080")
      await button(tcp, "Add label").click()
      await tcp.getByLabel("From workloads with labels: name of label 1").fill("app")
      await tcp.getByLabel("From workloads with labels: value of label 1").fill("productpage")
      await tcp.getByLabel("Destination 1", { exact: true }).selectOption("version v1")
    },
    intent: () => ({
      control: "routing",
      service: service("details"),
      set: {
        http: [],
        tls: [
          {
            origin: null,
            matches: [{ sniHosts: ["details.bookinfo.svc.cluster.local"], port: 443 }],
            destinations: [{ destination: { port: 9080 } }],
          },
        ],
        tcp: [
          {
            origin: null,
            matches: [{ port: 9080, sourceLabels: { app: "productpage" } }],
            destinations: [{ destination: { subset: "v1" } }],
          },
        ],
      },
    }),
  },
  {
    control: "routing",
    query: of("reviews"),
    does: "writes all that a rule can do with requests",
    async fill(page) {
      await head(page, 1).click()
      await button(page, "Or another match").click()
      await button(page, "Add condition").last().click()
      await page.getByLabel("Condition 1", { exact: true }).last().selectOption("queryParams")
      await page.getByLabel("Query name").fill("beta")
      await page.getByLabel("How it is compared").last().selectOption("present")
      for (const part of ["Timeout and retries", "Rewrite", "Headers", "Mirror", "Fault", "CORS", "Name"])
        await button(page, part).click()
      await type(page, "timeout", "2s")
      await type(page, "retries", "3")
      await page.getByLabel("Try again on").fill("5xx")
      await page.getByLabel("Path", { exact: true }).fill("/reviews")
      await button(page, "Add header").first().click()
      await page.getByLabel("Request: set: name of header 1").fill("x-beta")
      await page.getByLabel("Request: set: value of header 1").fill("1")
      await page.getByLabel("Response: remove").fill("server, x-debug")
      await button(page, "Add mirror").click()
      await page.getByTestId("delay").check()
      await page.getByTestId("delay-fixed").fill("100ms")
      await button(page, "Add origin").click()
      await page.getByLabel("Origin 1", { exact: true }).fill("https://shop.example.com")
      await page.getByLabel("Methods").fill("GET, POST")
      await page.getByLabel("Name of the rule").fill("beta")
    },
    intent(read) {
      const { http, ...form } = read as RoutingForm
      const [jason, ...others] = http
      if (jason === undefined) throw new Error("the demo has other rules")
      const rule: RoutingForm["http"][number] = {
        ...jason,
        name: "beta",
        matches: [...jason.matches, { origin: null, queryParams: { beta: { present: true } } }],
        timeout: "2s",
        retries: { attempts: 3, retryOn: "5xx" },
        rewrite: { uri: "/reviews" },
        headers: { request: { set: { "x-beta": "1" } }, response: { remove: ["server", "x-debug"] } },
        mirrors: [{ destination: { subset: "v3" }, percent: 10 }],
        fault: { delay: { percent: 10, fixedDelay: "100ms" } },
        cors: {
          allowOrigins: [{ exact: "https://shop.example.com" }],
          allowMethods: ["GET", "POST"],
        },
      }
      return {
        control: "routing",
        service: service("reviews"),
        set: { ...form, http: [rule, ...others] },
      }
    },
  },
  {
    control: "routing",
    query: of("reviews"),
    does: "adds a rule where requests still come by, and gives another a timeout",
    async fill(page) {
      await head(page, 2).click()
      await button(page, "Timeout and retries").click()
      await type(page, "timeout", "3s")
      await head(page, 2).click()
      await button(page, "Add rule").click()
      await button(page, "Add condition").click()
      await page.getByLabel("Path value").fill("/reviews/v3")
      await page.getByLabel("Destination 1", { exact: true }).selectOption("version v3")
      await page.getByTestId("rule-2").getByText("prefix /reviews/v3").waitFor()
    },
    intent(read) {
      const { http, ...form } = read as RoutingForm
      const [jason, rest] = http
      if (jason === undefined || rest === undefined) throw new Error("the demo has other rules")
      return {
        control: "routing",
        service: service("reviews"),
        set: {
          ...form,
          http: [
            jason,
            {
              origin: null,
              matches: [{ origin: null, uri: { prefix: "/reviews/v3" } }],
              action: { type: "route", destinations: [{ destination: { subset: "v3" } }] },
            },
            { ...rest, timeout: "3s" },
          ],
        },
      }
    },
  },
]

const head = (page: Page, number: number): Locator => page.locator(`[data-testid=rule-${number}] [data-head]`)
const ruleTexts = (page: Page): Promise<string[]> => page.locator("[data-head]").allInnerTexts()

describe.skipIf(skipNote("e2e: controls in the console", consoleMissing()))("controls in the console", () => {
  let rig: Rig
  let cluster: string
  let kube: KubeCall
  let baseline: KubeObject[]
  const opened: Page[] = []

  beforeAll(async () => {
    rig = await startConsole()
    const made = await rig.acting("books", "bookinfo")
    cluster = made.cluster
    kube = await kubeCallOf(made.kubeconfig)
    baseline = await objects()
  })
  afterAll(() => rig?.stop())
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close()
    await restore()
    expect(rig.problems.splice(0)).toEqual([])
  })

  /** All that controls write, without what the API server keeps by itself. */
  async function objects(): Promise<KubeObject[]> {
    const found: KubeObject[] = []
    for (const list of lists) {
      const { items, kind, apiVersion } = await kube<{
        items: KubeObject[]
        kind: string
        apiVersion: string
      }>("GET", list)
      for (const item of items) {
        const { name, labels, annotations } = item.metadata
        found.push({
          apiVersion,
          kind: kind.replace(/List$/, ""),
          metadata: {
            name,
            namespace,
            ...(labels ? { labels } : {}),
            ...(annotations ? { annotations } : {}),
          },
          spec: item["spec"],
        })
      }
    }
    return found
  }
  const listOf = ({ kind }: KubeObject): string =>
    lists.find((list) => list.includes(`/${kind.toLowerCase()}s`)) ?? ""

  /** The objects of the demo as they were, and the cloud knowing it. */
  async function restore(): Promise<void> {
    const now = await objects()
    for (const object of now) {
      const before = baseline.find(
        ({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name,
      )
      if (JSON.stringify(before) === JSON.stringify(object)) continue
      await kube("DELETE", `${listOf(object)}/${object.metadata.name}`)
      if (before) await kube("POST", listOf(object), before)
    }
    for (const object of baseline)
      if (!now.some(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name))
        await kube("POST", listOf(object), object)
    await until("the cloud to know the objects as they were", async () => {
      for (const object of baseline) {
        const known = await rig.client.call("getObject", {
          params: { cluster, kind: object.kind, name: object.metadata.name },
          query: { namespace },
        })
        if (JSON.stringify(known.object["spec"]) !== JSON.stringify(object["spec"])) return undefined
      }
      // Also that what a control made is gone: it would be no change to make it again.
      for (const kind of kinds) {
        const { items } = await rig.client.call("listObjects", {
          params: { kind },
          query: { cluster: [cluster], namespace: [namespace] },
        })
        if (items.length !== baseline.filter((object) => object.kind === kind).length) return undefined
      }
      return true
    })
  }

  async function open(control: FormControl, query: ControlQuery): Promise<Page> {
    const search = new URLSearchParams({ control, cluster })
    if (query.service === undefined) search.set("namespace", query.namespace ?? "")
    else search.set("service", `${query.namespace ?? ""}/${query.service}`)
    if (query.subset !== undefined) search.set("subset", query.subset)
    const page = await rig.open(`/change?${search}`)
    opened.push(page)
    await page.locator(".frame").waitFor()
    return page
  }
  /** Applies what the page shows. @returns what was asked for, and what became of it */
  async function apply(page: Page): Promise<{ asked: ChangeRequestInput; change: Change }> {
    await page.getByTestId("apply").and(page.locator(":enabled")).waitFor()
    const answered = page.waitForResponse(
      (response) =>
        response.request().method() === "POST" && new URL(response.url()).pathname.endsWith("/changes"),
    )
    await page.keyboard.press("Control+Enter")
    const response = await answered
    return {
      asked: response.request().postDataJSON() as ChangeRequestInput,
      change: (await response.json()) as Change,
    }
  }

  test.each(cases)("$control $does, and makes the same objects as the API", async (one) => {
    const { form } = await rig.client.call("getControl", {
      params: { cluster, control: one.control },
      query: one.query,
    })
    const intent = one.intent(form)
    const page = await open(one.control, one.query)
    await one.fill(page)
    const { asked, change } = await apply(page)
    expect(change.state).toBe("applied")
    expect(asked.intent).toEqual(intent)
    expect(asked.expiresInMs ?? null).toBe(one.expiresInMs ?? null)
    const byConsole = await objects()
    expect(byConsole).not.toEqual(baseline)

    await restore()
    const made = await rig.client.call("createChange", {
      body: { intent, clusters: [cluster], expiresInMs: one.expiresInMs ?? null },
    })
    expect(made.state).toBe("applied")
    expect(byConsole).toEqual(await objects())
  })

  test("a form that nobody touched asks for nothing", async () => {
    const page = await open("routing", of("reviews"))
    await head(page, 1).click()
    await expect.poll(() => page.getByTestId("apply").isDisabled()).toBe(true)
    await head(page, 2).focus()
    await page.keyboard.press("Alt+ArrowUp")
    await page.getByTestId("apply").and(page.locator(":enabled")).waitFor()
    await page.keyboard.press("Alt+ArrowDown")
    await expect.poll(() => page.getByTestId("apply").isDisabled()).toBe(true)
  })

  test("rules are moved by keys and by the pointer, and those that nobody reaches are marked at once", async () => {
    const page = await open("routing", of("reviews"))
    await head(page, 2).focus()
    await page.keyboard.press("Alt+ArrowUp")
    await expect
      .poll(() => ruleTexts(page))
      .toEqual([
        expect.stringContaining("every request"),
        expect.stringMatching(/end-user = jason[\s\S]*never reached/),
      ])
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("every request")

    const grip = await page.getByTestId("rule-2").getByTestId("grip").boundingBox()
    const first = await page.getByTestId("rule-1").boundingBox()
    if (!grip || !first) throw new Error("no rules on the page")
    await page.mouse.move(grip.x + 8, grip.y + 8)
    await page.mouse.down()
    await page.mouse.move(grip.x + 8, first.y + 3, { steps: 5 })
    await page.mouse.up()
    await expect
      .poll(() => ruleTexts(page))
      .toEqual([expect.stringContaining("end-user = jason"), expect.not.stringContaining("never reached")])
  })

  test("weights sum to 100 whatever is done to them; with Alt only the next one gives", async () => {
    const page = await open("shift", of("reviews"))
    const weights = () =>
      Promise.all(["v1", "v2", "v3"].map((name) => page.getByTestId(`weight-${name}`).inputValue()))
    await page.getByTestId("slider-v1").focus()
    await page.keyboard.press("Alt+Shift+ArrowRight")
    await expect.poll(weights).toEqual(["60", "20", "20"])
    await page.getByTestId("weight-v3").fill("50")
    await expect.poll(weights).toEqual(["38", "12", "50"])
    const track = await page.getByTestId("slider-v2").boundingBox()
    if (!track) throw new Error("no slider")
    await page.mouse.move(track.x + track.width * 0.12, track.y + 12)
    await page.mouse.down()
    await page.mouse.move(track.x + track.width + 40, track.y + 12, { steps: 8 })
    await page.mouse.up()
    await expect.poll(weights).toEqual(["0", "100", "0"])
    await page.getByText("was 50").waitFor()
  })

  test("what is wrong stands at its field once it was left, and never before", async () => {
    const page = await open("circuit-breaker", of("details"))
    const field = page.getByTestId("interval")
    await field.pressSequentially("5 seconds")
    expect(await field.getAttribute("aria-invalid")).toBeNull()
    await field.blur()
    await page.getByText("wants a duration such as 250ms, 1.5s or 1m").waitFor()
    expect(await field.getAttribute("aria-invalid")).toBe("true")
    await field.fill("5s")
    await expect.poll(() => field.getAttribute("aria-invalid")).toBeNull()
  })

  test("a fault that is there is taken away by one button, and kept by another", async () => {
    const intent: Intent = {
      control: "fault",
      service: service("ratings"),
      set: { delay: { percent: 10, fixedDelay: "2s" } },
    }
    await rig.client.call("createChange", { body: { intent, clusters: [cluster] } })
    await until("the cloud to read the fault", async () => {
      const { form } = await rig.client.call("getControl", {
        params: { cluster, control: "fault" },
        query: of("ratings"),
      })
      return form === null ? undefined : true
    })
    const page = await open("fault", of("ratings"))
    await expect.poll(() => page.getByTestId("delay-fixed").inputValue()).toBe("2s")
    await button(page, "Remove fault injection").click()
    await button(page, "Keep it").click()
    await button(page, "Remove fault injection").click()
    const { asked, change } = await apply(page)
    expect(change.state).toBe("applied")
    expect(asked.intent).toEqual({ control: "fault", service: service("ratings"), set: null })
    const left = await objects()
    expect(JSON.stringify(left)).not.toContain("fixedDelay")
  })
})

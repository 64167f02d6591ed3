// The pictures of docs/screenshots, of the demo shop: `node test/e2e/screenshots.mjs [MINUTES [NAME...]]`. It runs so many minutes before (12
// when not given), so that charts have a history. With names, only those are taken.
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import { ensureInstalled, node24, root } from "../../cli/start/install.mjs"

const say = (line) => console.log(line)
ensureInstalled(say)
if (!process.features.typescript) {
  const self = fileURLToPath(import.meta.url)
  process.exit(spawnSync(node24(), [self, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1)
}
const { startBrowser } = await import("./browser.ts")

const minutes = Number(process.argv[2] ?? 12)
const only = process.argv.slice(3)
const largest = 250_000
const folder = join(root, "docs/screenshots")
const data = mkdtempSync(join(tmpdir(), "smm-screenshots-"))
mkdirSync(folder, { recursive: true })

/** `npm start` on a data folder of its own: the ready line, and the link that signs in. */
async function startProduct() {
  const child = spawn(node24(), [join(root, "cli/start/main.ts"), "--port", "0", "--data", data, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let link = ""
  const linked = new Promise((resolve) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      link ||= /http:\/\/\S+\/sign-in\?code=\S+/.exec(line)?.[0] ?? ""
      if (link) resolve(link)
    })
  })
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => resolve(JSON.parse(line)))
    child.on("close", (code) => reject(new Error(`npm start ended with ${code}`)))
  })
  const { url, token } = await ready
  const call = async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
    return answer.json()
  }
  const stop = async () => {
    const ended = new Promise((resolve) => child.on("close", resolve))
    child.kill("SIGTERM")
    await ended
  }
  return { url, call, link: await linked, stop }
}

/** What somebody breaks in the shop, by the path of the demo's API. */
const networking = "/apis/networking.istio.io/v1/namespaces/checkout"
const istio = "networking.istio.io/v1"
const broken = [
  [
    `${networking}/virtualservices`,
    {
      apiVersion: istio,
      kind: "VirtualService",
      metadata: { name: "coupons", namespace: "checkout" },
      spec: {
        hosts: ["coupons"],
        http: [
          {
            match: [{ headers: { "x-canary": { exact: "1" } } }],
            route: [{ destination: { host: "coupons", subset: "v3-canary" } }],
          },
          {
            name: "default",
            route: [{ destination: { host: "coupons.checkout" }, weight: 50 }],
            retries: { attempts: 3, perTryTimeout: "3s" },
            timeout: "3s",
          },
        ],
      },
    },
  ],
  [
    `${networking}/destinationrules`,
    {
      apiVersion: istio,
      kind: "DestinationRule",
      metadata: { name: "ledger-plain", namespace: "checkout" },
      spec: { host: "ledger", trafficPolicy: { tls: { mode: "DISABLE" } } },
    },
  ],
  [
    "/apis/security.istio.io/v1/namespaces/accounts/authorizationpolicies",
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "edge-auth", namespace: "accounts" },
      spec: {
        selector: { matchLabels: { app: "edge-auth" } },
        rules: [{ from: [{ source: { namespaces: ["storefront"] } }] }],
      },
    },
  ],
]

async function breakShop() {
  const { clusters, users } = parse(readFileSync(join(data, "demo/kubeconfig"), "utf8"))
  for (const [path, object] of broken) {
    const answer = await fetch(`${clusters[0].cluster.server}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${users[0].user.token}` },
      body: JSON.stringify(object),
    })
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  }
}

const byLabel = (page, label) => page.getByLabel(label, { exact: true })
const press = (page, name) => page.getByRole("button", { name, exact: true }).click()
async function type(page, field, text) {
  await page.getByTestId(field).fill(text)
  await page.getByTestId(field).blur()
}

/** Controls with what they are opened for and what is filled in, in the shop. */
const changing = {
  "change-shift": {
    of: "control=shift&service=checkout/orders",
    fill: (page) => page.getByTestId("weight-canary").fill("30"),
  },
  "change-fault": {
    of: "control=fault&service=checkout/tax",
    async fill(page) {
      await page.getByTestId("abort").check()
      await page.getByTestId("abort-percent").fill("20")
      await page.getByTestId("expires").selectOption("600000")
    },
  },
  "change-routing": {
    of: "control=routing&service=checkout/orders",
    async fill(page) {
      await press(page, "Add rule")
      await press(page, "Add condition")
      await byLabel(page, "Path value").fill("/shop.Orders/Preview")
      await byLabel(page, "Destination 1").selectOption("version canary")
    },
  },
  "change-mtls": {
    of: "control=mtls&namespace=accounts",
    fill: (page) => page.getByRole("radio", { name: "Require" }).click(),
  },
  "change-circuit-breaker": {
    of: "control=circuit-breaker&service=checkout/payment",
    async fill(page) {
      await type(page, "maxConnections", "200")
      await type(page, "consecutive5xxErrors", "5")
    },
  },
  "change-load-balancing": {
    of: "control=load-balancing&service=catalog/search-index",
    async fill(page) {
      await page.getByTestId("algorithm").selectOption("HASH")
      await page.getByRole("radio", { name: "Header" }).click()
      await type(page, "hash-header", "x-user")
    },
  },
  "change-mirror": {
    of: "control=mirror&service=checkout/orders",
    async fill(page) {
      await press(page, "Add mirror")
      await page.getByTestId("mirror-percent-1").fill("25")
    },
  },
  "change-client-tls": {
    of: "control=client-tls&service=checkout/ledger",
    fill: (page) => page.getByTestId("tls-mode").selectOption("ISTIO_MUTUAL"),
  },
}

const orders = { namespace: "checkout", name: "orders" }
/** What has been done by the time the history is shown, the last undone. */
const done = [
  { control: "shift", service: orders, set: { weights: { stable: 80, canary: 20 } } },
  {
    control: "circuit-breaker",
    service: { namespace: "checkout", name: "ledger" },
    scope: {},
    set: { connectionPool: { maxConnections: 100 } },
  },
  {
    control: "fault",
    service: { namespace: "checkout", name: "tax" },
    set: { abort: { percent: 20, httpStatus: 503 } },
  },
]

async function changeShop(call, cluster) {
  const clusters = [cluster.clusterId]
  let last
  for (const intent of done) last = await call("POST", "/changes", { intent, clusters })
  await call("POST", "/changes", { intent: { control: "undo", changeId: last.changeId } })
}

const themes = ["dark", "light"]

async function show(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" })
  await page.bringToFront()
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme)
  await page.evaluate(() => document.fonts.ready)
}

async function shoot(page, name, theme) {
  if (only.length > 0 && !only.includes(name)) return
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  const path = join(folder, `${name}-${theme}.png`)
  await page.screenshot({ path, caret: "hide" })
  const { size } = statSync(path)
  say(`${path.slice(root.length)} ${Math.round(size / 1000)} kB`)
  if (size > largest) throw new Error(`${path} has ${size} bytes, more than ${largest}`)
}

const product = await startProduct()
const browser = await startBrowser()
try {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: "dark",
    timezoneId: "UTC",
  })
  const tab = async (path) => {
    const page = await context.newPage()
    await page.goto(path.startsWith("http") ? path : `${product.url}${path}`)
    return page
  }
  // Pages that stay open remember each tick for their small lines.
  const overview = await tab(product.link)
  await overview.getByText("Health by namespace").waitFor({ timeout: 120_000 })
  const services = await tab("/services")
  const [cluster] = (await product.call("GET", "/clusters")).items
  for (const [name, role] of [
    ["Ada", "admin"],
    ["Grace", "operator"],
    ["Linus", "viewer"],
  ])
    await product.call("POST", "/members", { email: `${name.toLowerCase()}@harbor.example`, name, role })
  say(`Letting the shop run for ${minutes} min`)
  await delay(minutes * 60_000)

  const service = await tab(`/services/${cluster.clusterId}/checkout/checkout`)
  await service.getByText("Applies here").waitFor()
  const topology = await tab(`/topology?select=svc/${cluster.clusterId}/checkout/checkout`)
  await topology.locator("[data-testid=panel] canvas").first().waitFor()
  const clusters = await tab("/clusters")
  await clusters.getByText("Link events").waitFor()
  const settings = await tab("/settings")
  await settings.getByText("grace@harbor.example").waitFor()
  for (const theme of themes)
    for (const [name, page] of Object.entries({
      overview,
      topology,
      services,
      service,
      clusters,
      settings,
    })) {
      await show(page, theme)
      // Read a moment ago: an age of some seconds is the usual sight.
      await page
        .getByTestId("freshness")
        .getByText(/^Live, [0-9] s$/)
        .waitFor({ timeout: 60_000 })
      await shoot(page, name, theme)
    }

  for (const [name, { of, fill }] of Object.entries(changing)) {
    if (only.length > 0 && !only.includes(name)) continue
    const page = await tab(`/change?cluster=${cluster.clusterId}&${of}`)
    await page.getByTestId("where").waitFor()
    await fill(page)
    // The preview is whole, and Kubernetes has let it pass.
    await page.locator("[data-testid=apply]:not([disabled])").waitFor({ timeout: 60_000 })
    await page
      .getByTestId("access")
      .getByText(/checked \d/)
      .waitFor({ timeout: 60_000 })
    for (const theme of themes) {
      await show(page, theme)
      await shoot(page, name, theme)
    }
    await page.close()
  }
  await changeShop(product.call, cluster)
  const history = await tab("/changes")
  await history.getByText("Shift orders to stable 80 %").first().waitFor()
  for (const theme of themes) {
    await show(history, theme)
    await shoot(history, "changes", theme)
  }

  await breakShop()
  const validation = await tab("/validation")
  await validation.getByText("coupons.checkout").first().click()
  await validation.getByText("removes 1 finding, adds 0").waitFor()
  const editor = await tab("/validation?q=coupons&mode=edit")
  await editor.getByText("adds 0 findings, removes 0").waitFor()
  await editor.locator(".cm-line").filter({ hasText: "host: coupons.checkout" }).click()
  await editor.keyboard.press("End")
  await editor.keyboard.type(".svc.cluster.local")
  await editor.getByText("removes 1").waitFor()
  for (const theme of themes)
    for (const [name, page] of Object.entries({ validation, editor })) {
      await show(page, theme)
      await shoot(page, name, theme)
    }

  // Last, for a cluster that joins makes every page wait for its agent.
  const adding = await tab("/clusters?add=1")
  await adding.getByRole("textbox", { name: "Name of the cluster" }).fill("staging-eu")
  await adding.keyboard.press("Enter")
  await adding.getByRole("checkbox", { name: /^Traffic/ }).check()
  await adding.getByRole("button", { name: /^Make the install line/ }).click()
  await adding.getByTestId("install-command").waitFor()
  for (const theme of themes) {
    await show(adding, theme)
    await shoot(adding, "add-cluster", theme)
  }
} finally {
  await browser.close()
  await product.stop()
  rmSync(data, { recursive: true, force: true })
}

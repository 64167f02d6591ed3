// The pictures of docs/screenshots, of the demo shop: `node test/e2e/screenshots.mjs [MINUTES]`. It runs so many minutes before (12 when
// not given), so that charts have a history.
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { ensureInstalled, node24, root } from "../../cli/start/install.mjs"

const say = (line) => console.log(line)
ensureInstalled(say)
if (!process.features.typescript) {
  const self = fileURLToPath(import.meta.url)
  process.exit(spawnSync(node24(), [self, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1)
}
const { startBrowser } = await import("./browser.ts")

const minutes = Number(process.argv[2] ?? 12)
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

const themes = ["dark", "light"]

async function show(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" })
  await page.bringToFront()
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme)
  await page.evaluate(() => document.fonts.ready)
}

async function shoot(page, name, theme) {
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

// Pictures of the console for docs/screenshots, at 1440x900 in both themes.
//   node test/e2e/screenshots.mjs 'http://127.0.0.1:7780/sign-in?code=...'     after npm start has run for some minutes
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"

const [link] = process.argv.slice(2)
if (!link) {
  console.error("usage: node test/e2e/screenshots.mjs SIGN-IN-LINK")
  process.exit(2)
}
const folder = fileURLToPath(new URL("../../docs/screenshots", import.meta.url))
mkdirSync(folder, { recursive: true })
const args =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: args.split(" "),
})
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
const page = await context.newPage()
await page.goto(link)
await page.waitForURL(/overview/)
const origin = new URL(link).origin

/** The page as it is once its numbers have come and the network is quiet. */
async function open(path, ready) {
  await page.goto(origin + path)
  await page.locator(ready).first().waitFor()
  await page.waitForLoadState("networkidle").catch(() => undefined)
}

const service = async () => {
  await open("/services", "a[href*='/services/']")
  const href = await page.locator("a[href*='/checkout/checkout']").first().getAttribute("href")
  await open(href ?? "/services", "canvas")
}
const pages = {
  overview: () => open("/overview", "canvas"),
  topology: async () => {
    await open("/topology", "[data-testid=node]")
    await page.locator("[data-testid=node][data-name=checkout]").first().click({ force: true })
    await page.locator("[data-testid=panel] canvas").first().waitFor()
    await page.mouse.move(700, 20)
  },
  services: () => open("/services", "a[href*='/services/']"),
  service,
  clusters: () => open("/clusters", "text=Link events"),
}
for (const theme of ["dark", "light"]) {
  await page.emulateMedia({ colorScheme: theme })
  for (const [name, show] of Object.entries(pages)) {
    await show()
    await page.screenshot({ path: `${folder}/${name}-${theme}.png` })
    console.log(`${name}-${theme}.png`)
  }
}
await browser.close()

import { setTimeout as delay } from "node:timers/promises"
import type { Page } from "playwright-core"
import { chromiumMissing, startBrowser } from "../e2e/browser.ts"
import { type Product, productMissing, startProduct } from "../e2e/product.ts"
import { mergePatch, watchLines } from "./kube-watch.ts"
import { createRandom } from "./mesh.ts"
import { loadNote, ms, notRun, progress, quantile, report } from "./report.ts"

const changesOfEach = 20
const namespace = "bookinfo"

/** The words or the node that a change puts on screen. */
type Wanted = { text: string } | { node: string }

/** In the page: `smmWait(wanted)` begins to look; `smmSeen()` is when the frame that shows it was done, by the clock of the machine. */
function observe(): void {
  let wanted: { text?: string; node?: string } | undefined
  let seen = Promise.withResolvers<number>()
  const shows = ({ type, target, addedNodes }: MutationRecord): boolean => {
    if (!wanted) return false
    if (wanted.node !== undefined)
      return [...addedNodes].some(
        (node) => node instanceof Element && node.getAttribute("data-id") === wanted?.node,
      )
    const { text = "" } = wanted
    return type === "characterData"
      ? (target.textContent?.includes(text) ?? false)
      : [...addedNodes].some((node) => node.textContent?.includes(text))
  }
  new MutationObserver((records) => {
    if (!records.some(shows)) return
    wanted = undefined
    const { resolve } = seen
    // The message is handled after the frame whose callbacks run now: it is laid out and painted then.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => resolve(Date.now())
      port2.postMessage(null)
    })
  }).observe(document, { childList: true, characterData: true, subtree: true })
  Object.assign(window, {
    smmWait: (next: Wanted) => {
      wanted = next
      seen = Promise.withResolvers<number>()
    },
    smmSeen: () => seen.promise,
  })
}

type Change = {
  wanted: Wanted
  /** Words of the event in a watch. */
  heard: string
  make(): Promise<unknown>
}
type View = { name: string; address: string; watched: string; change(i: number): Change }

function viewsOf({ kube, plane, cluster }: Product): View[] {
  const services = `/api/v1/namespaces/${namespace}/services`
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`
  const create = (name: string) => () =>
    kube.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { ports: [{ name: "http", port: 80 }] },
    })
  return [
    {
      name: "Service created, table of services",
      address: "/services?q=pixel",
      watched: services,
      change: (i) => {
        const name = `pixel-row-${i}x`
        return { wanted: { text: name }, heard: name, make: create(name) }
      },
    },
    {
      name: "Deployment scaled, table of workloads",
      address: "/workloads?q=details",
      watched: deployments,
      change: (i) => {
        const replicas = 101 + i
        return {
          wanted: { text: `/${replicas}` },
          heard: `"replicas":${replicas}`,
          make: () => mergePatch(plane, `${deployments}/details-v1`, { spec: { replicas } }),
        }
      },
    },
    {
      name: "Service created, graph",
      address: "/topology?idle=shown&nodes=all",
      watched: services,
      change: (i) => {
        const name = `pixel-node-${i}x`
        return {
          wanted: { node: `svc/${cluster}/${namespace}/${name}` },
          heard: name,
          make: create(name),
        }
      },
    },
  ]
}

type Taken = { pixel: number[]; watch: number[] }

async function follow(product: Product, page: Page, view: View): Promise<Taken> {
  const random = createRandom(7)
  const taken: Taken = { pixel: [], watch: [] }
  let expected = ""
  let heard = Promise.withResolvers<number>()
  const watch = await watchLines(product.plane, view.watched, (line) => {
    if (expected !== "" && line.includes(expected)) heard.resolve(Date.now())
  })
  await page.goto(product.cloud.url + view.address)
  await page.getByRole("main").waitFor()
  // The first answer, the subscription, and the first arrangement of the graph.
  await delay(4_000)
  for (let i = -2; i < changesOfEach; i++) {
    // Not in step with anybody's timers.
    await delay(200 + random() * 600)
    const { wanted, heard: words, make } = view.change(i + 2)
    heard = Promise.withResolvers<number>()
    expected = words
    await page.evaluate((next) => (window as unknown as { smmWait(w: Wanted): void }).smmWait(next), wanted)
    const seen = page.evaluate(() => (window as unknown as { smmSeen(): Promise<number> }).smmSeen())
    const begin = Date.now()
    await make()
    const late = delay(20_000, undefined, { ref: false }).then(() => {
      throw new Error(`${view.name}: ${JSON.stringify(wanted)} was not on screen within 20 s`)
    })
    const [shown, told] = await Promise.race([Promise.all([seen, heard.promise]), late])
    if (i < 0) continue
    taken.pixel.push(shown - begin)
    taken.watch.push(told - begin)
  }
  watch.close()
  return taken
}

const pair = (values: readonly number[]): string =>
  `p50 ${ms(quantile(values, 0.5))}, p95 ${ms(quantile(values, 0.95))}`

async function measure(): Promise<void> {
  progress("starting API server, Prometheus, cloud and agent, with Bookinfo and 300 pods")
  const product = await startProduct()
  const browser = await startBrowser()
  try {
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
    await page.addInitScript(observe)
    await page.goto(product.cloud.signInLink)
    await page.waitForURL(/overview/)
    const all: Taken = { pixel: [], watch: [] }
    const notes: string[] = []
    for (const view of viewsOf(product)) {
      progress(`${changesOfEach} times: ${view.name}`)
      const taken = await follow(product, page, view)
      all.pixel.push(...taken.pixel)
      all.watch.push(...taken.watch)
      notes.push(`${view.name} ${pair(taken.pixel)}`)
    }
    report([
      {
        quantity: "object change on the API server -> pixel in Chromium",
        reach: "p50 < 250 ms, p95 < 500 ms",
        measured: pair(all.pixel),
        floor: pair(all.watch),
        note: `${all.pixel.length} changes, from the request sent to the frame done: ${notes.join("; ")}; floor: a bare watch of the same object${loadNote()}`,
      },
    ])
  } finally {
    await browser.close()
    await product.stop()
  }
}

const missing = [productMissing(), chromiumMissing()].filter((note) => note !== null)
if (missing.length > 0)
  report([
    notRun(
      "object change on the API server -> pixel in Chromium",
      "p50 < 250 ms, p95 < 500 ms",
      missing.join("; "),
    ),
  ])
else await measure()

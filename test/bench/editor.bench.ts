import type { Page } from "playwright-core"
import { stringify } from "yaml"
import type { KubeObject } from "#shared/kube/object.ts"
import { editedFamilies } from "#shared/validation/edited-families.ts"
import { type Rig, consoleMissing, startConsole } from "../e2e/console.ts"
import { editedMesh } from "./edited-mesh.ts"
import { loadNote, ms, notRun, progress, quantile, report } from "./report.ts"

const services = 1_000
const keystrokes = 40
const quantity = `keystroke -> markers in Chromium, 400-line YAML, mesh of ${services.toLocaleString("en-US")} services`
const reach = "< 50 ms"

/**
 * In the page: from the key's event until the frame is done that shows what was waited for. `smmWait("")` waits for the text alone to change.
 */
function observe(): void {
  let wanted: string | undefined
  let pressed = 0
  let seen = Promise.withResolvers<number>()
  addEventListener("keydown", ({ timeStamp }) => (pressed = timeStamp), true)
  const look = (): void => {
    if (wanted === undefined) return
    if (wanted !== "" && !document.querySelector(".mk-note b")?.textContent?.includes(wanted)) return
    wanted = undefined
    const { resolve } = seen
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => resolve(performance.now() - pressed)
      port2.postMessage(null)
    })
  }
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true })
  Object.assign(window, {
    smmWait: (next: string) => {
      wanted = next
      seen = Promise.withResolvers<number>()
    },
    smmSeen: () => seen.promise,
  })
}

type Watched = { smmWait(words: string): void; smmSeen(): Promise<number> }

async function press(page: Page, key: string, wanted: string): Promise<number> {
  await page.evaluate((words) => (window as unknown as Watched).smmWait(words), wanted)
  await page.keyboard.press(key)
  return page.evaluate(() => (window as unknown as Watched).smmSeen())
}

/** All that rules read: of what the mesh has none, there is none, and not "not known". */
const kinds = [
  ...new Set(
    editedFamilies.flatMap(({ checks }) => checks.flatMap(({ subject, reads }) => [subject, ...reads])),
  ),
].sort()

/** Answers what the editor asks of the server with a generated mesh: the figure is the browser's alone. */
async function serveMesh(page: Page, cluster: string, mesh: Map<string, KubeObject[]>, edited: KubeObject) {
  const item = (object: KubeObject) => ({ cluster, clusterName: "bench", seenAt: 0, stale: false, object })
  await page.route("**/api/v1/kinds", (route) =>
    route.fulfill({
      json: {
        items: kinds.map((kind) => ({
          kind,
          family: "",
          namespaced: true,
          clusters: [{ cluster, state: { kind, state: "live", reason: "" } }],
        })),
      },
    }),
  )
  await page.route("**/api/v1/objects/**", (route) => {
    const url = new URL(route.request().url())
    const objects = mesh.get(decodeURIComponent(url.pathname.split("/").at(-1) ?? "")) ?? []
    const from = Number(url.searchParams.get("cursor") ?? 0)
    const limit = Number(url.searchParams.get("limit"))
    const next = from + limit < objects.length ? String(from + limit) : null
    return route.fulfill({
      json: { items: objects.slice(from, from + limit).map(item), cursor: next, notices: [] },
    })
  })
  await page.route(`**/api/v1/clusters/${cluster}/objects/**`, (route) =>
    route.fulfill({ json: item(edited) }),
  )
}

async function measure(rig: Rig): Promise<void> {
  const { cluster } = await rig.client.call("createCluster", { body: { name: "bench" } })
  const mesh = editedMesh(services)
  const objects = [...mesh.values()].reduce((sum, list) => sum + list.length, 0)
  const [edited] = mesh.get("VirtualService.networking.istio.io") ?? []
  if (!edited) throw new Error("the mesh has no VirtualService")
  const lines = stringify(edited).split("\n").length
  const context = await rig.context({ viewport: { width: 1600, height: 1000 } })
  const page = await context.newPage()
  await page.addInitScript(observe)
  await serveMesh(page, cluster.clusterId, mesh, edited)
  progress(`opening ${lines} lines over ${objects} objects`)
  const key = `${cluster.clusterId}/VirtualService.networking.istio.io/ns-0/svc-0`
  await page.goto(`${rig.cloud.url}/validation?mode=edit&object=${encodeURIComponent(key)}`)
  await page.getByTestId("delta").getByText("adds 0 findings, removes 0").waitFor({ timeout: 60_000 })

  progress(`${keystrokes} keystrokes in a subset's name, and as many in a comment`)
  await page.locator(".cm-line").filter({ hasText: "subset: v1" }).first().click()
  await page.keyboard.press("End")
  const marked: number[] = []
  for (let i = -4; i < keystrokes; i++) {
    // A subset that is not there: the note comes with the key, and goes with the next.
    const taken = await press(page, "7", "Subset v17 ")
    if (i >= 0) marked.push(taken)
    await page.keyboard.press("Backspace")
    await page.getByTestId("delta").getByText("adds 0 findings, removes 0").waitFor()
  }
  await page.keyboard.type(" # ")
  const floor: number[] = []
  for (let i = -4; i < keystrokes; i++) {
    const taken = await press(page, "x", "")
    if (i >= 0) floor.push(taken)
  }
  const pair = (values: readonly number[]): string =>
    `p50 ${ms(quantile(values, 0.5))}, p95 ${ms(quantile(values, 0.95))}`
  report([
    {
      quantity,
      reach,
      measured: pair(marked),
      floor: pair(floor),
      note: `${lines} lines, ${objects} objects, from the key's event to the frame that shows the note done; floor: a key in a comment of the same text until its frame is done${loadNote()}`,
    },
  ])
}

const missing = consoleMissing()
if (missing !== null) report([notRun(quantity, reach, missing)])
else {
  const rig = await startConsole()
  try {
    await measure(rig)
  } finally {
    await rig.stop()
  }
}

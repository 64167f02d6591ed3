import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Page } from "playwright-core"
import { skipNote } from "#test/real/skip.ts"
import { type Rig, consoleMissing, startConsole } from "./console.ts"
import { countTicks, faintTexts, noteShifts, shiftsOf, unnamed, walkByTab } from "./console-page.ts"
import { until } from "./room.ts"

/** Each page with a word that is there when it is. */
const pages = (cluster: string, change: string): [string, string, string][] => [
  ["overview", "/overview", "Health by namespace"],
  ["topology", "/topology", "Legend"],
  ["a chosen node", `/topology?select=svc/${cluster}/checkout/payment`, "Called by"],
  ["services", "/services", "istio-ingressgateway"],
  ["a peek", `/services?peek=svc/${cluster}/checkout/payment`, "Callers"],
  ["workloads", "/workloads", "istio-ingressgateway"],
  ["validation", "/validation?show=error,warning,info,unknown", "Not evaluated"],
  ["an editor", "/validation?show=error,warning,info,unknown&mode=edit", "objects of"],
  ["a service", `/services/${cluster}/checkout/payment`, "Applies here"],
  ["its configuration", `/services/${cluster}/checkout/payment?tab=config`, "DestinationRule"],
  ["a workload", `/workloads/${cluster}/checkout/payment`, "Applies here"],
  ["changes", "/changes", "owner@localhost|local scripts"],
  ["a peek at a change", `/changes?peek=${change}`, "five minutes before and after"],
  ["a change", `/changes/${change}`, "five minutes before and after"],
  ["a shift to be made", `/change?control=shift&cluster=${cluster}&service=bookinfo/reviews`, "Weights"],
  ["an mTLS mode to be set", `/change?control=mtls&cluster=${cluster}&namespace=bookinfo`, "For safety"],
  [
    "an object to be written",
    `/change?control=objects&cluster=${cluster}&kind=DestinationRule.networking.istio.io&namespace=checkout&name=payment`,
    "objects of",
  ],
  ["a new object", `/change?control=objects&cluster=${cluster}`, "Write VirtualService"],
  ["an undo", `/change?undo=${change}`, "dry run passed"],
  ["clusters", "/clusters", "Link events"],
  ["the wizard", "/clusters?add=1", "Name of the cluster"],
  ["members", "/settings", "owner@localhost"],
  ["tokens", "/settings?tab=tokens", "local scripts"],
  ["the organization", "/settings?tab=organization", "Rename organization"],
]

describe.skipIf(skipNote("e2e: quality of the console's pages", consoleMissing()))(
  "the console's pages",
  () => {
    let rig: Rig
    let cluster: string
    let change: string
    const opened: Page[] = []

    beforeAll(async () => {
      rig = await startConsole()
      cluster = (await rig.acting("shop", "shop")).cluster
      const shifted = await rig.client.call("createChange", {
        body: {
          intent: {
            control: "shift",
            service: { namespace: "bookinfo", name: "reviews" },
            set: { weights: { v1: 70, v2: 20, v3: 10 } },
          },
          clusters: [cluster],
        },
      })
      expect(shifted).toMatchObject({ state: "applied" })
      change = shifted.changeId
    })
    afterAll(() => rig?.stop())
    afterEach(async () => {
      for (const page of opened.splice(0)) await page.context().close()
      expect(rig.problems.splice(0)).toEqual([])
    })

    test("nothing shifts while a page loads, nor at the ticks after it", { timeout: 240_000 }, async () => {
      const found: string[] = []
      const seen: { name: string; page: Page; ticks: { readonly count: number } }[] = []
      for (const [name, path, word] of pages(cluster, change)) {
        const page = await (await rig.context()).newPage()
        opened.push(page)
        await noteShifts(page)
        seen.push({ name, page, ticks: countTicks(page) })
        await page.goto(`${rig.cloud.url}${path}`)
        await page.getByText(new RegExp(word)).first().waitFor({ state: "attached" })
        // Under the pointer nothing moves, not even into a better order.
        await page.mouse.move(640, 420)
      }
      await until(
        "three ticks on every page",
        () => Promise.resolve(seen.every(({ ticks }) => ticks.count >= 3) ? true : undefined),
        { seconds: 150 },
      )
      for (const { name, page } of seen) {
        const { sum, what } = await shiftsOf(page)
        if (sum >= 0.02) found.push(`${name}: ${sum.toFixed(3)}\n  ${what.join("\n  ")}`)
      }
      expect(found).toEqual([])
    })

    test.each(pages("CLUSTER", "CHANGE"))(
      "%s: every control has a name, texts can be read, the focus shows, walks in order and is not held",
      async (_, path, word) => {
        const page = await rig.open(path.replace("CLUSTER", cluster).replace("CHANGE", change))
        opened.push(page)
        await page.getByText(new RegExp(word)).first().waitFor({ state: "attached" })
        expect(await unnamed(page)).toEqual([])
        const faint: string[] = []
        for (const colorScheme of ["dark", "light"] as const) {
          await page.emulateMedia({ colorScheme })
          await page.waitForFunction(
            (wanted) => document.documentElement.dataset["theme"] === wanted,
            colorScheme,
          )
          faint.push(...(await faintTexts(page)).map((text) => `${colorScheme} ${text}`))
        }
        expect(faint).toEqual([])
        const { stops, ends } = await walkByTab(page)
        expect(ends).toBe(true)
        expect(stops.length).toBeGreaterThan(8)
        expect(stops.filter(({ seen }) => !seen).map(({ name }) => name)).toEqual([])
        expect(stops.filter(({ inOrder }) => !inOrder).map(({ name }) => name)).toEqual([])
      },
    )
  },
)

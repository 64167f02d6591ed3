import { readFile } from "node:fs/promises"
import type { Page } from "playwright-core"
import type { Shown } from "./compare.ts"

/** An edge as the canvas draws it, and a node as the list beside it says it. */
export type Drawn = {
  edges: Record<string, string | undefined>[]
  cards: string[]
  /** The same nodes in words, for those who do not see the canvas. */
  list: { id: string; words: string }[]
}

export async function readGraph(page: Page): Promise<Drawn> {
  await page.getByTestId("edge").first().waitFor({ state: "attached" })
  const sets = (testId: string) =>
    page
      .getByTestId(testId)
      .evaluateAll((all) =>
        all.map((one) => ({ ...(one as HTMLElement).dataset, words: one.textContent.trim() })),
      ) as Promise<Record<string, string | undefined>[]>
  const list = await sets("graph-item")
  return {
    edges: await sets("edge"),
    cards: (await sets("node")).map((card) => card["id"] ?? ""),
    list: list.map((item) => ({ id: item["id"] ?? "", words: item["words"] ?? "" })),
  }
}

/** What `Export JSON` saves. */
export async function exportGraph(page: Page): Promise<Shown> {
  await page.getByTestId("export-menu").click()
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("export-json").click(),
  ])
  return JSON.parse(await readFile(await download.path(), "utf8")) as Shown
}

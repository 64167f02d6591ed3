import type { Page } from "playwright-core"

/** Rows of the page's table by the name in their first cell, each with its cells by the head's words. Scrolls, for only what is seen is drawn. */
export async function readTable(page: Page, region: string): Promise<Map<string, Map<string, string>>> {
  const table = page.getByRole("region", { name: region })
  await table.getByRole("row").nth(1).waitFor()
  const heads = await table.getByRole("columnheader").allInnerTexts()
  const rows = new Map<string, Map<string, string>>()
  for (let unchanged = 0; unchanged < 3;) {
    const before = rows.size
    for (const row of await table.getByRole("row").all()) {
      const cells = await row.getByRole("cell").allInnerTexts()
      const name = cells[0]?.trim() ?? ""
      if (name === "") continue
      rows.set(name, new Map(cells.map((text, i) => [heads[i]?.trim() ?? String(i), text.trim()])))
    }
    unchanged = rows.size === before ? unchanged + 1 : 0
    await table.hover()
    await page.mouse.wheel(0, 300)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
  }
  return rows
}

/** Whether a number as it is printed says `wanted`: within a hundredth, and half of the last digit that is shown. */
export function says(shown: string | undefined, wanted: number): boolean {
  const text = (shown ?? "").replaceAll(",", "")
  if (text.startsWith("<")) return wanted < Number.parseFloat(text.slice(1))
  const [digits] = /^[\d.]+/.exec(text) ?? []
  if (digits === undefined) return false
  const [, unit] = /^[\d.]+\s*([kMG]?)/.exec(text) ?? []
  const scale = { k: 1e3, M: 1e6, G: 1e9 }[unit ?? ""] ?? 1
  const half = 0.5 / 10 ** (digits.split(".")[1]?.length ?? 0)
  return Math.abs(Number(digits) * scale - wanted) <= 0.01 * wanted + half * scale + 1e-9
}

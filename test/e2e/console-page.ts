import type { Page } from "playwright-core"

/** What a sweep of a page found wrong, in words; empty when nothing. */
export async function unnamed(page: Page): Promise<string[]> {
  const snapshot = await page.locator("body").ariaSnapshot()
  const roles =
    "button|link|textbox|searchbox|combobox|checkbox|radio|tab|menuitem|img|region|dialog|progressbar"
  return snapshot
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => new RegExp(`^- (${roles})( \\[[^\\]]*\\])*:?$`).test(line))
}

export type Stop = { name: string; seen: boolean; inOrder: boolean }

/**
 * Walks once through the page by Tab, from its start until it begins anew. `seen`: the focus shows. Ends after 400 stops: then
 * something holds the focus.
 */
export async function walkByTab(page: Page): Promise<{ stops: Stop[]; ends: boolean }> {
  await page.evaluate(() => {
    const start = document.createElement("span")
    start.tabIndex = -1
    document.body.prepend(start)
    start.focus()
  })
  const stops: Stop[] = []
  for (let i = 0; i < 400; i++) {
    await page.keyboard.press("Tab")
    const stop = await page.evaluate(async () => {
      const one = document.activeElement as (HTMLElement & { smmSeen?: boolean }) | null
      if (!one || one === document.body) return "end"
      if (one.smmSeen) return "again"
      one.smmSeen = true
      const lit = (element: Element | null): boolean => {
        if (!element) return false
        const style = getComputedStyle(element)
        return (
          (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"
        )
      }
      const last = (window as unknown as { smmLast?: Element }).smmLast
      const inOrder = !last || (last.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) > 0
      ;(window as unknown as { smmLast?: Element }).smmLast = one
      // A field is lit by its frame, an item of the graph's list by its card on the canvas; an editor takes some frames.
      const isSeen = () =>
        lit(one) ||
        lit(one.closest(":focus-within:not(body):not(html)")) ||
        lit(one.parentElement) ||
        lit(one.parentElement?.parentElement ?? null) ||
        // A slider is lit by its thumb.
        (one.getAttribute("role") === "slider" && [...one.children].some(lit)) ||
        one.dataset["testid"] === "graph-item"
      for (let frame = 0; frame < 12 && !isSeen(); frame++)
        await new Promise((resolve) => requestAnimationFrame(resolve))
      return {
        name: `${one.tagName.toLowerCase()} ${one.getAttribute("aria-label") ?? one.textContent?.trim().slice(0, 40) ?? ""}`,
        seen: isSeen(),
        inOrder,
      }
    })
    if (stop === "end") return { stops, ends: true }
    if (stop === "again") return { stops, ends: stops.length > 1 }
    stops.push(stop)
  }
  return { stops, ends: false }
}

/** Texts whose contrast with what is behind them is below 4.5:1, with the ratio. What is off may be lower, as WCAG has it. */
export const faintTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = 1
    const pen = canvas.getContext("2d", { willReadFrequently: true })
    if (!pen) return ["no canvas"]
    type Color = [number, number, number]
    /** The colours, one painted over the other. */
    const painted = (colors: string[]): Color => {
      pen.clearRect(0, 0, 1, 1)
      for (const color of colors) {
        pen.fillStyle = color
        pen.fillRect(0, 0, 1, 1)
      }
      const [r = 0, g = 0, b = 0] = pen.getImageData(0, 0, 1, 1).data
      return [r, g, b]
    }
    const luminance = (color: Color): number => {
      const [r = 0, g = 0, b = 0] = color.map((part) => {
        const value = part / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element: Element): string[] => {
      const all: string[] = []
      for (let one: Element | null = element; one; one = one.parentElement)
        all.unshift(getComputedStyle(one).backgroundColor)
      return all
    }
    const found = new Set<string>()
    for (const element of document.querySelectorAll("body *")) {
      const text = [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent?.trim() ?? "")
        .join(" ")
        .trim()
      if (!(element instanceof HTMLElement) || text === "" || text === "-") continue
      if (element.closest(":disabled, .sr, .off, .skip") || !element.checkVisibility()) continue
      const backs = behind(element)
      const [one, other] = [
        luminance(painted([...backs, getComputedStyle(element).color])),
        luminance(painted(backs)),
      ].sort((a, b) => b - a)
      const ratio = ((one ?? 0) + 0.05) / ((other ?? 0) + 0.05)
      if (ratio < 4.5) found.add(`${ratio.toFixed(2)} ${text.slice(0, 40)}`)
    }
    return [...found]
  })

/** Notes layout shifts that nobody asked for, from the first paint on. */
export const noteShifts = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const all: { value: number; what: string[] }[] = []
    ;(window as unknown as { smmShifts: typeof all }).smmShifts = all
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const shift = entry as PerformanceEntry & {
          value: number
          hadRecentInput: boolean
          sources: { node: Node | null }[]
        }
        if (shift.hadRecentInput) continue
        // The editor lays a tooltip out beside the page, then places it: what was seen stays where it was.
        const isTooltip = ({ node }: { node: Node | null }): boolean =>
          node instanceof Element && node.closest(".cm-tooltip") !== null
        if (shift.sources.length > 0 && shift.sources.every(isTooltip)) continue
        all.push({
          value: shift.value,
          what: shift.sources.map(({ node }) =>
            node instanceof Element
              ? `${node.tagName.toLowerCase()}.${node.className} ${node.textContent?.trim().slice(0, 30) ?? ""}`
              : String(node?.textContent),
          ),
        })
      }
    }).observe({ type: "layout-shift", buffered: true })
  })
}

/** The sum of the shifts so far, and what shifted. */
export const shiftsOf = (page: Page): Promise<{ sum: number; what: string[] }> =>
  page.evaluate(() => {
    const all = (window as unknown as { smmShifts: { value: number; what: string[] }[] }).smmShifts
    return {
      sum: all.reduce((sum, { value }) => sum + value, 0),
      what: all.map(({ value, what }) => `${value.toFixed(4)} ${what.join(" | ")}`),
    }
  })

/** Counts the ticks that the page's socket brings. */
export function countTicks(page: Page): { readonly count: number } {
  const seen = { count: 0 }
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes('"type":"tick"')) seen.count++
    }),
  )
  return seen
}

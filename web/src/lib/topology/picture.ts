import interUrl from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url"
import { mount, unmount } from "svelte"
import Picture from "./Picture.svelte"
import type { TopologyView } from "./view.svelte.ts"

const scale = 2

async function dataUrl(url: string): Promise<string> {
  const blob = await (await fetch(url)).blob()
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new Error(`cannot read ${url}`))
    reader.readAsDataURL(blob)
  })
}

/** A picture stands alone: the values of our tokens instead of their names. */
function withValues(svg: string): string {
  const style = getComputedStyle(document.documentElement)
  const valueOf = (text: string): string =>
    text.replaceAll(/var\((--[\w-]+)\)/g, (_, name: string) => valueOf(style.getPropertyValue(name).trim()))
  return valueOf(svg)
}

/** The whole graph at 100 %, twice as fine, with its minimap. @throws when the browser cannot draw it */
export async function pictureOf(view: TopologyView, font: string | undefined = undefined): Promise<Blob> {
  const host = document.createElement("div")
  const component = mount(Picture, { target: host, props: { view } })
  try {
    const svg = host.querySelector("svg")
    if (!svg) throw new Error("the graph is empty")
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style")
    style.textContent = `@font-face{font-family:"Inter Variable";src:url(${font ?? (await dataUrl(interUrl))}) format("woff2");font-weight:100 900}text{font-family:"Inter Variable",sans-serif;font-variant-numeric:tabular-nums}.dim{opacity:.4}`
    svg.prepend(style)
    const text = withValues(new XMLSerializer().serializeToString(svg))
    const image = new Image()
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
    await image.decode()
    const canvas = document.createElement("canvas")
    canvas.width = Number(svg.getAttribute("width")) * scale
    canvas.height = Number(svg.getAttribute("height")) * scale
    const context = canvas.getContext("2d")
    if (!context) throw new Error("this browser gives no canvas")
    context.scale(scale, scale)
    context.drawImage(image, 0, 0)
    return await new Promise((resolve, reject) =>
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))),
        "image/png",
      ),
    )
  } finally {
    await unmount(component)
  }
}

import uPlot from "uplot"
import { formatTime } from "#shared/format/time.ts"
import { niceTop, partsOf } from "./scale.ts"

/** A line of a chart. `color` is a token of tokens.css (`--s1`). */
export type Line = {
  label: string
  color: string
  values: readonly (number | null)[]
  /** Opacity of the area under it, 0..1; absent: no area. */
  fill?: number
  dash?: number[]
  width?: number
}
/** Something that happened: a dashed vertical line with a triangle. */
export type Mark = { at: number; label: string }

export type PlotOptions = {
  width: number
  height: number
  lines: readonly Line[]
  marks: () => readonly Mark[]
  /** Text of a y label. */
  format: (value: number) => string
  /** Charts with the same key share their cursor. */
  sync: string
  max: number | undefined
  /** The lines are sums already: each fills down to the one before it. */
  stack: boolean
  /** The whole time shown, also where nothing was measured. */
  range: () => { from: number; to: number } | undefined
  onmove: (index: number | null, left: number) => void
  onselect: ((from: number, to: number) => void) | undefined
}

/** The value of a token as a canvas takes it, with an opacity. */
function ink(host: Element, token: string, opacity = 1): string {
  const color = getComputedStyle(host).getPropertyValue(token).trim()
  return opacity < 1 ? `color-mix(in oklab, ${color} ${opacity * 100}%, transparent)` : color
}

/** Values with a hole on both sides: a line cannot show them, so they are points. */
const alone = (values: ArrayLike<number | null | undefined>): number[] =>
  Array.from(values).flatMap((value, i, all) =>
    value != null && all[i - 1] == null && all[i + 1] == null ? [i] : [],
  )

function hatchHoles(plot: uPlot): void {
  const [times, ...columns] = plot.data
  const { ctx, bbox } = plot
  let from: number | undefined
  const holes: [number, number][] = []
  let begun = false
  times.forEach((time, i) => {
    const hole = columns.every((column) => column[i] == null)
    // Before the first value there was nobody to measure: that is no hole.
    begun ||= !hole
    if (!begun) return
    if (hole && from === undefined) from = times[Math.max(0, i - 1)] ?? time
    if (!hole && from !== undefined) {
      holes.push([from, time])
      from = undefined
    }
  })
  // The newest steps are still being measured; only a longer silence is a hole.
  const last = times.at(-1)
  const step = (times[1] ?? 0) - (times[0] ?? 0)
  if (from !== undefined && last !== undefined && last - from > 2 * step) holes.push([from, last])
  if (holes.length === 0 || columns.length === 0) return
  ctx.save()
  ctx.strokeStyle = ink(plot.root, "--line-2", 0.6)
  ctx.lineWidth = 1
  for (const [start, end] of holes) {
    const left = Math.max(bbox.left, plot.valToPos(start, "x", true))
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(end, "x", true))
    if (right - left < 2) continue
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, bbox.top, right - left, bbox.height)
    ctx.clip()
    ctx.beginPath()
    for (let x = left - bbox.height; x < right; x += 6 * devicePixelRatio) {
      ctx.moveTo(x, bbox.top + bbox.height)
      ctx.lineTo(x + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.restore()
  }
  ctx.restore()
}

function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = ctx.fillStyle = ink(plot.root, "--accent")
  ctx.lineWidth = ratio
  for (const { at } of marks) {
    const x = Math.round(plot.valToPos(at / 1000, "x", true)) + 0.5
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.setLineDash([2 * ratio, 2 * ratio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.beginPath()
    ctx.moveTo(x - 3.5 * ratio, bbox.top - 5 * ratio)
    ctx.lineTo(x + 3.5 * ratio, bbox.top - 5 * ratio)
    ctx.lineTo(x, bbox.top)
    ctx.fill()
  }
  ctx.restore()
}

const axes = (options: PlotOptions): uPlot.Axis[] => [
  {
    size: 20,
    gap: 5,
    space: 52,
    font: "10.5px Inter Variable, sans-serif",
    stroke: (plot) => ink(plot.root, "--text-3"),
    grid: { show: false },
    ticks: { show: false },
    values: (_, splits) => splits.map((at) => formatTime(at * 1000)),
  },
  {
    size: 40,
    gap: 6,
    font: "10.5px Inter Variable, sans-serif",
    stroke: (plot) => ink(plot.root, "--text-3"),
    grid: { stroke: (plot) => ink(plot.root, "--line"), width: 1 },
    ticks: { show: false },
    splits: (plot) => {
      const top = plot.scales["y"]?.max ?? 1
      const parts = partsOf(top, options.height < 100)
      return Array.from({ length: parts + 1 }, (_, i) => (top * i) / parts)
    },
    values: (_, splits) => splits.map((value) => options.format(value)),
  },
]

/** A chart as the console draws them: hairlines, no vertical grid, time in UTC, holes hatched. */
export function createPlot(host: HTMLElement, options: PlotOptions, data: uPlot.AlignedData): uPlot {
  const series: uPlot.Series[] = options.lines.map((line) => ({
    label: line.label,
    stroke: (plot) => ink(plot.root, line.color),
    width: line.width ?? 1.3,
    ...(line.dash ? { dash: line.dash } : {}),
    ...(line.fill ? { fill: (plot: uPlot) => ink(plot.root, line.color, line.fill) } : {}),
    points: {
      show: true,
      size: 3,
      fill: (plot) => ink(plot.root, line.color),
      filter: (plot, index) => alone(plot.data[index] ?? []),
    },
  }))
  const { onselect } = options
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      scales: {
        x: {
          range: (_, low, high) => {
            const range = options.range()
            return range ? [range.from / 1000, range.to / 1000] : [low, high]
          },
        },
        y: { range: (_, __, high) => [0, options.max ?? niceTop(high)] },
      },
      cursor: {
        sync: { key: options.sync },
        y: false,
        drag: { x: onselect !== undefined, y: false, setScale: false },
        points: { size: 6, width: 1.4, fill: (plot) => ink(plot.root, "--surface") },
      },
      axes: axes(options),
      series: [{}, ...series],
      bands: options.stack ? series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] })) : [],
      hooks: {
        drawClear: [hatchHoles],
        draw: [(plot) => drawMarks(plot, options.marks())],
        setCursor: [(plot) => options.onmove(plot.cursor.idx ?? null, plot.cursor.left ?? 0)],
        setSelect: [
          (plot) => {
            if (!onselect || plot.select.width < 4) return
            const at = (left: number) => Math.round(plot.posToVal(left, "x") * 1000)
            onselect(at(plot.select.left), at(plot.select.left + plot.select.width))
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          },
        ],
      },
    },
    data,
    host,
  )
}

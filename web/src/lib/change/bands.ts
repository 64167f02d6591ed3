import type { TrafficEffect } from "#shared/api/change.ts"

/** Traffic of a service now and after as one drawing: ends on both sides, bands between them, width = requests a second. */
export type End = {
  name: string
  /** Its name as there is room for it. */
  text: string
  requestsPerSecond: number
  top: number
  height: number
  /** Baseline of its name: names never overlap. */
  nameAt: number
  color: string
}
export type Bands = {
  height: number
  /** Where the ends of each side stand. */
  columns: Columns
  now: End[]
  after: End[]
  bands: { key: string; path: string; color: string; moved: boolean; title: string }[]
}

type Columns = { now: number; after: number }

export const [width, bar] = [420, 5] as const
/** Of the names, and of the rate beside each. */
const [letter, rateWidth, margin, longest] = [7, 50, 11, 14]
const [head, tall, gap, nameHeight] = [22, 84, 5, 14]
const series = ["--s1", "--s3", "--s4", "--s2", "--s5", "--s6", "--s7"]

/** What is no version. */
const named: Record<string, { color: string; text: string }> = {
  fault: { color: "--failing", text: "fault" },
  none: { color: "--idle", text: "nobody" },
}
export const endName = (name: string): string => named[name]?.text ?? name

/** Both ends of a long name: names of one kind differ there. */
function shortName(name: string): string {
  const text = endName(name)
  return text.length <= longest ? text : `${text.slice(0, longest - 7)}…${text.slice(-6)}`
}

/** Names have the room they need; the bands have the rest. */
function columnsOf(now: readonly End[], after: readonly End[]): Columns {
  const room = (ends: readonly End[]): number =>
    margin + rateWidth + letter * Math.max(4, ...ends.map(({ text }) => text.length))
  return { now: room(now), after: width - bar - room(after) }
}

type Side = "from" | "to"

function ends(bands: TrafficEffect["bands"], side: Side, colors: ReadonlyMap<string, string>): End[] {
  const sums = new Map<string, number>()
  for (const band of bands) sums.set(band[side], (sums.get(band[side]) ?? 0) + band.requestsPerSecond)
  const total = bands.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0)
  const scale = total === 0 ? 0 : tall / total
  let [top, nameAt] = [head, 0]
  return [...sums].sort(byName).map(([name, requestsPerSecond]): End => {
    const height = Math.max(1.5, requestsPerSecond * scale)
    nameAt = Math.max(nameAt + nameHeight, top + height / 2 + 4)
    const end = {
      name,
      text: shortName(name),
      requestsPerSecond,
      top,
      height,
      nameAt,
      color: colors.get(name) ?? "--s8",
    }
    top += height + gap
    return end
  })
}

/** Versions in their order, what is no version below them. */
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number =>
  Number(a in named) - Number(b in named) || a.localeCompare(b, "en", { numeric: true })

function colorsOf(bands: TrafficEffect["bands"]): Map<string, string> {
  const names = [...new Set(bands.flatMap(({ from, to }) => [from, to]))]
    .map((name): [string, null] => [name, null])
    .sort(byName)
  return new Map(names.map(([name], i) => [name, named[name]?.color ?? series[i] ?? "--s8"]))
}

/** A band of one height between the two columns. */
function pathOf(columns: Columns, [from, to]: [number, number], height: number): string {
  const left = columns.now + bar + 1
  const right = columns.after - 1
  const [near, far] = [left + 0.48 * (right - left), left + 0.52 * (right - left)]
  const n = (value: number): string => value.toFixed(1)
  return `M${left} ${n(from)}C${n(near)} ${n(from)} ${n(far)} ${n(to)} ${right} ${n(to)}V${n(to + height)}C${n(far)} ${n(to + height)} ${n(near)} ${n(from + height)} ${left} ${n(from + height)}Z`
}

export function bandsOf(effect: Pick<TrafficEffect, "bands">): Bands {
  const bands = effect.bands.filter(({ requestsPerSecond }) => requestsPerSecond > 0)
  const colors = colorsOf(bands)
  const [now, after] = [ends(bands, "from", colors), ends(bands, "to", colors)]
  const columns = columnsOf(now, after)
  const total = bands.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0)
  const scale = total === 0 ? 0 : tall / total
  const used = new Map<string, number>()
  /** The next free part of an end. */
  const place = (side: Side, list: readonly End[], name: string, height: number): number => {
    const key = `${side} ${name}`
    const at = used.get(key) ?? list.find((end) => end.name === name)?.top ?? head
    used.set(key, at + height)
    return at
  }
  const sorted = [...bands].sort((a, b) => byName([a.from, 0], [b.from, 0]) || byName([a.to, 0], [b.to, 0]))
  const drawn = sorted.map(({ from, to, requestsPerSecond }) => {
    const height = requestsPerSecond * scale
    const at: [number, number] = [place("from", now, from, height), place("to", after, to, height)]
    return {
      key: `${from} ${to}`,
      path: pathOf(columns, at, height),
      color: colors.get(from === to ? from : to) ?? "--s8",
      moved: from !== to,
      title: `${endName(from)} to ${endName(to)}`,
    }
  })
  const lowest = [...now, ...after].reduce((low, end) => Math.max(low, end.top + end.height, end.nameAt), 0)
  return { height: Math.ceil(lowest + 6), columns, now, after, bands: drawn }
}

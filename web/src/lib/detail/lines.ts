import type { SignalSeries } from "#shared/api/mesh.ts"
import type { Line } from "../chart/plot.ts"

const classes: readonly { key: string; label: string; color: string }[] = [
  { key: "2xx", label: "2xx", color: "--s1" },
  { key: "3xx", label: "3xx", color: "--s3" },
  { key: "4xx", label: "4xx", color: "--s2" },
  { key: "other", label: "other", color: "--s8" },
  { key: "5xx", label: "5xx", color: "--failing" },
]

const some = (values: readonly (number | null)[] | undefined): boolean =>
  values?.some((value) => value !== null && value > 0) ?? false

/** gRPC answers its errors with 200: then only the share of errors tells them apart. */
function outcomeLines(series: SignalSeries): Line[] {
  const part = (of: (ratio: number) => number) =>
    series.requestsPerSecond.map((rate, i) => (rate === null ? null : rate * of(series.errorRatio[i] ?? 0)))
  return [
    { label: "OK", color: "--s1", values: part((ratio) => 1 - ratio), fill: 0.18 },
    { label: "errors", color: "--failing", values: part((ratio) => ratio), fill: 0.6 },
  ]
}

/** Requests by class, errors on top. A class that never answered has no line; without any, 2xx stands for the empty chart. */
export function classLines(series: SignalSeries | undefined): Line[] {
  const seen = classes.filter(({ key }) => some(series?.classes[key]))
  if (series && some(series.errorRatio) && !seen.some(({ key }) => key === "5xx" || key === "other"))
    return outcomeLines(series)
  const drawn = seen.length > 0 ? seen : classes.slice(0, 1)
  return drawn.map(({ key, label, color }) => ({
    label,
    color,
    values: series?.classes[key] ?? series?.requestsPerSecond ?? [],
    fill: key === "5xx" ? 0.6 : 0.18,
  }))
}

export const errorLines = (series: SignalSeries | undefined): Line[] => [
  {
    label: "errors",
    color: "--failing",
    fill: 0.18,
    values: (series?.errorRatio ?? []).map((ratio) => (ratio === null ? null : ratio * 100)),
  },
]

export const latencyLines = (series: SignalSeries | undefined): Line[] =>
  (["p50", "p95", "p99"] as const).map((name) => ({
    label: name,
    color: `--${name}`,
    values: series?.[name] ?? [],
  }))

export const byteLines = (series: SignalSeries | undefined): Line[] => [
  { label: "bytes", color: "--tcp", fill: 0.18, values: series?.bytesPerSecond ?? [] },
]

export type RangeName = "15m" | "1h" | "6h" | "7d"
const minute = 60_000

type Range = { name: RangeName; label: string; ms: number; stepMs: number }
const hour: Range = { name: "1h", label: "1 h", ms: 60 * minute, stepMs: minute }

/** The times a reader may choose, each with a step that gives 15 to 180 points. */
export const ranges: readonly Range[] = [
  { name: "15m", label: "15 min", ms: 15 * minute, stepMs: minute },
  hour,
  { name: "6h", label: "6 h", ms: 360 * minute, stepMs: 2 * minute },
  { name: "7d", label: "7 d", ms: 7 * 1440 * minute, stepMs: 60 * minute },
]
export const rangeNamed = (name: string | null): Range => ranges.find((range) => range.name === name) ?? hour

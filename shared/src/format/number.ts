/**
 * Numbers as people read them, the same in console and CLI: three significant digits, at most one decimal. Zero that was measured is
 * `0`; null, nothing to measure, is `-`.
 */

const nothing = "-"

/** At most three significant digits and one decimal: `0.4`, `41.2`, `118`, `2,340`. */
const short = (value: number): string => {
  if (value >= 100) return String(Math.round(value))
  return String(Math.round(value * 10) / 10)
}

const scales = [
  { above: 999_950_000, by: 1e9, suffix: "G" },
  { above: 999_950, by: 1e6, suffix: "M" },
  { above: 999.5, by: 1e3, suffix: "k" },
]

/** With `k`, `M`, `G` from a thousand up: `2.4k`. */
function scaled(value: number): string {
  const scale = scales.find(({ above }) => value >= above)
  return scale ? `${short(value / scale.by)}${scale.suffix}` : short(value)
}

/** Requests a second without the unit: `118`, `2.4k`, `< 0.1`. */
export function rateNumber(requestsPerSecond: number | null): string {
  if (requestsPerSecond === null) return nothing
  if (requestsPerSecond === 0) return "0"
  return requestsPerSecond < 0.1 ? "< 0.1" : scaled(requestsPerSecond)
}

/** `118 rps`. */
export const formatRate = (requestsPerSecond: number | null): string =>
  requestsPerSecond === null ? nothing : `${rateNumber(requestsPerSecond)} rps`

const byteUnits = ["B", "kB", "MB", "GB", "TB"]

/** Decimal bytes: `1.1 MB`. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return nothing
  let value = bytes
  let unit = 0
  for (; value >= 999.5 && unit < byteUnits.length - 1; unit++) value /= 1000
  return `${value > 0 && value < 0.1 ? "< 0.1" : short(value)} ${byteUnits[unit] ?? ""}`
}

/** `1.1 MB/s`. */
export const formatBytesRate = (bytesPerSecond: number | null): string =>
  bytesPerSecond === null ? nothing : `${formatBytes(bytesPerSecond)}/s`

/** A share 0..1: `2.9 %`; `0.0 %` when zero, `< 0.1 %` when below 0.05 %; never `100.0 %` unless all. */
export function formatShare(ratio: number | null): string {
  if (ratio === null) return nothing
  if (ratio > 0 && ratio < 0.0005) return "< 0.1 %"
  if (ratio < 1 && ratio >= 0.9995) return "> 99.9 %"
  return `${(ratio * 100).toFixed(1)} %`
}

/** Milliseconds: `41 ms`, `0.4 ms`, from a thousand `1.2 s`. */
export function formatLatency(ms: number | null): string {
  if (ms === null) return nothing
  if (ms >= 999.5) return `${short(ms / 1000)} s`
  if (ms > 0 && ms < 0.1) return "< 0.1 ms"
  return `${ms < 10 ? short(ms) : String(Math.round(ms))} ms`
}

/** A whole number with thousands: `12,340`. */
export const formatCount = (count: number): string => count.toLocaleString("en-US")

import type { SignalSeries } from "#shared/api/mesh.ts"
import { formatLatency, formatShare } from "#shared/format/number.ts"

const minute = 60_000

const mean = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

/** The last five minutes beside the five an hour before; null where either was not measured. */
export function againstHourBefore(
  times: readonly number[],
  values: readonly (number | null)[],
  now: number,
): { now: number; before: number } | null {
  const between = (from: number, to: number) =>
    mean(values.filter((_, i) => (times[i] ?? 0) > from && (times[i] ?? 0) <= to))
  const last = between(now - 5 * minute, now)
  const before = between(now - 65 * minute, now - 60 * minute)
  return last === null || before === null ? null : { now: last, before }
}

const signed = (value: number, text: string): string =>
  value > 0 ? `+${text}` : value < 0 ? `-${text}` : text

/** `+2 %`, `0` when it is the same to the digit. */
export function relativeChange(change: { now: number; before: number } | null): string {
  if (!change || change.before === 0) return ""
  const percent = Math.round((change.now / change.before - 1) * 100)
  return percent === 0 ? "0" : signed(percent, `${Math.abs(percent)} %`)
}

/** A change of a share, in points: `+0.06 pts`. */
export function pointsChange(change: { now: number; before: number } | null): string {
  if (!change) return ""
  const points = Math.round((change.now - change.before) * 10_000) / 100
  return points === 0 ? "0" : signed(points, `${Math.abs(points)} pts`)
}

/** A change of a latency: `+12 ms`. */
export function latencyChange(change: { now: number; before: number } | null): string {
  if (!change) return ""
  const ms = change.now - change.before
  return Math.abs(ms) < 0.5 ? "0" : signed(ms, formatLatency(Math.abs(ms)))
}

/**
 * Since when the share of errors has been beyond `tolerance` without a break. `whole`: for as long as the series reaches. Holes do not
 * end it: nothing says that it was better then.
 */
export function failingSince(
  series: SignalSeries,
  tolerance: number,
): { at: number; whole: boolean } | undefined {
  let first: number | undefined
  for (let i = series.times.length - 1; i >= 0; i--) {
    const ratio = series.errorRatio[i] ?? null
    if (ratio === null) continue
    if (ratio < tolerance) break
    first = i
  }
  // Two steps: the first one of a range may be cut.
  return first === undefined ? undefined : { at: series.times[first] ?? 0, whole: first <= 1 }
}

/** What a point of an error chart says. */
export const errorText = (percent: number): string => formatShare(percent / 100)

/** A range that starts with the history when that is shorter, so that a new cluster's charts are not empty; at least ten minutes. */
export function knownRange(
  series: Pick<SignalSeries, "times" | "requestsPerSecond"> | undefined,
  range: { from: number; to: number },
): { from: number; to: number } {
  const first = series?.requestsPerSecond.findIndex((value) => value !== null) ?? -1
  const begin = first < 0 ? undefined : series?.times[first]
  if (begin === undefined || begin <= range.from + 2 * minute) return range
  return { from: Math.max(range.from, Math.min(begin - minute, range.to - 10 * minute)), to: range.to }
}

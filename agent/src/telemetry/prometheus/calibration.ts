import { defaultBounds } from "../reconcile/quantile.ts"

/** What a server's raw samples say about how it can be asked. */
export type Calibration = {
  /** Distance of two scrapes; null when there were too few samples to tell. */
  intervalMs: number | null
  /** Upper bounds of the latency histogram, ascending, up to a minute. */
  bounds: readonly number[]
}

export const uncalibrated: Calibration = { intervalMs: null, bounds: defaultBounds }

type Matrix = { result?: { metric?: Record<string, string>; values?: [number, string][] }[] }

/** Reads the answer of a calibration query. The smallest distance counts: a missed scrape makes larger ones. */
export function calibrationOf(data: unknown): Calibration {
  const series = (data as Matrix).result ?? []
  let interval = Infinity
  const bounds = new Set<number>()
  for (const { metric, values = [] } of series) {
    const bound = Number(metric?.["le"])
    if (Number.isFinite(bound) && bound <= 60_000) bounds.add(bound)
    for (let i = 1; i < values.length; i++) {
      const distance = (values[i]?.[0] ?? 0) - (values[i - 1]?.[0] ?? 0)
      if (distance >= 0.5) interval = Math.min(interval, distance)
    }
  }
  return {
    intervalMs: interval === Infinity ? null : Math.round(interval * 1000),
    bounds: bounds.size > 0 ? [...bounds].sort((a, b) => a - b) : defaultBounds,
  }
}

/** Of Istio's addon, and the shorter of what people use. */
const usualIntervalMs = 15_000

/**
 * A window that holds at least two samples of each series, also when one scrape was late: `rate` of fewer is nothing, and an edge
 * would seem to have gone.
 */
export const windowFor = (windowMs: number, { intervalMs }: Calibration): number =>
  Math.ceil(Math.max(windowMs, 2.5 * (intervalMs ?? usualIntervalMs)) / 1000) * 1000

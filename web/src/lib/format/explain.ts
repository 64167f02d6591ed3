import { formatAge, formatTimeSeconds } from "#shared/format/time.ts"

export type Explained = {
  /** Exact, with its unit: `2.937 %`. */
  exact: string
  windowSeconds: number
  at: number
  now: number
  /** `Prometheus in prod-eu-1`. */
  source?: string
}

/** What a number says on hover: `2.937 %, 5 min to 14:32:00, 8 s old, Prometheus in prod-eu-1`. */
export function explain({ exact, windowSeconds, at, now, source }: Explained): string {
  const window = windowSeconds >= 60 ? formatAge(windowSeconds * 1000) : `${Math.round(windowSeconds)} s`
  const parts = [exact, `${window} to ${formatTimeSeconds(at)} UTC`, `${formatAge(now - at)} old`]
  return [...parts, ...(source === undefined ? [] : [source])].join(", ")
}

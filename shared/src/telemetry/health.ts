import type { Health, HealthState, Signals } from "../topology/document.ts"

export type HealthInput = {
  /** What it receives (a gateway: sends). */
  signals: Signals
  windowMs: number
  pods: { ready: number; total: number } | null
  /** It sends traffic, so it is not idle even when it receives none. */
  sends: boolean
  /** All that is known of it is old: no claim is made. */
  stale: boolean
  /** Its signals are old; its pods are of now. */
  old: boolean
  /** false for what has no health of its own, such as an unknown source. */
  measurable: boolean
}

/** Share of errors from which points are lost, and from which all 60 of that term are. */
const tolerance = { watch: 0.005, all: 0.1 }
const lowTraffic = 20

const percent = (ratio: number): string =>
  ratio > 0 && ratio < 0.0005 ? "< 0.1 %" : `${(ratio * 100).toFixed(1)} %`

/** 0.5 % costs 11 points (watch), 2 % 33 (degraded), 5 % and more 61 (failing): a straight line in the logarithm of the share. */
function errorCost(ratio: number): number {
  if (ratio < tolerance.watch) return 0
  return Math.min(
    80,
    Math.round(
      11 + 50 * (Math.log(ratio / tolerance.watch) / Math.log(tolerance.all / (2 * tolerance.watch))),
    ),
  )
}

const podCost = ({ ready, total }: { ready: number; total: number }): number =>
  total === 0 ? 0 : Math.round((1 - ready / total) * 60)

const stateOf = (score: number): HealthState =>
  score >= 90 ? "ok" : score >= 70 ? "watch" : score >= 40 ? "degraded" : "failing"

function costs({ signals, pods, old }: HealthInput): Health["reasons"] {
  const reasons: Health["reasons"] = []
  const ratio = old ? null : signals.errorRatio
  if (ratio !== null && errorCost(ratio) > 0)
    reasons.push({
      text: `Errors ${percent(ratio)}, tolerance ${percent(tolerance.watch)}`,
      cost: errorCost(ratio),
    })
  if (pods && podCost(pods) > 0)
    reasons.push({ text: `Ready ${pods.ready} of ${pods.total} pods`, cost: podCost(pods) })
  return reasons
}

const without = (state: "idle" | "unknown", reasons: Health["reasons"] = []): Health => ({
  state,
  score: null,
  lowConfidence: false,
  reasons,
})

/**
 * The score of a node or an edge: 100 less the cost of each term, and the terms themselves. Health is never claimed from old data, and
 * pods that are not ready count even without traffic.
 */
export function healthOf(input: HealthInput): Health {
  if (input.stale || !input.measurable) return without("unknown")
  const { signals } = input
  const reasons = costs(input)
  if (input.old && reasons.length === 0) return without("unknown")
  const receives =
    (signals.requestsPerSecond ?? 0) > 0 || signals.bytesPerSecond.sent + signals.bytesPerSecond.received > 0
  if (!receives && !input.sends && reasons.length === 0) return without("idle")
  const score = Math.max(0, 100 - reasons.reduce((sum, { cost }) => sum + cost, 0))
  const requests = ((signals.requestsPerSecond ?? 0) * input.windowMs) / 1000
  return {
    state: stateOf(score),
    score,
    lowConfidence: !input.old && signals.requestsPerSecond !== null && requests < lowTraffic,
    reasons,
  }
}

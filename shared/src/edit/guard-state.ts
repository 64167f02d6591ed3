import type { Guard } from "./guard.ts"

/** What was measured of a change's services in one window; null: there were no requests to tell by. */
export type GuardSample = {
  at: number
  windowMs: number
  errorsPercent: number | null
  p95Ms: number | null
}

/** How far a guard is. All that it needs after a restart. */
export type GuardState = {
  /** From when on a bound has been exceeded without a break; null: it is not. */
  exceededSince: number | null
  /** End of the newest window with requests. */
  measuredAt: number | null
  measuredMs: number
  worst: { errorsPercent: number | null; p95Ms: number | null }
}

export const freshGuard: GuardState = {
  exceededSince: null,
  measuredAt: null,
  measuredMs: 0,
  worst: { errorsPercent: null, p95Ms: null },
}

export type Verdict =
  { state: "watching" } | { state: "fired"; reason: string } | { state: "passed" | "blind"; reason: string }

/** Windows that are missing between two that exceed: what was in between is not known, and is not held against the change. */
const gapWindows = 3

const exceeds = (value: number | null, bound: number | null): boolean =>
  value !== null && bound !== null && value > bound

const isOver = ({ errorsPercent, p95Ms }: Guard, sample: GuardSample): boolean =>
  exceeds(sample.errorsPercent, errorsPercent) || exceeds(sample.p95Ms, p95Ms)

const worse = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)

/** The state after one more window. Windows from before the change, and those without requests, say nothing. */
export function observe(
  guard: Guard,
  { state, since }: { state: GuardState; since: number },
  sample: GuardSample,
): GuardState {
  const { at, windowMs, errorsPercent, p95Ms } = sample
  const from = Math.max(since, at - windowMs)
  const isSilent = errorsPercent === null && p95Ms === null
  if (isSilent || at <= from || (state.measuredAt !== null && at <= state.measuredAt)) return state
  const isGap = state.measuredAt !== null && at - state.measuredAt > gapWindows * windowMs
  const begun = isGap ? null : state.exceededSince
  return {
    exceededSince: isOver(guard, sample) ? (begun ?? from) : null,
    measuredAt: at,
    measuredMs: state.measuredMs + (at - from),
    worst: {
      errorsPercent: worse(state.worst.errorsPercent, errorsPercent),
      p95Ms: worse(state.worst.p95Ms, p95Ms),
    },
  }
}

const number = (value: number): string => String(Number(value.toPrecision(3)))
export function duration(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`
  return ms < 3_600_000 ? `${number(ms / 60_000)} min` : `${number(ms / 3_600_000)} h`
}

/** `errors 4.1 % (bound 2 %)` for each bound of which something is known. */
function figures(guard: Guard, { errorsPercent, p95Ms }: GuardState["worst"]): string[] {
  const errors =
    guard.errorsPercent === null || errorsPercent === null
      ? []
      : [`errors ${number(errorsPercent)} % (bound ${number(guard.errorsPercent)} %)`]
  const slow =
    guard.p95Ms === null || p95Ms === null
      ? []
      : [`p95 ${number(p95Ms)} ms (bound ${number(guard.p95Ms)} ms)`]
  return [...errors, ...slow]
}

/** Whether the newest window makes the guard undo the change. */
export function firing(guard: Guard, state: GuardState, sample: GuardSample): string | null {
  const { exceededSince, measuredAt } = state
  if (exceededSince === null || measuredAt !== sample.at || sample.at - exceededSince < guard.forMs)
    return null
  const over = figures(guard, {
    errorsPercent: exceeds(sample.errorsPercent, guard.errorsPercent) ? sample.errorsPercent : null,
    p95Ms: exceeds(sample.p95Ms, guard.p95Ms) ? sample.p95Ms : null,
  })
  return `${over.join(" and ")} for ${duration(sample.at - exceededSince)}`
}

/** What a guard comes to at its end. One that saw nothing has guarded nothing, and is not taken for good. */
export function ending(
  guard: Guard,
  { state, since }: { state: GuardState; since: number },
  now: number,
): Verdict {
  if (now < since + guard.withinMs) return { state: "watching" }
  const within = duration(guard.withinMs)
  if (state.measuredMs === 0)
    return {
      state: "blind",
      reason: `no requests to the change's services were measured in ${within}: the guard could not tell, and the change stays`,
    }
  const most = figures(guard, state.worst).join(", ")
  const share = Math.min(1, state.measuredMs / guard.withinMs)
  const seen = share < 0.9 ? `; measured in ${duration(state.measuredMs)} of ${within} only` : ""
  return { state: "passed", reason: `at most ${most} in ${within}${seen}` }
}

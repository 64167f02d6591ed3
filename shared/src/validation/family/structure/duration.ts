import { text } from "./schema.ts"
import type { Constraint } from "./schema.ts"

/** Milliseconds in the unit that stands at a place of a text, and how long the unit is written. */
function unitAt(value: string, at: number): { ms: number; length: number } | null {
  const two = value.slice(at, at + 2)
  if (two === "ms") return { ms: 1, length: 2 }
  if (two === "us" || two === "µs" || two === "μs") return { ms: 1e-3, length: 2 }
  if (two === "ns") return { ms: 1e-6, length: 2 }
  const one = value[at]
  if (one === "s") return { ms: 1_000, length: 1 }
  if (one === "m") return { ms: 60_000, length: 1 }
  if (one === "h") return { ms: 3_600_000, length: 1 }
  return null
}

/** The number that starts at a place, and where it ends; a fraction may lack its whole part (`.5s`). */
function numberEnd(value: string, from: number): number {
  let at = from
  let digits = 0
  let dot = false
  for (; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code >= 48 && code <= 57) digits++
    else if (code === 46 && !dot) dot = true
    else break
  }
  return digits > 0 ? at : from
}

/**
 * A duration as Go and CEL read it (`1.5s`, `1h30m`, `-2ms`, `250us`), in milliseconds; NaN when it is none.
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function goDuration(value: string): number {
  let at = value[0] === "-" || value[0] === "+" ? 1 : 0
  const sign = value[0] === "-" ? -1 : 1
  if (value.slice(at) === "0") return 0
  if (at === value.length) return NaN
  let total = 0
  while (at < value.length) {
    const end = numberEnd(value, at)
    const unit = end === at ? null : unitAt(value, end)
    if (unit === null) return NaN
    total += Number(value.slice(at, end)) * unit.ms
    at = end + unit.length
  }
  return sign * total
}

const atLeastOneMs: Constraint<string> = (value, fault) => {
  const ms = goDuration(value)
  if (ms >= 1) return
  if (Number.isNaN(ms))
    fault(
      /^\d+(\.\d+)?$/.test(value)
        ? `${value} has no unit; a duration is written ${value}s or ${value}ms`
        : `${JSON.stringify(value)} is no duration; one is written 500ms, 2s or 1m30s`,
    )
  else fault(`${value} is too short: a duration is at least 1ms`)
}

/** A duration of Istio's API. @see https://protobuf.dev/reference/protobuf/google.protobuf/#duration */
export const duration = text({ rules: [atLeastOneMs] })

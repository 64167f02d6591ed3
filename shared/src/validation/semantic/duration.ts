import { shown } from "./shown.ts"

/** A span of time, exact: whole milliseconds, and the nanoseconds below one (both of the span's sign). */
export type Span = { ms: number; ns: number }

const shape =
  /^[+-]?(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/
const part = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g
const nanos: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
}

/** The most a Go duration holds, in milliseconds: some 292 years. */
const most = 9_223_372_036_854

/** The milliseconds of what most durations look like (`10s`, `250ms`); -1 for another. */
function usualMs(value: string): number {
  let whole = 0
  let at = 0
  for (; at < value.length && at < 6; at++) {
    const digit = value.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) break
    whole = whole * 10 + digit
  }
  if (at === 0 || value.charCodeAt(value.length - 1) !== 115) return -1
  if (value.length === at + 1) return whole * 1000
  return value.length === at + 2 && value.charCodeAt(at) === 109 ? whole : -1
}

/** A duration as Istio reads it from YAML (`1.5s`, `1m30s`, `200ms`, `-3s`); undefined when it is none. */
export function spanOf(value: unknown): Span | undefined {
  if (value === "0") return { ms: 0, ns: 0 }
  if (typeof value !== "string") return undefined
  const usual = usualMs(value)
  if (usual >= 0) return { ms: usual, ns: 0 }
  if (!shape.test(value)) return undefined
  let [ms, ns] = [0, 0]
  for (const [, whole = "", fraction = "", unit = "s"] of value.matchAll(part)) {
    const size = nanos[unit] ?? 0
    if (size >= 1e6) ms += Number(whole) * (size / 1e6)
    else ns += Number(whole) * size
    if (fraction !== "") {
      const below = Math.trunc(Number(`0.${fraction}`) * size)
      ms += Math.trunc(below / 1e6)
      ns += below % 1e6
    }
  }
  ms += Math.trunc(ns / 1e6)
  ns %= 1e6
  if (ms > most) return undefined
  return value.startsWith("-") ? { ms: 0 - ms, ns: 0 - ns } : { ms, ns }
}

/** What is wrong with a duration that Envoy takes in whole milliseconds, at least one. Source: istio `ValidateDuration`. */
export function durationProblem(value: unknown): string | undefined {
  const span = spanOf(value)
  if (span === undefined) return `${shown(value)} is no duration`
  if (span.ms < 1) return `${shown(value)} is less than 1ms`
  return span.ns === 0 ? undefined : `${shown(value)} is finer than a millisecond`
}

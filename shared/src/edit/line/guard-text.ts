import type { Guard } from "../guard.ts"
import { FlagFault } from "./fault.ts"
import { spanMs, spanText } from "./span.ts"

/** What a guard takes where nothing is said. */
export const guardDefaults = { forMs: 2 * 60_000, withinMs: 30 * 60_000 } as const

const number = String.raw`\d+(?:\.\d+)?(?:e[+-]?\d+)?`
const errors = new RegExp(`^errors\\s*>\\s*(${number})\\s*%$`, "i")
const p95 = new RegExp(`^p95\\s*>\\s*(${number})\\s*(ms|s)$`, "i")
const whole = /^(?<bounds>.+?)(?:\s+for\s+(?<for>\S+))?(?:\s+within\s+(?<within>\S+))?$/i

type Part = { [K in keyof Guard]?: NonNullable<Guard[K]> }

const wants = 'wants a bound such as "errors > 2% for 2m within 30m" or "p95 > 500ms for 2m"'

function boundOf(text: string, all: string): Part {
  const [, percent] = errors.exec(text) ?? []
  if (percent !== undefined) return { errorsPercent: Number(percent) }
  const [, latency, unit] = p95.exec(text) ?? []
  if (latency === undefined) throw new FlagFault(`"${all}": ${wants}`)
  return { p95Ms: Number(latency) * (unit?.toLowerCase() === "s" ? 1_000 : 1) }
}

function timeOf(text: string | undefined, all: string): number | undefined {
  if (text === undefined) return undefined
  const ms = spanMs(text)
  if (ms === undefined) throw new FlagFault(`"${all}": "${text}" is no time; write 30s, 2m or 1h`)
  return ms
}

function partsOf(text: string): Part[] {
  const groups = whole.exec(text.trim())?.groups ?? {}
  const [forMs, withinMs] = [timeOf(groups["for"], text), timeOf(groups["within"], text)]
  return [
    ...(groups["bounds"] ?? "").split(/\s+or\s+/i).map((bound) => boundOf(bound.trim(), text)),
    ...(forMs === undefined ? [] : [{ forMs }]),
    ...(withinMs === undefined ? [] : [{ withinMs }]),
  ]
}

/** The guard of `--undo-if` texts, which add up; what one says twice is refused. @throws FlagFault */
export function guardOf(texts: readonly string[]): Guard | null {
  if (texts.length === 0) return null
  const said: Part = {}
  for (const text of texts) {
    const values = partsOf(text).flatMap((part) => Object.entries(part) as [keyof Guard, number][])
    for (const [key, value] of values) {
      if (said[key] !== undefined && said[key] !== value)
        throw new FlagFault(`"${text}" says otherwise than the bounds before it; a guard has one of each`)
      said[key] = value
    }
  }
  return { errorsPercent: null, p95Ms: null, ...guardDefaults, ...said }
}

/** The guard as `--undo-if` takes it. */
export function guardText({ errorsPercent, p95Ms, forMs, withinMs }: Guard): string {
  const bounds = [
    ...(errorsPercent === null ? [] : [`errors > ${errorsPercent}%`]),
    ...(p95Ms === null ? [] : [`p95 > ${p95Ms}ms`]),
  ]
  return `${bounds.join(" or ")} for ${spanText(forMs)} within ${spanText(withinMs)}`
}

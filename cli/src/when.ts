import { formatMoment } from "#shared/format/time.ts"

/** Of a day (UTC, its start or its end) or a time. NaN for what is no time, and for days that no month has. */
export function dayOrTime(text: string, isEnd: boolean): number {
  if (!/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)) return Number.NaN
  const day = text.slice(0, 10)
  const midnight = Date.parse(day)
  if (Number.isNaN(midnight) || formatMoment(midnight).slice(0, 10) !== day) return Number.NaN
  if (text !== day) return Date.parse(text)
  return isEnd ? Date.parse(`${day}T23:59:59Z`) : midnight
}

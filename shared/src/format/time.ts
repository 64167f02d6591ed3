const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** How long: `4 s`, `27 min`, `5 h`, `3 d`. Below a second, and for a clock that is ahead, `0 s`. */
export function formatAge(ms: number): string {
  if (ms < minute) return `${Math.max(0, Math.floor(ms / second))} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min`
  return ms < day ? `${Math.floor(ms / hour)} h` : `${Math.floor(ms / day)} d`
}

/** How long ago `at` is: an age, beyond 30 days a date `14 Mar` (with the year when it is another). UTC. */
export function formatSince(at: number, now: number): string {
  if (now - at <= 30 * day) return formatAge(now - at)
  const date = new Date(at)
  const text = `${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ""}`
  return date.getUTCFullYear() === new Date(now).getUTCFullYear() ? text : `${text} ${date.getUTCFullYear()}`
}

/** Time of day, UTC: `13:55`. */
export const formatTime = (at: number): string => new Date(at).toISOString().slice(11, 16)

/** Time of day with seconds, UTC: `13:55:07`. */
export const formatTimeSeconds = (at: number): string => new Date(at).toISOString().slice(11, 19)

/** The whole moment, UTC: `2026-11-22 13:55:07`. */
export const formatMoment = (at: number): string => new Date(at).toISOString().slice(0, 19).replace("T", " ")

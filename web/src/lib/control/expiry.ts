/** How long a change stays before the agent takes it back by itself. */
export const expiries = [
  { value: "none", label: "Until somebody removes it", ms: null },
  { value: "600000", label: "10 minutes", ms: 600_000 },
  { value: "1800000", label: "30 minutes", ms: 1_800_000 },
  { value: "3600000", label: "1 hour", ms: 3_600_000 },
  { value: "14400000", label: "4 hours", ms: 14_400_000 },
  { value: "86400000", label: "1 day", ms: 86_400_000 },
] as const

/** Words for a length that is none of the offered ones, such as one from an address. */
export function lengthText(ms: number): string {
  const units = [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1_000],
  ] as const
  const [name, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ["ms", 1]
  const count = ms / size
  return `${count} ${name}${count === 1 || name === "ms" ? "" : "s"}`
}

/** The offered lengths, and the present one where it is none of them. */
export function expiryOptions(ms: number | null): { value: string; label: string }[] {
  const offered = expiries.map(({ value, label }) => ({ value, label }))
  return ms === null || expiries.some((expiry) => expiry.ms === ms)
    ? offered
    : [...offered, { value: String(ms), label: lengthText(ms) }]
}

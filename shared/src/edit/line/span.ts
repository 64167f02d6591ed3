const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof units

/** How long, of a text as `90s`, `1h30m` or `7d`: milliseconds. Undefined when it is none. */
export function spanMs(text: string): number | undefined {
  if (!/^(?:\d{1,12}(?:\.\d{1,6})?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  const sum = parts.reduce((all, [, count = "", unit = "ms"]) => all + Number(count) * units[unit as Unit], 0)
  return Math.round(sum)
}

/** The shortest text that `spanMs` reads as so many whole milliseconds: `1h30m`. */
export function spanText(ms: number): string {
  let rest = Math.round(ms)
  let text = ""
  for (const unit of ["h", "m", "s", "ms"] as const) {
    const count = Math.floor(rest / units[unit])
    if (count > 0) text += `${count}${unit}`
    rest -= count * units[unit]
  }
  return text === "" ? "0s" : text
}

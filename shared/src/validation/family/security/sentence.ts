/** `a`, `a and b`, `a, b and 3 more`. */
export function some(names: readonly string[], most = 3): string {
  const shown = names.slice(0, names.length > most + 1 ? most : names.length)
  const rest = names.length - shown.length
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`
  return shown.length < 2
    ? shown.join("")
    : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1] ?? ""}`
}

/** `1 pod`, `3 pods`. */
export const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? "" : "s"}`

const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row.push(
        Math.min(
          (previous[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    previous = row
  }
  return previous[b.length] ?? 0
}

/** The name that was probably meant, for a message: at most two letters away. */
export function nearest(written: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = 3
  for (const name of names) {
    if (Math.abs(name.length - written.length) >= least) continue
    const away = distance(written, name)
    if (away < least) [best, least] = [name, away]
  }
  return best
}

/** `, did you mean bookinfo?` or nothing. */
export const meant = (written: string, names: Iterable<string>): string => {
  const name = nearest(written, names)
  return name === undefined ? "" : `, did you mean ${name}?`
}

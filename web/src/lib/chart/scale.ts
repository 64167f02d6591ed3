const steps = [1, 1.5, 2, 3, 4, 6, 8, 10]

/** The axis end above a maximum: a round number that three or four equal parts divide into round numbers. */
export function niceTop(max: number): number {
  if (!(max > 0) || !Number.isFinite(max)) return 1
  const power = 10 ** Math.floor(Math.log10(max))
  return (steps.find((factor) => factor * power >= max * (1 - 1e-9)) ?? 10) * power
}

/** How many equal parts make round labels of that axis end; half as many where it is low. */
export function partsOf(top: number, low = false): number {
  const lead = Math.round((top / 10 ** Math.floor(Math.log10(top) + 1e-9)) * 10) / 10
  if (lead === 1.5 || lead === 3 || lead === 6) return 3
  return low ? 2 : 4
}

export const largest = (columns: readonly (readonly (number | null)[])[]): number =>
  columns.reduce(
    (most, column) =>
      column.reduce((top: number, value) => (value !== null && value > top ? value : top), most),
    0,
  )

/** Columns drawn one on the other. A point where every part is a hole stays a hole; where some are, they count as nothing. */
export function stacked(columns: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const sums: (number | null)[] = []
  return columns.map((column) =>
    column.map((value, i) => {
      const hole = columns.every((other) => (other[i] ?? null) === null)
      sums[i] = hole ? null : (sums[i] ?? 0) + (value ?? 0)
      return sums[i]
    }),
  )
}

/** The paths of a sparkline: one line and one area a run of values; a hole is a gap. A value alone is a dot-long line. */
export type SparkPath = { line: string; area: string }

/** Zero is always the floor. `max`: the top of the scale; without it, a little above the largest value. */
export function sparkPath(
  values: readonly (number | null)[],
  size: { width: number; height: number; max?: number | undefined },
): SparkPath {
  const { width, height } = size
  const top = size.max ?? Math.max(0, ...values.map((value) => value ?? 0)) * 1.08
  const x = (i: number) => (values.length > 1 ? (i / (values.length - 1)) * width : width)
  const y = (value: number) => height - 1 - (top > 0 ? Math.min(1, value / top) : 0) * (height - 2)
  const runs: { x: number; y: number }[][] = []
  let run: { x: number; y: number }[] | undefined
  values.forEach((value, i) => {
    if (value === null) {
      run = undefined
      return
    }
    if (!run) runs.push((run = []))
    run.push({ x: x(i), y: y(value) })
  })
  const at = (point: { x: number; y: number }) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`
  const lineOf = (points: { x: number; y: number }[]) =>
    points.map((point, i) => `${i === 0 ? "M" : "L"}${at(point)}`).join("") +
    (points.length === 1 ? "h-1" : "")
  return {
    line: runs.map(lineOf).join(""),
    area: runs
      .filter((points) => points.length > 1)
      .map(
        (points) =>
          `${lineOf(points)}L${(points.at(-1)?.x ?? 0).toFixed(1)} ${height}L${(points[0]?.x ?? 0).toFixed(1)} ${height}Z`,
      )
      .join(""),
  }
}

/** Without the time before the first value, when nobody measured. */
export const sinceKnown = (values: readonly (number | null)[]): readonly (number | null)[] =>
  values.slice(
    Math.max(
      0,
      values.findIndex((value) => value !== null),
    ),
  )

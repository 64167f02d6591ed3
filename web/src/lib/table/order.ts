/** How a column compares; rows without a value come last in either direction. */
export type Sort = { column: string; descending: boolean }

/** `?sort=p95` rising, `?sort=-p95` falling; undefined for the table's own order. */
export const sortOf = (text: string | null): Sort | undefined =>
  text ? { column: text.replace(/^-/, ""), descending: text.startsWith("-") } : undefined
export const sortText = (sort: Sort | undefined): string =>
  sort ? `${sort.descending ? "-" : ""}${sort.column}` : ""

/** Numbers want their largest first and names their A first: the first press of a head, then the other way, then the table's own order. */
export function nextSort(now: Sort | undefined, column: string, numeric: boolean): Sort | undefined {
  if (now?.column !== column) return { column, descending: numeric }
  return now.descending === numeric ? { column, descending: !numeric } : undefined
}

export type SortValue = string | number | null

export function compareValues(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  const rising =
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : a === b ? 0 : 1
  return descending ? -rising : rising
}

/** Stable: equal values keep the order they came in. */
export function sortRows<Row>(
  rows: readonly Row[],
  read: (row: Row) => SortValue,
  descending: boolean,
): Row[] {
  return rows
    .map((row) => ({ row, value: read(row) }))
    .sort((a, b) => compareValues(a.value, b.value, descending))
    .map(({ row }) => row)
}

/**
 * Rows keep the places in which the reader sees them while new values arrive; what is gone leaves, what is new stands at the end.
 * `moved`: the wanted order differs, and waits to be accepted.
 */
export function holdOrder<Row>(
  shown: readonly string[],
  wanted: readonly Row[],
  id: (row: Row) => string,
): { rows: Row[]; moved: boolean } {
  const left = new Map(wanted.map((row) => [id(row), row]))
  const kept = shown.flatMap((key) => {
    const row = left.get(key)
    left.delete(key)
    return row === undefined ? [] : [row]
  })
  const rows = [...kept, ...left.values()]
  return { rows, moved: rows.some((row, i) => row !== wanted[i]) }
}

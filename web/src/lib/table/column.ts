import type { SortValue } from "./order.ts"

/** A column of a table. The first one is pinned and never hidden. */
export type Column<Row> = {
  key: string
  /** With the unit: `p95 ms`. */
  head: string
  /** Pixels; absent on the one that takes the rest. */
  width?: number
  numeric?: boolean
  /** Leaves below 1200 px. */
  wide?: boolean
  /** Absent: it cannot be sorted by. */
  sort?: (row: Row) => SortValue
  /** Exact value for the clipboard; absent: what it is sorted by. */
  copy?: (row: Row) => string | number | null
}

export const copyColumns = <Row>(columns: readonly Column<Row>[]) =>
  columns.map((column) => ({
    head: column.head,
    value: column.copy ?? column.sort ?? (() => null),
  }))

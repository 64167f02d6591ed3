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

/** Does a key press belong to the page, and not to a field, a menu or a dialog? */
export function isPageKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false
  const target = event.target instanceof Element ? event.target : null
  return !target?.closest(
    "input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox], .cm-editor",
  )
}

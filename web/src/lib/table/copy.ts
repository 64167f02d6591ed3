const cell = (value: string | number | null): string =>
  value === null ? "" : String(value).replaceAll(/[\t\r\n]+/g, " ")

/** Rows as tab separated text for a spreadsheet: exact values, units in the head. */
export const tsvOf = <Row>(
  columns: readonly { head: string; value: (row: Row) => string | number | null }[],
  rows: readonly Row[],
): string =>
  [
    columns.map((column) => cell(column.head)),
    ...rows.map((row) => columns.map((column) => cell(column.value(row)))),
  ]
    .map((cells) => cells.join("\t"))
    .join("\n")

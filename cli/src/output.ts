import { yamlText } from "#shared/document/write.ts"
import type { Io } from "./io.ts"

export const formats = ["table", "wide", "json", "yaml"] as const
export type Format = (typeof formats)[number]

/** A column of a table: its head, its cell, at the right side for numbers, and only in `-o wide`. */
export type Column<T> = { head: string; cell: (row: T) => string; right?: true; wide?: true }

const gap = "  "

/** Control characters of other people's texts never reach the terminal. */
export const clean = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?")

export function tableText<T>(rows: readonly T[], columns: readonly Column<T>[], wide: boolean): string {
  const shown = columns.filter((column) => wide || column.wide !== true)
  const lines = [
    shown.map(({ head }) => head),
    ...rows.map((row) => shown.map(({ cell }) => clean(cell(row)))),
  ]
  const widths = shown.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  const pad = (text: string, i: number): string =>
    shown[i]?.right === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)
  return `${lines.map((line) => line.map(pad).join(gap).trimEnd()).join("\n")}\n`
}

/** Whether somebody wants the document itself. */
export const isDocument = (format: string): format is "json" | "yaml" =>
  format === "json" || format === "yaml"

/** A document as JSON or YAML. */
export const documentText = (format: "json" | "yaml", document: unknown): string =>
  format === "json" ? `${JSON.stringify(document, null, 2)}\n` : yamlText(document)

/** Rows as a table, or the document they came from as it is. */
export function print<T>(
  io: Io,
  format: Format,
  document: unknown,
  table: { rows: readonly T[]; columns: readonly Column<T>[]; empty: string },
): void {
  if (isDocument(format)) return io.out(documentText(format, document))
  if (table.rows.length === 0) return io.err(`${table.empty}\n`)
  io.out(tableText(table.rows, table.columns, format === "wide"))
}

/** What a reader must know to trust the answer goes to standard error, so that pipes stay clean. */
export function printNotices(io: Io, notices: readonly { message: string }[]): void {
  for (const { message } of notices) io.err(`note: ${clean(message)}\n`)
}

/** Words and documents for a POSIX shell, so that a line can be copied into a terminal and means what it says. */

/** Characters that mean nothing to a shell wherever they stand in a word. `~` and `=` do at its start. */
const plain = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/

/** One word. Nothing inside single quotes has a meaning but the quote itself. */
export const word = (text: string): string =>
  plain.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A command with a document on its standard input. Quoted, the mark keeps the shell out of the document; it never stands in it. */
export function withDocument(command: string, document: string): string {
  const lines = document.replace(/\n$/, "").split("\n")
  let mark = "EOF"
  while (lines.includes(mark)) mark += "_"
  return `${command} <<'${mark}'\n${lines.join("\n")}\n${mark}`
}

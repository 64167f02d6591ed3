const escape = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.)?)/gsu

const letters: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  '"': '"',
  "/": "/",
  "\\": "\\",
  " ": " ",
}

/** The text between double quotes on one line; null for an escape that the general reader shall judge. */
export function escaped(inner: string): string | null {
  let strange = false
  const value = inner.replace(escape, (_, four?: string, two?: string, letter?: string) => {
    const code = four ?? two
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    const read = letter === undefined ? undefined : letters[letter]
    if (read === undefined) strange = true
    return read ?? ""
  })
  return strange ? null : value
}

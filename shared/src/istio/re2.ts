/** POSIX classes in brackets, which JavaScript does not know. */
const posix: Record<string, string> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
}

/** What RE2 refuses and JavaScript takes: looking around, and references back. */
const refused = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</

const quoted = /\\Q([\s\S]*?)(?:\\E|$)/g
const bracketed = /\[:([a-z]+):\]/g
const special = /\(\?P<|\\A|\\z|\\[\s\S]/g
const inline = /^\(\?([imsU]+)\)/

/** A pattern of RE2 in JavaScript's words; undefined where RE2 would not take it. Source: github.com/google/re2/wiki/Syntax. */
export function expressionOf(source: string): RegExp | undefined {
  if (refused.test(source)) return undefined
  const flags = inline.exec(source)?.[1] ?? ""
  const body = source
    .replace(inline, "")
    .replace(quoted, (_, text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`))
    .replace(bracketed, (token, name: string) => posix[name] ?? token)
    .replace(special, (token) =>
      token === "(?P<" ? "(?<" : token === String.raw`\A` ? "^" : token === String.raw`\z` ? "$" : token,
    )
  try {
    return new RegExp(`^(?:${body})$`, flags.replaceAll("U", ""))
  } catch {
    return undefined
  }
}

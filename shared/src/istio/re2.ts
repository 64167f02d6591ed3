import { re2Problem } from "../validation/semantic/re2.ts"

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

const quoted = /\\Q([\s\S]*?)(?:\\E|$)/g
const bracketed = /\[:(\^?)([a-z]+):\]/g
const named = /(?<!\\)\(\?P?<\w+>/g
const inline = /^\(\?([imsU]+)\)/

/** Escapes and groups of RE2 in JavaScript's words, with its `u` flag. */
const special = /\\x\{([0-9A-Fa-f]+)\}|\\([pP])([A-Z])(?![a-z])|\\([0-7]{1,3})|\\([\s\S])/g

const plainEscapes: Record<string, string> = {
  ...{ A: "^", z: "$", a: "\\x07", C: "[\\s\\S]", s: "[\\t\\n\\f\\r ]", S: "[^\\t\\n\\f\\r ]" },
}
const kept = /[bBdDwWfnrtvpP^$\\.*+?()[\]{}|/-]/

const translated = (
  token: string,
  ...[code, property, category, octal, escaped]: (string | undefined)[]
): string => {
  if (code !== undefined) return `\\u{${code}}`
  if (property !== undefined && category !== undefined) return `\\${property}{${category}}`
  if (octal !== undefined) return `\\u{${parseInt(octal, 8).toString(16)}}`
  if (escaped === undefined) return token
  if (escaped === "x") return token
  const plain = plainEscapes[escaped]
  if (plain !== undefined) return plain
  // Any punctuation may be escaped in RE2; with its `u` flag JavaScript only takes what means something.
  return kept.test(escaped) ? token : escaped
}

/**
 * A pattern of RE2 as a JavaScript one that takes whole texts; undefined where RE2 does not take it, and Envoy refuses the routes it stands in.
 * Source: github.com/google/re2/wiki/Syntax.
 */
export function expressionOf(source: string): RegExp | undefined {
  // Names of groups decide nothing; that two are alike Istio's validation minds, and RE2 itself does not.
  const unnamed = source.replace(named, "(")
  if (re2Problem(unnamed) !== undefined) return undefined
  const flags = inline.exec(unnamed)?.[1] ?? ""
  const body = unnamed
    .replace(inline, "")
    .replace(quoted, (_, text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`))
    .replace(bracketed, (token, negated: string, name: string) =>
      negated === "" ? (posix[name] ?? token) : token,
    )
    .replace(special, translated)
  for (const unicode of ["u", ""])
    try {
      return new RegExp(`^(?:${body})$`, flags.replaceAll("U", "") + unicode)
    } catch {
      continue
    }
  return undefined
}

/** The grammar of CEL, as far as it takes to say whether a text is an expression. Source: https://github.com/google/cel-spec, langdef.md */

type Kind = "literal" | "name" | "operator" | "end"
type Token = { kind: Kind; text: string; at: number }

const raw = `[rR]?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\\\.|[^"\\\\\\n\\r])*"|'(?:\\\\.|[^'\\\\\\n\\r])*')`
const number =
  "0[xX][0-9a-fA-F]+[uU]?|\\d+\\.\\d+(?:[eE][+-]?\\d+)?|\\d+[eE][+-]?\\d+|\\.\\d+(?:[eE][+-]?\\d+)?|\\d+[uU]?"
const token = new RegExp(
  `(?:((?:[bB])?${raw}|${number})|([A-Za-z_]\\w*|\`[\\w./ -]+\`)|(&&|\\|\\||[<>=!]=|[-+*/%<>!?:.,()[\\]{}]))`,
  "y",
)
const blank = /(?:\s|\/\/[^\n]*(?:\n|$))*/y
const reserved = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
)
const constants = new Set(["true", "false", "null"])
const relations = new Set(["<", "<=", ">", ">=", "==", "!=", "in"])

class SyntaxProblem extends Error {}

const fail = (message: string): never => {
  throw new SyntaxProblem(message)
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  for (;;) {
    // Apart from the token, so that a comment is never taken for a division.
    blank.lastIndex = token.lastIndex
    blank.exec(text)
    token.lastIndex = blank.lastIndex
    const from = token.lastIndex
    if (from === text.length) {
      tokens.push({ kind: "end", text: "", at: from })
      return tokens
    }
    const found = token.exec(text)
    if (found === null) return fail(`"${text.slice(from, from + 20)}" cannot be read`)
    const [, literal, name, operator] = found
    const value = literal ?? name ?? operator ?? ""
    const kind =
      name !== undefined && !constants.has(name) && name !== "in"
        ? "name"
        : operator === undefined && name !== "in"
          ? "literal"
          : "operator"
    tokens.push({ kind, text: value, at: token.lastIndex - value.length })
  }
}

/** Deeper nesting than this Go's reader refuses too. */
const deepest = 250

class Reader {
  private readonly tokens: readonly Token[]
  private index = 0
  private depth = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  private get next(): Token {
    return this.tokens[this.index] ?? { kind: "end", text: "", at: 0 }
  }

  private take(text: string): boolean {
    const { kind, text: found } = this.next
    if (kind !== "operator" || found !== text) return false
    this.index++
    return true
  }

  private want(text: string): void {
    if (!this.take(text)) fail(`${text} is missing ${this.where()}`)
  }

  private where(): string {
    const { kind, text } = this.next
    return kind === "end" ? "at the end" : `before "${text}"`
  }

  whole(): void {
    this.expression()
    if (this.next.kind !== "end") fail(`"${this.next.text}" is where the expression should end`)
  }

  private expression(): void {
    if (++this.depth > deepest) fail(`it is nested deeper than ${deepest}`)
    this.either()
    if (this.take("?")) {
      this.either()
      this.want(":")
      this.expression()
    }
    this.depth--
  }

  private either(): void {
    do this.both()
    while (this.take("||"))
  }

  private both(): void {
    do this.relation()
    while (this.take("&&"))
  }

  private relation(): void {
    this.sum()
    while (this.next.kind === "operator" && relations.has(this.next.text)) {
      this.index++
      this.sum()
    }
  }

  private sum(): void {
    do this.product()
    while (this.take("+") || this.take("-"))
  }

  private product(): void {
    do this.unary()
    while (this.take("*") || this.take("/") || this.take("%"))
  }

  private unary(): void {
    while (this.take("!") || this.take("-"));
    this.primary()
    for (;;)
      if (this.take(".")) this.member()
      else if (this.take("[")) this.bracket()
      else if (!this.take("{")) return
      else this.pairs(true)
  }

  private bracket(): void {
    this.take("?")
    this.expression()
    this.want("]")
  }

  private member(): void {
    this.take("?")
    const { kind, text } = this.next
    if (kind !== "name") fail(`a name is missing ${this.where()}`)
    this.index++
    if (this.take("(")) this.list(")")
    else if (reserved.has(text) && text !== "package" && text !== "namespace") return
  }

  private primary(): void {
    const { kind, text } = this.next
    if (kind === "literal") this.index++
    else if (this.take("(")) {
      this.expression()
      this.want(")")
    } else if (this.take("[")) this.list("]")
    else if (this.take("{")) this.pairs(false)
    else {
      this.take(".")
      if (this.next.kind !== "name") fail(`an operand is missing ${this.where()}`)
      if (reserved.has(this.next.text)) fail(`"${text}" is a reserved word`)
      this.index++
      if (this.take("(")) this.list(")")
    }
  }

  private list(close: string): void {
    while (!this.take(close)) {
      this.take("?")
      this.expression()
      if (!this.take(",")) return this.want(close)
    }
  }

  /** Entries of a map, or fields of a message. */
  private pairs(isMessage: boolean): void {
    while (!this.take("}")) {
      this.take("?")
      if (isMessage) {
        if (this.next.kind !== "name") fail(`a field is missing ${this.where()}`)
        this.index++
      } else this.expression()
      this.want(":")
      this.expression()
      if (!this.take(",")) return this.want("}")
    }
  }
}

/** What is wrong with a CEL expression; undefined when it can be read. */
export function celProblem(text: string): string | undefined {
  try {
    new Reader(tokensOf(text)).whole()
    return undefined
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message
    throw error
  }
}

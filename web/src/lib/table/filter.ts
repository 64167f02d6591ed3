/**
 * The expression of a filter bar: `rps > 10 and protocol = grpc and not namespace = lab`. A bare word is free text. `and` binds
 * stronger than `or`; neighbours without a word between them are joined by `and`.
 */
export type Operator = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~"

export type Filter =
  | { type: "and"; items: Filter[] }
  | { type: "or"; items: Filter[] }
  | { type: "not"; item: Filter }
  | { type: "compare"; field: string; operator: Operator; values: string[] }
  | { type: "text"; text: string }

/** What can be asked of a row. `number`: null never matches a comparison. `unit` is what a plain number is in, for the completion. */
export type Field<Row> =
  | { name: string; type: "number"; unit: string; read: (row: Row) => number | null }
  | { name: string; type: "text"; values?: readonly string[]; read: (row: Row) => readonly string[] }

/** `from` and `to` are where in the text, for the red underline. */
export type FilterError = { message: string; from: number; to: number }
export type Parsed = { filter: Filter | undefined; error: FilterError | undefined }

type Token = {
  type: "word" | "operator" | "comma" | "open" | "close"
  text: string
  from: number
  to: number
}

const pattern = /\s+|"(?:[^"\\]|\\.)*"?|>=|<=|!=|[=<>~]|[(),]|[^\s=<>~!(),"]+|./g
const operators = new Set<string>(["=", "!=", ">", ">=", "<", "<=", "~"])
const isOperator = (text: string): text is Operator => operators.has(text)

const typeOf = (text: string): Token["type"] => {
  if (isOperator(text)) return "operator"
  if (text === ",") return "comma"
  if (text === "(") return "open"
  return text === ")" ? "close" : "word"
}

const unquoted = (text: string): string =>
  text.startsWith('"') ? text.replace(/^"|"$/g, "").replaceAll(/\\(.)/g, "$1") : text

export const tokensOf = (text: string): Token[] =>
  [...text.matchAll(pattern)]
    .filter(([part]) => part.trim() !== "")
    .map((match) => ({
      type: typeOf(match[0]),
      text: match[0],
      from: match.index,
      to: match.index + match[0].length,
    }))

/** Edits that make one word of the other: insert, remove, replace, swap of neighbours. */
export function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1] ?? []
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}

/** The known word that was probably meant: at most 2 edits away, and not a different word altogether. */
export const meant = (word: string, known: readonly string[]): string | undefined =>
  known
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name) }))
    .filter(({ name, edits }) => edits <= Math.min(2, Math.floor(name.length / 2)))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))[0]?.name

const scales: Record<string, number> = { k: 1e3, m: 1e6, g: 1e9, s: 1e3, ms: 1, min: 6e4, "%": 1 }
/** `1.2s` with a unit of `ms` is 1200; `2k` is 2000; `5%` is 5. Undefined when it is no number. */
export function numberOf(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?|-?\.\d+)\s*([a-z%]*)$/i.exec(text)
  if (!match) return undefined
  const scale = match[2] === "" ? 1 : scales[(match[2] ?? "").toLowerCase()]
  return scale === undefined ? undefined : Number(match[1]) * scale
}

class Stop extends Error {
  readonly at: FilterError
  constructor(message: string, from: number, to: number) {
    super(message)
    this.at = { message, from, to }
  }
}

class Parser<Row> {
  private readonly tokens: Token[]
  private readonly fields: readonly Field<Row>[]
  private readonly end: number
  private next = 0

  constructor(text: string, fields: readonly Field<Row>[]) {
    this.tokens = tokensOf(text)
    this.fields = fields
    this.end = text.length
  }

  whole(): Filter | undefined {
    if (this.tokens.length === 0) return undefined
    const filter = this.any()
    const left = this.tokens[this.next]
    if (left) throw new Stop(`unexpected ${left.text}`, left.from, left.to)
    return filter
  }

  private keyword(): string {
    const token = this.tokens[this.next]
    return token?.type === "word" && this.tokens[this.next + 1]?.type !== "operator"
      ? token.text.toLowerCase()
      : ""
  }

  private any(): Filter {
    const items = [this.every()]
    while (this.keyword() === "or") {
      this.next++
      items.push(this.every())
    }
    return items.length === 1 && items[0] ? items[0] : { type: "or", items }
  }

  private every(): Filter {
    const items = [this.one()]
    while (this.next < this.tokens.length) {
      const token = this.tokens[this.next]
      if (this.keyword() === "or" || token?.type === "close") break
      if (this.keyword() === "and") this.next++
      items.push(this.one())
    }
    return items.length === 1 && items[0] ? items[0] : { type: "and", items }
  }

  private one(): Filter {
    const token = this.tokens[this.next]
    if (!token) throw new Stop("a term is missing here", Math.max(0, this.end - 1), this.end)
    if (this.keyword() === "not") {
      this.next++
      return { type: "not", item: this.one() }
    }
    if (token.type === "open") {
      this.next++
      const inner = this.any()
      if (this.tokens[this.next]?.type !== "close") throw new Stop(") is missing", token.from, token.to)
      this.next++
      return inner
    }
    if (token.type !== "word" || ["and", "or"].includes(this.keyword()))
      throw new Stop(`unexpected ${token.text}`, token.from, token.to)
    this.next++
    const operator = this.tokens[this.next]
    if (operator?.type !== "operator" || !isOperator(operator.text))
      return { type: "text", text: unquoted(token.text) }
    return this.compare(token, operator)
  }

  private compare(name: Token, operator: Token): Filter {
    const field = this.fields.find((candidate) => candidate.name === name.text.toLowerCase())
    if (!field) {
      const likely = meant(
        name.text,
        this.fields.map((candidate) => candidate.name),
      )
      throw new Stop(
        `unknown field "${name.text}"${likely ? `, did you mean ${likely}` : ""}`,
        name.from,
        name.to,
      )
    }
    this.next++
    const values = [this.value(field, operator)]
    while (this.tokens[this.next]?.type === "comma") {
      this.next++
      values.push(this.value(field, operator))
    }
    if (!isOperator(operator.text)) throw new Stop(`unexpected ${operator.text}`, operator.from, operator.to)
    return { type: "compare", field: field.name, operator: operator.text, values }
  }

  private value(field: Field<Row>, operator: Token): string {
    const token = this.tokens[this.next]
    if (token?.type !== "word")
      throw new Stop(`${field.name} ${operator.text} wants a value`, operator.from, operator.to)
    this.next++
    const text = unquoted(token.text)
    if (field.type === "number" && numberOf(text) === undefined)
      throw new Stop(
        `${field.name} wants a number${field.unit ? ` in ${field.unit}` : ""}, not ${token.text}`,
        token.from,
        token.to,
      )
    if (field.type === "text" && !["=", "!=", "~"].includes(operator.text))
      throw new Stop(`${field.name} is text: use =, != or ~`, operator.from, operator.to)
    if (field.type === "text" && field.values && operator.text !== "~" && !field.values.includes(text)) {
      const likely = meant(text, field.values)
      throw new Stop(
        `${field.name} is never "${text}"${likely ? `, did you mean ${likely}` : `: ${field.values.join(", ")}`}`,
        token.from,
        token.to,
      )
    }
    return text
  }
}

/** Reads an expression. Empty text is no filter. */
export function parseFilter<Row>(text: string, fields: readonly Field<Row>[]): Parsed {
  try {
    return { filter: new Parser(text, fields).whole(), error: undefined }
  } catch (error) {
    if (error instanceof Stop) return { filter: undefined, error: error.at }
    throw error
  }
}

const compares: Record<Exclude<Operator, "=" | "!=" | "~">, (a: number, b: number) => boolean> = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
}

function holds<Row>(filter: Filter & { type: "compare" }, field: Field<Row>, row: Row): boolean {
  const { operator } = filter
  if (field.type === "number") {
    const value = field.read(row)
    if (value === null) return false
    return filter.values.some((text) => {
      const wanted = numberOf(text) ?? Number.NaN
      if (operator === "=" || operator === "~") return value === wanted
      return operator === "!=" ? value !== wanted : compares[operator](value, wanted)
    })
  }
  const values = field.read(row).map((value) => value.toLowerCase())
  const wanted = filter.values.map((value) => value.toLowerCase())
  if (operator === "~") return values.some((value) => wanted.some((part) => value.includes(part)))
  const found = values.some((value) => wanted.includes(value))
  return operator === "!=" ? !found : found
}

/** Does the row pass? `text` gives what free text is looked for in, in lower case. */
export function matches<Row>(
  filter: Filter | undefined,
  row: Row,
  fields: readonly Field<Row>[],
  text: (row: Row) => string,
): boolean {
  if (!filter) return true
  if (filter.type === "and") return filter.items.every((item) => matches(item, row, fields, text))
  if (filter.type === "or") return filter.items.some((item) => matches(item, row, fields, text))
  if (filter.type === "not") return !matches(filter.item, row, fields, text)
  if (filter.type === "text") return text(row).includes(filter.text.toLowerCase())
  const field = fields.find((candidate) => candidate.name === filter.field)
  return field !== undefined && holds(filter, field, row)
}

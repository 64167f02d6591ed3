import { type Field, type Filter, tokensOf } from "./filter.ts"

const quoted = (text: string): string =>
  /^[^\s=<>~!(),"]+$/.test(text) && !["and", "or", "not"].includes(text.toLowerCase())
    ? text
    : `"${text.replaceAll(/(["\\])/g, "\\$1")}"`

/** The expression as text; `parseFilter` reads the same filter from it. */
export function filterText(filter: Filter | undefined): string {
  if (!filter) return ""
  if (filter.type === "text") return quoted(filter.text)
  if (filter.type === "compare")
    return `${filter.field} ${filter.operator} ${filter.values.map(quoted).join(", ")}`
  const inner = (item: Filter) =>
    item.type === "or" || item.type === "and" ? `(${filterText(item)})` : filterText(item)
  if (filter.type === "not") return `not ${inner(filter.item)}`
  return filter.items.map(inner).join(` ${filter.type} `)
}

/** One chip a term: the parts of the outermost `and`. */
export type Chip = { key: string; value: string; filter: Filter }

function chipOf(filter: Filter): Chip {
  if (filter.type === "text") return { key: "text", value: filter.text, filter }
  if (filter.type === "compare") {
    const operator = filter.operator === "=" ? "" : `${filter.operator} `
    return { key: filter.field, value: `${operator}${filter.values.join(", ")}`, filter }
  }
  if (filter.type === "not" && filter.item.type !== "and" && filter.item.type !== "or") {
    const inner = chipOf(filter.item)
    return { key: `not ${inner.key}`, value: inner.value, filter }
  }
  return { key: "", value: filterText(filter), filter }
}

export const termsOf = (filter: Filter | undefined): Filter[] =>
  filter === undefined ? [] : filter.type === "and" ? filter.items : [filter]

export const chipsOf = (filter: Filter | undefined): Chip[] => termsOf(filter).map(chipOf)

/** The filter of these terms, all of which must hold. */
export const filterOf = (terms: readonly Filter[]): Filter | undefined =>
  terms.length > 1 ? { type: "and", items: [...terms] } : terms[0]

export type Suggestion = { text: string; hint: string }

const operatorOffers = (type: "number" | "text"): Suggestion[] =>
  (type === "number" ? [">", "<", ">=", "<=", "="] : ["=", "!=", "~"]).map((operator) => ({
    text: operator,
    hint: operator === "~" ? "contains" : "",
  }))

const fieldOffers = <Row>(fields: readonly Field<Row>[]): Suggestion[] =>
  fields.map((field) => ({
    text: field.name,
    hint: field.type === "number" ? field.unit : (field.values?.join(", ") ?? "text"),
  }))

const plain = (texts: readonly string[]): Suggestion[] => texts.map((text) => ({ text, hint: "" }))

/** What may come next at the end of the text: a field, an operator, a value, a joining word. `from` is where the unfinished word begins. */
export function completions<Row>(
  text: string,
  fields: readonly Field<Row>[],
  valuesOf: (field: string) => readonly string[],
): { from: number; suggestions: Suggestion[] } {
  const tokens = tokensOf(text)
  const open = /\S$/.test(text) && tokens.at(-1)?.type === "word" ? tokens.at(-1) : undefined
  const before = open ? tokens.slice(0, -1) : tokens
  const word = open?.text.toLowerCase() ?? ""
  const offers = offersAfter(before, fields, valuesOf)
  return {
    from: open?.from ?? text.length,
    suggestions: offers.filter((item) => item.text.startsWith(word) && item.text !== word).slice(0, 8),
  }
}

function offersAfter<Row>(
  before: ReturnType<typeof tokensOf>,
  fields: readonly Field<Row>[],
  valuesOf: (field: string) => readonly string[],
): Suggestion[] {
  const last = before.at(-1)
  if (last?.type === "operator" || last?.type === "comma") {
    const name = before.findLast((_, i) => before[i + 1]?.type === "operator")?.text.toLowerCase()
    return plain(valuesOf(name ?? ""))
  }
  const afterValue = ["operator", "comma"].includes(before.at(-2)?.type ?? "")
  if (last?.type === "word" && afterValue) return plain(["and", "or"])
  const field = fields.find((candidate) => candidate.name === last?.text.toLowerCase())
  return field ? operatorOffers(field.type) : fieldOffers(fields)
}

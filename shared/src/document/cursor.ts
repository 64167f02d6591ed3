import { type Marks, addMark } from "./marks.ts"
import { maxDepth, tooDeep } from "./problem.ts"
import { escaped } from "./quoted.ts"

/**
 * Thrown at whatever is not the plain way to write an object: anchors, tags, text over several lines, and every mistake. The general reader takes the
 * document then, and finds out what it is. One object for all, as the trace of an Error would cost more than the reading.
 */
export const unusual: unique symbol = Symbol("unusual")

export type Duplicate = { key: string; offset: number }

/** Character codes that YAML gives a meaning. */
export const sign = {
  tab: 9,
  lineFeed: 10,
  space: 32,
  doubleQuote: 34,
  hash: 35,
  singleQuote: 39,
  comma: 44,
  dash: 45,
  colon: 58,
  greater: 62,
  question: 63,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  pipe: 124,
  closeBrace: 125,
} as const

const indicators = new Uint8Array(128)
for (const each of "!\"#%&'*,>@[]`{|}?:-") indicators[each.charCodeAt(0)] = 1

/** Characters that no plain scalar begins with; `-`, `?` and `:` may, before a non-blank. */
export const isIndicator = (code: number): boolean => code < 128 && indicators[code] === 1

/** Blanks, line ends, and the end of the text (NaN). */
export const isBlank = (code: number): boolean =>
  code === sign.space || code === sign.lineFeed || code === sign.tab || code !== code

export const isQuote = (code: number): boolean => code === sign.doubleQuote || code === sign.singleQuote

/** Sets a key as data, `__proto__` too. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** A place in a text, with what both ways of writing (block and flow) have in common. */
export abstract class Cursor {
  protected readonly text: string
  protected readonly end: number
  protected readonly marks: Marks | null
  protected at: number
  /** Where the last scalar stood, for its mark; -1 when the last value was none. */
  protected from = 0
  protected to = 0
  private depth = 0
  readonly duplicates: Duplicate[] = []

  constructor(text: string, start: number, end: number, marks: Marks | null) {
    this.text = text
    this.at = start
    this.end = end
    this.marks = marks
  }

  protected code(at: number): number {
    return at < this.end ? this.text.charCodeAt(at) : Number.NaN
  }

  /** Where a quoted scalar on one line ends, behind its closing quote. */
  protected quoteEnd(from: number): number {
    const { text, end } = this
    const quote = text.charCodeAt(from)
    for (let at = from + 1; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === quote) {
        if (quote === sign.doubleQuote || this.code(at + 1) !== quote) return at + 1
        at++
      } else if (code === sign.lineFeed) break
      else if (code === sign.backslash && quote === sign.doubleQuote) at++
    }
    throw unusual
  }

  protected quoted(): string {
    const { text } = this
    const from = this.at
    const end = this.quoteEnd(from)
    this.from = from
    const inner = text.slice(from + 1, end - 1)
    this.at = this.to = end
    if (text.charCodeAt(from) === sign.singleQuote)
      return inner.includes("'") ? inner.replaceAll("''", "'") : inner
    if (!inner.includes("\\")) return inner
    const value = escaped(inner)
    if (value === null) throw unusual
    return value
  }

  /** An entry of a map, as it is read. */
  protected entry(
    object: Record<string, unknown>,
    key: string,
    value: unknown,
    start: number,
    end: number,
  ): void {
    if (object[key] !== undefined && Object.hasOwn(object, key)) this.duplicates.push({ key, offset: start })
    put(object, key, value)
    if (this.marks) this.note(object, key, start, end, value)
  }

  protected note(container: object, key: string | number, from: number, to: number, value: unknown): void {
    if (!this.marks) return
    const scalar = value === null || typeof value !== "object"
    addMark(this.marks, container, key, {
      key: { start: from, end: to },
      value: scalar && this.from >= 0 ? { start: this.from, end: this.to } : null,
    })
  }

  protected deeper(): void {
    if (++this.depth > maxDepth) throw tooDeep(this.at)
  }

  protected shallower(): void {
    this.depth--
  }
}

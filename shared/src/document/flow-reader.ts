import { Cursor, isBlank, isIndicator, isQuote, sign, unusual } from "./cursor.ts"
import { plainKey, plainValue } from "./scalar.ts"

/** Whether a sign.dash before this begins a scalar. */
const isDashText = (code: number): boolean => !isBlank(code) && !endsFlowScalar(code)

const endsFlowScalar = (code: number): boolean =>
  code === sign.comma || code === sign.closeBracket || code === sign.closeBrace

/** Reads flow collections: `{a: 1, b: [c, "d"]}`, JSON. */
export abstract class FlowReader extends Cursor {
  protected flow(): unknown {
    const from = this.at
    const value = this.text.charCodeAt(from) === sign.openBrace ? this.flowMap() : this.flowList()
    this.from = from
    this.to = this.at
    return value
  }

  /** Goes over blanks, line breaks and comments inside a flow collection; answers the character that follows. */
  private flowNext(): number {
    const { text, end } = this
    for (let at = this.at; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === sign.space || code === sign.lineFeed || code === sign.tab) continue
      if (code === sign.hash) {
        const before = text.charCodeAt(at - 1)
        if (before !== sign.space && before !== sign.lineFeed && before !== sign.tab) throw unusual
        const next = text.indexOf("\n", at)
        if (next === -1 || next >= end) throw unusual
        at = next
        continue
      }
      this.at = at
      return code
    }
    throw unusual
  }

  private flowMap(): Record<string, unknown> {
    this.deeper()
    const object: Record<string, unknown> = {}
    this.at++
    for (let code = this.flowNext(); code !== sign.closeBrace; code = this.flowNext()) {
      const quoted = isQuote(code)
      const start = this.at
      const key = quoted ? this.quoted() : plainKey(this.flowPlain(code))
      if (key === undefined || (!quoted && key === "<<")) throw unusual
      const keyTo = this.to
      code = this.flowNext()
      let value: unknown = null
      this.from = -1
      if (code === sign.colon) {
        this.at++
        code = this.flowNext()
        if (code !== sign.comma && code !== sign.closeBrace) value = this.flowValue(code)
      }
      this.entry(object, key, value, start, keyTo)
      this.flowSeparator(sign.closeBrace)
    }
    this.at++
    this.shallower()
    return object
  }

  private flowList(): unknown[] {
    this.deeper()
    const items: unknown[] = []
    this.at++
    for (let code = this.flowNext(); code !== sign.closeBracket; code = this.flowNext()) {
      const start = this.at
      const value = this.flowValue(code)
      if (this.marks) this.note(items, items.length, start, start + 1, value)
      items.push(value)
      this.flowSeparator(sign.closeBracket)
    }
    this.at++
    this.shallower()
    return items
  }

  private flowSeparator(close: number): void {
    const code = this.flowNext()
    if (code === sign.comma) this.at++
    else if (code !== close) throw unusual
  }

  private flowValue(code: number): unknown {
    if (code === sign.openBrace || code === sign.openBracket) return this.flow()
    if (isQuote(code)) return this.quoted()
    return plainValue(this.flowPlain(code))
  }

  /** A plain scalar in a flow collection. A sign.colon ends it only before a blank, as Kubernetes reads `[001:db8::]`. */
  private flowPlain(first: number): string {
    const { text, end } = this
    const from = this.at
    if (isIndicator(first) && !(first === sign.dash && isDashText(this.code(from + 1)))) throw unusual
    let to = from
    for (let at = from; at < end; at++) {
      const code = text.charCodeAt(at)
      if (
        code === sign.lineFeed ||
        endsFlowScalar(code) ||
        (code === sign.colon && isBlank(this.code(at + 1)))
      )
        break
      if (code === sign.openBracket || code === sign.openBrace || code === sign.question) throw unusual
      if (code !== sign.space && code !== sign.tab) to = at + 1
      else if (text.charCodeAt(at + 1) === sign.hash) break
    }
    // As the last sign of a text a colon is read in more than one way.
    if (text.charCodeAt(to - 1) === sign.colon) throw unusual
    this.from = from
    this.at = this.to = to
    return text.slice(from, to)
  }
}

import { blockScalar } from "./block-scalar.ts"
import { isBlank, isIndicator, isQuote, sign, unusual } from "./cursor.ts"
import { FlowReader } from "./flow-reader.ts"
import { plainKey, plainValue } from "./scalar.ts"

/** A value at the root of a document, and where it begins. */
export type Root = { value: unknown; start: number }

/**
 * Reads the subset of YAML in which nearly every Kubernetes object is written: block maps and lists, scalars on one line, block scalars, flow
 * collections. Equal to the general reader in all that it accepts (plain-reader.test.ts), and about ten times as fast.
 */
export class PlainReader extends FlowReader {
  /** The column of `at` when it is the first content of its line. */
  private column = 0
  /** Where the last item of a list began. */
  private itemFrom = 0

  /**
   * The document between start and end, with where its content begins. None when there is only space; more than one for JSON, whose objects may
   * follow one another. @throws unusual
   */
  read(): Root[] {
    const roots: Root[] = []
    while (this.nextContent()) {
      const start = this.at
      const code = this.text.charCodeAt(start)
      if (code === sign.openBrace || code === sign.openBracket) {
        roots.push({ value: this.flow(), start })
        continue
      }
      if (roots.length > 0) throw unusual
      roots.push({ value: this.node(-1), start })
      if (this.at < this.end) throw unusual
    }
    return roots
  }

  /** Goes to the next content, over empty lines and comments, from the beginning of a line. False at the end. */
  private nextContent(): boolean {
    const { text, end } = this
    let at = this.at
    for (;;) {
      const begin = at
      let code = 0
      while (at < end && (code = text.charCodeAt(at)) === sign.space) at++
      if (at >= end) {
        this.at = end
        this.column = -1
        return false
      }
      if (code === sign.lineFeed) {
        at++
        continue
      }
      if (code === sign.hash) {
        const next = text.indexOf("\n", at)
        at = next === -1 || next >= end ? end : next + 1
        continue
      }
      if (code === sign.tab) throw unusual
      this.at = at
      this.column = at - begin
      return true
    }
  }

  /** After a value: only blanks and a comment until the line ends; goes to the next line. */
  private lineEnd(): void {
    const { text, end } = this
    let at = this.at
    let code = 0
    while (at < end && ((code = text.charCodeAt(at)) === sign.space || code === sign.tab)) at++
    if (at < end && code === sign.hash && at > this.at) {
      const next = text.indexOf("\n", at)
      at = next === -1 || next >= end ? end : next
      code = sign.lineFeed
    }
    if (at < end && code !== sign.lineFeed) throw unusual
    this.at = at < end ? at + 1 : end
  }

  private isItem(at: number): boolean {
    return this.code(at) === sign.dash && isBlank(this.code(at + 1))
  }

  /** The block node that begins here, at the first content of its line, deeper than `parent`. */
  private node(parent: number): unknown {
    const column = this.column
    if (this.isItem(this.at)) return this.sequence(column)
    if (this.keyEnd() !== -1) return this.map(column)
    return this.scalarOrFlow(parent)
  }

  /** Where the key that begins here ends (its colon); -1 when this line begins with no key. */
  private keyEnd(): number {
    const { text, end } = this
    let at = this.at
    let code = text.charCodeAt(at)
    if (isQuote(code)) {
      at = this.quoteEnd(at)
      while (at < end && text.charCodeAt(at) === sign.space) at++
      return this.code(at) === sign.colon && isBlank(this.code(at + 1)) ? at : -1
    }
    if (isIndicator(code) && !this.startsPlain(at)) return -1
    for (; at < end; at++) {
      code = text.charCodeAt(at)
      if (code === sign.colon) {
        if (isBlank(this.code(at + 1))) return at
      } else if (code === sign.lineFeed) return -1
      else if (code === sign.hash && isBlank(text.charCodeAt(at - 1))) return -1
    }
    return -1
  }

  /** Whether an indicator is the first character of a plain scalar all the same. */
  private startsPlain(at: number): boolean {
    const code = this.text.charCodeAt(at)
    return (
      (code === sign.dash || code === sign.question || code === sign.colon) && !isBlank(this.code(at + 1))
    )
  }

  private key(at: number): string {
    const code = this.text.charCodeAt(this.at)
    this.from = this.at
    if (isQuote(code)) return this.quoted()
    let to = at
    while (isBlank(this.text.charCodeAt(to - 1))) to--
    this.to = to
    const key = plainKey(this.text.slice(this.at, to))
    if (key === undefined || key === "<<") throw unusual
    return key
  }

  private map(column: number): Record<string, unknown> {
    this.deeper()
    const object: Record<string, unknown> = {}
    for (;;) {
      const colonAt = this.keyEnd()
      if (colonAt === -1) throw unusual
      const key = this.key(colonAt)
      const { from, to } = this
      this.at = colonAt + 1
      const value = this.valueAfter(column)
      this.entry(object, key, value, from, to)
      if (this.at >= this.end || this.column < column) break
      if (this.column > column) throw unusual
    }
    this.shallower()
    return object
  }

  private sequence(column: number): unknown[] {
    this.deeper()
    const items: unknown[] = []
    while (this.column === column && this.isItem(this.at)) {
      const value = this.item(column)
      const from = this.itemFrom
      if (this.marks) this.note(items, items.length, from, from + 1, value)
      items.push(value)
    }
    if (this.at < this.end && this.column > column) throw unusual
    this.shallower()
    return items
  }

  /** The item whose `-` is here. */
  private item(column: number): unknown {
    const { text, end } = this
    const dashAt = this.at
    let at = dashAt + 1
    while (at < end && text.charCodeAt(at) === sign.space) at++
    const code = this.code(at)
    this.at = at
    if (code === sign.lineFeed || code !== code || code === sign.hash) {
      this.lineEnd()
      this.from = -1
      const inside = this.nextContent() && this.column > column
      const from = inside ? this.at : dashAt
      return this.begun(from, inside ? this.node(column) : null)
    }
    if (code === sign.tab) throw unusual
    const inner = column + at - dashAt
    this.column = inner
    if (this.isItem(at)) return this.begun(at, this.sequence(inner))
    return this.begun(at, this.keyEnd() === -1 ? this.scalarOrFlow(column) : this.map(inner))
  }

  private begun(from: number, value: unknown): unknown {
    this.itemFrom = from
    return value
  }

  /** What stands behind a key's colon; a list may stand at the column of the map itself. */
  private valueAfter(column: number): unknown {
    const { text, end } = this
    let at = this.at
    let code = 0
    while (at < end && ((code = text.charCodeAt(at)) === sign.space || code === sign.tab)) at++
    if (at < end && code !== sign.lineFeed && code !== sign.hash) {
      this.at = at
      if (this.isItem(at)) throw unusual
      return this.scalarOrFlow(column)
    }
    this.lineEnd()
    this.from = -1
    if (!this.nextContent()) return null
    if (this.column > column) return this.node(column)
    return this.column === column && this.isItem(this.at) ? this.sequence(column) : null
  }

  /** A value that begins on this line, and the way to the next content behind it. */
  private scalarOrFlow(parent: number): unknown {
    const code = this.text.charCodeAt(this.at)
    const value = this.value(code, parent)
    if (code !== sign.pipe && code !== sign.greater) this.lineEnd()
    // Deeper than its parent: more of a text over several lines, or a mistake.
    if (this.nextContent() && this.column > parent) throw unusual
    return value
  }

  private value(code: number, parent: number): unknown {
    if (isQuote(code)) return this.quoted()
    if (code === sign.openBrace || code === sign.openBracket) return this.flow()
    if (code === sign.pipe || code === sign.greater) return this.block(parent)
    if (isIndicator(code) && !this.startsPlain(this.at)) throw unusual
    return this.plain()
  }

  private block(parent: number): string {
    const block = parent < 0 ? null : blockScalar(this.text, this.at, this.end, parent)
    if (block === null) throw unusual
    this.from = this.at
    this.to = this.at + 1
    this.at = block.end
    return block.value
  }

  /** A plain scalar on one line, outside of flow collections. */
  private plain(): unknown {
    const { text, end } = this
    const from = this.at
    let at = from
    let to = from
    for (; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === sign.lineFeed) break
      if (code === sign.space || code === sign.tab) {
        if (text.charCodeAt(at + 1) === sign.hash) break
        continue
      }
      if (code === sign.colon && isBlank(this.code(at + 1))) throw unusual
      to = at + 1
    }
    this.at = at
    this.from = from
    this.to = to
    return plainValue(text.slice(from, to))
  }
}

/**
 * An adaptive binary range coder with carry (as in LZMA; G. N. N. Martin, "Range encoding", 1979). Each yes or no costs what it is
 * worth under its model, a fraction of a bit when it was to be expected. Both ends see the same bits and so keep the same models.
 */

/** How often a bit was 0 and 1 in each context. Old counts fade, so that a model follows its column. */
export class Models {
  readonly #zeros: Float64Array
  readonly #ones: Float64Array

  /** `prior`: how many of each bit are taken as seen before the first; more makes a model slower to believe. */
  constructor(contexts: number, prior: number) {
    this.#zeros = new Float64Array(contexts).fill(prior)
    this.#ones = new Float64Array(contexts).fill(prior)
  }

  /** Share of zeros in 1/65536. */
  zeroShare(context: number): number {
    const zeros = this.#zeros[context] ?? 1
    const ones = this.#ones[context] ?? 1
    return Math.min(65_472, Math.max(64, Math.floor((65_536 * zeros) / (zeros + ones))))
  }

  learn(context: number, bit: number): void {
    const counts = bit === 0 ? this.#zeros : this.#ones
    counts[context] = (counts[context] ?? 0) + 1
    if ((counts[context] ?? 0) < 250) return
    this.#zeros[context] = (this.#zeros[context] ?? 0) / 2
    this.#ones[context] = (this.#ones[context] ?? 0) / 2
  }
}

const top = 2 ** 24
const whole = 2 ** 32

export class RangeEncoder {
  readonly #bytes: number[] = []
  #low = 0
  #range = whole - 1
  #held = 0
  #holding = 1

  bit(models: Models, context: number, bit: number): void {
    const bound = (this.#range >>> 16) * models.zeroShare(context)
    this.#take(bound, bit)
    models.learn(context, bit)
  }

  /** `count` bits of a number that no model knows better. */
  bits(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.#take(this.#range >>> 1, (value >>> i) & 1)
  }

  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift()
    return Uint8Array.from(this.#bytes.slice(1))
  }

  #take(bound: number, bit: number): void {
    if (bit === 0) this.#range = bound
    else {
      this.#low += bound
      this.#range -= bound
    }
    while (this.#range < top) {
      this.#range = (this.#range * 256) % whole
      this.#shift()
    }
  }

  /** Hands out the highest byte; bytes of 255 wait, since a carry may still run through them. */
  #shift(): void {
    if (this.#low < 0xff000000 || this.#low >= whole) {
      const carry = this.#low >= whole ? 1 : 0
      for (; this.#holding > 0; this.#holding--) {
        this.#bytes.push((this.#held + carry) & 0xff)
        this.#held = 0xff
      }
      this.#held = Math.floor(this.#low / top) & 0xff
    }
    this.#holding++
    this.#low = (this.#low % top) * 256
  }
}

/** Reads what RangeEncoder wrote. Beyond the end it reads zeros: `isOver` says so. */
export class RangeDecoder {
  readonly #bytes: Uint8Array
  #at = 0
  #code = 0
  #range = whole - 1

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#next()
  }

  get isOver(): boolean {
    return this.#at > this.#bytes.length
  }

  bit(models: Models, context: number): number {
    const bound = (this.#range >>> 16) * models.zeroShare(context)
    const bit = this.#take(bound)
    models.learn(context, bit)
    return bit
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.#take(this.#range >>> 1)
    return value
  }

  #take(bound: number): number {
    const bit = this.#code < bound ? 0 : 1
    if (bit === 0) this.#range = bound
    else {
      this.#code -= bound
      this.#range -= bound
    }
    while (this.#range < top) {
      this.#range = (this.#range * 256) % whole
      this.#code = (this.#code * 256 + this.#next()) % whole
    }
    return bit
  }

  #next(): number {
    return this.#bytes[this.#at++] ?? 0
  }
}

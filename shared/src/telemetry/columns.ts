import { AppError } from "../error.ts"
import { Models, RangeDecoder, RangeEncoder } from "./range-coder.ts"

/**
 * Columns of integers as one text: each value as its sign, its number of bits, and its bits under the column's own models; range-coded,
 * then base64. A quarter smaller than gzip over digits, whose codes all columns share.
 */
const lengthBits = 5
const mostBits = 24
const lengths = 2 ** lengthBits
/** Bits below the leading one that have a model: a tree for each length. Those below are near to random and stand as they are. */
const modelled = 7
const trees = 2 ** modelled
const sign = 0
/** A column of zeros costs nothing to send, and 8 bytes a value to read. */
const most = 250_000

/** Of the sign and the number of bits: few contexts, learnt at once. Of the bits below: many, that must not jump at the first value. */
type ColumnModels = { shape: Models; below: Models }
const createModels = (): ColumnModels => ({
  shape: new Models(lengths, 0.4),
  below: new Models((mostBits + 1) * trees, 1.6),
})

const lengthOf = (size: number): number => (size === 0 ? 0 : 32 - Math.clz32(size))

function write(encoder: RangeEncoder, { shape, below }: ColumnModels, value: number): void {
  const size = Math.abs(value)
  const length = lengthOf(size)
  if (size >= 2 ** mostBits) throw new AppError("input.invalid", `${value} is too large for a column`)
  let node = 1
  for (let i = lengthBits - 1; i >= 0; i--) {
    const bit = (length >> i) & 1
    encoder.bit(shape, node, bit)
    node = node * 2 + bit
  }
  if (length === 0) return
  encoder.bit(shape, sign, value < 0 ? 1 : 0)
  const known = Math.min(modelled, length - 1)
  node = 1
  for (let i = length - 2; i > length - 2 - known; i--) {
    const bit = (size >> i) & 1
    encoder.bit(below, length * trees + node, bit)
    node = node * 2 + bit
  }
  const rest = length - 1 - known
  if (rest > 0) encoder.bits(size & (2 ** rest - 1), rest)
}

function read(decoder: RangeDecoder, { shape, below }: ColumnModels): number {
  let node = 1
  for (let i = 0; i < lengthBits; i++) node = node * 2 + decoder.bit(shape, node)
  const length = node - lengths
  if (length === 0) return 0
  if (length > mostBits) throw new AppError("input.invalid", "tick is broken: a value has too many bits")
  const negative = decoder.bit(shape, sign) === 1
  const known = Math.min(modelled, length - 1)
  node = 1
  for (let i = 0; i < known; i++) node = node * 2 + decoder.bit(below, length * trees + node)
  const rest = length - 1 - known
  const size = rest > 0 ? node * 2 ** rest + decoder.bits(rest) : node
  return negative ? -size : size
}

function toBase64(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    throw new AppError("input.invalid", "tick is broken: columns are not base64")
  }
}

/** @throws AppError input.invalid for a value of more than 24 bits */
export function packColumns(columns: readonly (readonly number[])[]): string {
  const encoder = new RangeEncoder()
  for (const column of columns) {
    const models = createModels()
    encoder.bits(column.length, 20)
    for (const value of column) write(encoder, models, value)
  }
  return toBase64(encoder.finish())
}

/** `count` columns. @throws AppError input.invalid when the text does not hold them */
export function unpackColumns(text: string, count: number): number[][] {
  const decoder = new RangeDecoder(fromBase64(text))
  return Array.from({ length: count }, () => {
    const models = createModels()
    const length = decoder.bits(20)
    if (length > most) throw new AppError("input.invalid", `tick is broken: a column of ${length} values`)
    const column: number[] = []
    for (let i = 0; i < length; i++) {
      column.push(read(decoder, models))
      // A forged length must not make us read zeros for long.
      if (decoder.isOver && i % 64 === 63 && i < length - 64)
        throw new AppError("input.invalid", "tick is broken: columns end early")
    }
    return column
  })
}

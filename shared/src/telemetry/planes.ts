import { AppError } from "../error.ts"

/**
 * A column of integers as text: zigzag, then six bits a plane, one character each, planes one after the other. gzip's Huffman codes
 * work on characters, so that a plane costs what its content is worth; digits and commas would cost a third more.
 */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const values = new Map([...alphabet].map((character, value) => [character.charCodeAt(0), value]))
const planes = 4

const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1)
const unzigzag = (code: number): number => (code % 2 === 0 ? code / 2 : -(code + 1) / 2)

/** `0:` and as many planes as the largest value needs; an empty column is the empty text. */
export function packColumn(column: readonly number[]): string {
  if (column.length === 0) return ""
  const codes = column.map(zigzag)
  const largest = codes.reduce((most, code) => Math.max(most, code), 0)
  let needed = 1
  while (largest >= 64 ** needed) needed++
  if (needed > planes) throw new AppError("input.invalid", `${largest} is too large for a column`)
  const texts = Array.from({ length: needed }, (_, plane) =>
    codes.map((code) => alphabet.charAt(Math.floor(code / 64 ** plane) % 64)).join(""),
  )
  return `${needed}${texts.join("")}`
}

/** @throws AppError input.invalid when the text is not a column */
export function unpackColumn(text: string): number[] {
  if (text === "") return []
  const needed = text.charCodeAt(0) - 48
  const length = (text.length - 1) / needed
  if (needed < 1 || needed > planes || !Number.isInteger(length))
    throw new AppError("input.invalid", "tick is broken: a column has no whole planes")
  return Array.from({ length }, (_, i) => {
    let code = 0
    for (let plane = needed - 1; plane >= 0; plane--) {
      const value = values.get(text.charCodeAt(1 + plane * length + i))
      if (value === undefined)
        throw new AppError("input.invalid", "tick is broken: a column has a foreign character")
      code = code * 64 + value
    }
    return unzigzag(code)
  })
}

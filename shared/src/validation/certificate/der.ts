/** A value of ASN.1's Distinguished Encoding Rules: its tag, and where its content is. Source: ITU-T X.690. */
export type Value = { tag: number; bytes: Uint8Array; start: number; end: number }

/** The value at a place; undefined when there is none, or it goes past `limit`. */
export function valueAt(bytes: Uint8Array, at: number, limit = bytes.length): Value | undefined {
  const tag = bytes[at]
  const short = bytes[at + 1]
  // Tags of several bytes do not occur in certificates.
  if (tag === undefined || short === undefined || (tag & 0x1f) === 0x1f) return undefined
  let length = short
  let start = at + 2
  if (short >= 0x80) {
    const count = short & 0x7f
    if (count === 0 || count > 4) return undefined
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0)
    start += count
  }
  const end = start + length
  return end > limit ? undefined : { tag, bytes, start, end }
}

/** The values within a constructed one; undefined when they do not fill it. */
export function valuesIn({ bytes, start, end }: Value): Value[] | undefined {
  const values: Value[] = []
  for (let at = start; at < end;) {
    const value = valueAt(bytes, at, end)
    if (value === undefined) return undefined
    values.push(value)
    at = value.end
  }
  return values
}

export const textIn = ({ bytes, start, end }: Value): string => {
  let text = ""
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return text
}

const utcTime = 0x17
const generalizedTime = 0x18

/** A time in milliseconds since 1970; undefined when it is none. Years of two digits are 1950 to 2049. */
export function timeIn(value: Value): number | undefined {
  const text = textIn(value)
  if (value.tag !== utcTime && value.tag !== generalizedTime) return undefined
  const digits = value.tag === utcTime ? 2 : 4
  if (!/^\d{12,14}Z$/.test(text) || text.length !== digits + 11) return undefined
  const written = Number(text.slice(0, digits))
  const year = digits === 4 ? written : written < 50 ? 2000 + written : 1900 + written
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = [0, 2, 4, 6, 8].map((at) =>
    Number(text.slice(digits + at, digits + at + 2)),
  )
  const time = Date.UTC(year, month - 1, day, hour, minute, second)
  return Number.isNaN(time) ? undefined : time
}

export const isObjectId = ({ tag, bytes, start, end }: Value, id: readonly number[]): boolean =>
  tag === 0x06 && end - start === id.length && id.every((byte, at) => bytes[start + at] === byte)

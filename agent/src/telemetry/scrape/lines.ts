import { type Family, families } from "../reconcile/series.ts"
import { TelemetryFailure } from "../source.ts"
import { type Chunk, chunkOf } from "./block.ts"

/** One wanted line: its metric, its label block (`reporter="source",...`) from `from` to `to`, and its value. */
export type OnSample = (family: Family, chunk: Chunk, from: number, to: number, value: number) => void

export type LineReader = {
  /** The next bytes. They are not kept: what a line needs of them is copied. @throws TelemetryFailure for a line without an end */
  push(bytes: Buffer): void
  end(): void
  /** Whether there was any metric of Istio's proxies. */
  isIstio(): boolean
}

const newline = 0x0a
const open = 0x7b
const close = 0x7d
const space = 0x20
const dot = 0x2e
const zero = 0x30
/** "isti" and "o_" as words. */
const isti = 0x69747369
const o_ = 0x5f6f

/** No label block is as long; what is can only be a mistake or an attack. A line of an application's own is passed over. */
const longest = 65_536

const nameHash = (bytes: Uint8Array, from: number, to: number): number => {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash
}

const familyOf = new Map(
  (Object.keys(families) as Family[]).map((family) => {
    const name = Buffer.from(families[family])
    return [nameHash(name, 0, name.length), { family, length: name.length }]
  }),
)

/** Cuts the wanted lines out of Prometheus text; other lines cost one comparison. */
export function createLineReader(onSample: OnSample): LineReader {
  let begun: Buffer = Buffer.alloc(0)
  let isSkipping = false
  let isIstio = false

  const readLine = (chunk: Chunk, at: number, end: number): void => {
    const { bytes, words } = chunk
    if (end - at < 8 || words.getInt32(at, true) !== isti || words.getUint16(at + 4, true) !== o_) return
    isIstio = true
    let brace = at + 6
    while (brace < end && bytes[brace] !== open) brace++
    const found = familyOf.get(nameHash(bytes, at, brace))
    if (found?.length !== brace - at) return
    // the block ends at the last brace of the line: a label's value may hold one
    let to = end - 1
    while (to > brace && bytes[to] !== close) to--
    if (to > brace) onSample(found.family, chunk, brace + 1, to, numberAt(bytes, to + 1, end))
  }

  const keep = (bytes: Buffer): void => {
    if (isSkipping) return
    begun = Buffer.concat([begun, bytes])
    if (begun.length <= longest) return
    if (begun.toString("latin1", 0, 6) === "istio_")
      throw new TelemetryFailure(`has a line of more than ${longest / 1024} KB`)
    isSkipping = true
    begun = begun.subarray(0, 0)
  }

  const finishBegun = (): void => {
    if (!isSkipping) readLine(chunkOf(begun), 0, begun.length)
    isSkipping = false
    begun = begun.subarray(0, 0)
  }

  return {
    push: (bytes) => {
      let at = 0
      let end = bytes.indexOf(newline)
      if (end >= 0 && (isSkipping || begun.length > 0)) {
        keep(bytes.subarray(0, end))
        finishBegun()
        at = end + 1
        end = bytes.indexOf(newline, at)
      }
      const chunk = chunkOf(bytes)
      for (; end >= 0; at = end + 1, end = bytes.indexOf(newline, at)) readLine(chunk, at, end)
      if (at < bytes.length) keep(bytes.subarray(at))
    },
    end: finishBegun,
    isIstio: () => isIstio,
  }
}

const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]

/** ` 12.5` or ` 12.5 1700000000000`. Digits with few decimals are read in place: exact while both parts of the division are. */
function numberAt(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] === space) at++
  const begin = at
  let digits = 0
  let point = -1
  for (; at < to; at++) {
    const code = bytes[at] ?? 0
    if (code === dot && point < 0) point = at
    else if (code >= zero && code <= zero + 9) digits = digits * 10 + (code - zero)
    else break
  }
  const power = powersOfTen[point < 0 ? 0 : at - point - 1]
  const isPlain = (at === to || bytes[at] === space) && at - begin > (point < 0 ? 0 : 1)
  if (isPlain && power !== undefined && digits <= Number.MAX_SAFE_INTEGER) return digits / power
  return numberOf(bytes.toString("latin1", from, to))
}

function numberOf(text: string): number {
  const [value = ""] = text.trim().split(" ", 1)
  if (value === "+Inf") return Infinity
  return value === "" || value === "-Inf" ? NaN : Number(value)
}

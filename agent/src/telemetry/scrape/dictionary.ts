import type { Family } from "../reconcile/series.ts"
import { type Chunk, type Hash, boundAt, hashInto, labelsOf, mixInto } from "./block.ts"
import { createHashIndex, grown } from "./hash-index.ts"
import { type Block, type Sums, createSums } from "./sums.ts"

/** Every different series of the mesh, by a small number; the same text of many proxies is one. */
export type Dictionary = Pick<Sums, "edges"> & {
  /** The number of a series, from its block in the chunk; a ztunnel's text does not say that it is one. -1 when there are too many already. */
  idOf(family: Family, isZtunnel: boolean, chunk: Chunk, from: number, to: number): number
  /** Adds to the rates of this pass. */
  add(id: number, perSecond: number): void
  /** Begins a pass: all rates are zero. */
  begin(): void
  /** Ends a pass: forgets what was not asked for in the last passes. */
  end(): void
  size(): number
  /** Every number is below it. */
  span(): number
}

/** Equal blocks of different families are different series. */
const familySeeds: Readonly<Record<Family, number>> = {
  ...{ requests: 1, duration: 2, requestBytes: 3, responseBytes: 4 },
  ...{ tcpSent: 5, tcpReceived: 6, tcpOpened: 7, tcpClosed: 8 },
}
const ztunnelSeed = 100
/** More passes than a proxy that does not answer is remembered: no number is given anew while a proxy has it. */
const passesKept = 4

export function createDictionary(options: { maxSeries: number }): Dictionary {
  const index = createHashIndex()
  const sums = createSums()
  /** The blocks of this pass by their hash: most series come with many others of the same block. */
  const blocks = new Map<number, Block>()
  const blockHash: Hash = { low: 0, high: 0 }
  const hash: Hash = { low: 0, high: 0 }
  /** Where the block of `blockHash` stands. */
  let last: { chunk: Chunk; from: number; to: number } | null = null
  let sumOf = new Int32Array(64)
  let askedIn = new Int32Array(64)
  let pass = 0

  /** The buckets of a histogram follow each other with the same block: to compare it costs less than to hash it. */
  const hashBlock = (chunk: Chunk, from: number, to: number): void => {
    const isSame =
      last?.chunk === chunk &&
      last.to - last.from === to - from &&
      chunk.bytes.compare(chunk.bytes, last.from, last.to, from, to) === 0
    if (isSame) return
    hashInto(blockHash, chunk, from, to)
    last = { chunk, from, to }
  }

  const hashSeries = (seed: number, { bytes }: Chunk, from: number, to: number): void => {
    hash.low = blockHash.low
    hash.high = blockHash.high
    mixInto(hash, seed)
    for (let at = from; at < to; at++) mixInto(hash, bytes[at] ?? 0)
  }

  const blockOf = (isZtunnel: boolean, { bytes }: Chunk, from: number, to: number): Block => {
    const key = (blockHash.low >>> 0) * 2 ** 21 + (blockHash.high >>> 11) * (isZtunnel ? -1 : 1)
    const known = blocks.get(key)
    if (known) return known
    const labels = labelsOf(bytes.toString("utf8", from, to))
    const block = sums.block(isZtunnel ? { ...labels, app: "ztunnel" } : labels)
    blocks.set(key, block)
    return block
  }

  return {
    idOf: (family, isZtunnel, chunk, from, to) => {
      const bound = family === "duration" ? boundAt(chunk.bytes, from, to) : -1
      const end = bound < 0 ? to : bound
      hashBlock(chunk, from, end)
      hashSeries(familySeeds[family] + (isZtunnel ? ztunnelSeed : 0), chunk, end, to)
      const known = index.find(hash)
      if (known >= 0) {
        askedIn[known] = pass
        return known
      }
      if (index.size() >= options.maxSeries) return -1
      const id = index.add(hash)
      sumOf = grown(sumOf, id + 1)
      askedIn = grown(askedIn, id + 1)
      const block = blockOf(isZtunnel, chunk, from, end)
      sumOf[id] = sums.use(block, family, bound < 0 ? block.labels["le"] : boundText(chunk, end, to))
      askedIn[id] = pass
      return id
    },
    add: (id, perSecond) => sums.add(sumOf[id] ?? 0, perSecond),
    edges: sums.edges,
    begin: () => {
      pass++
      sums.clear()
    },
    end: () => {
      index.removeWhere(
        (id) => pass - (askedIn[id] ?? 0) >= passesKept,
        (id) => sums.release(sumOf[id] ?? 0),
      )
      blocks.clear()
      last = null
      sums.settle()
    },
    size: index.size,
    span: index.span,
  }
}

/** The bound itself, of `,le="5"` or `le="5"`. */
const boundText = ({ bytes }: Chunk, from: number, to: number): string =>
  bytes.toString("latin1", bytes.indexOf('"', from) + 1, to - 1)

import type { Family } from "../reconcile/series.ts"
import { type Chunk, boundOf, hashInto, labelsOf } from "./block.ts"
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
  const hash = { low: 0, high: 0 }
  let sumOf = new Int32Array(64)
  let askedIn = new Int32Array(64)
  let pass = 0

  const read = ({ bytes }: Chunk, from: number, to: number, isZtunnel: boolean): Block => {
    const labels = labelsOf(bytes.toString("utf8", from, to))
    return sums.block(isZtunnel ? { ...labels, app: "ztunnel" } : labels)
  }

  const blockOf = (isZtunnel: boolean, chunk: Chunk, from: number, to: number): Block => {
    hashInto(hash, chunk, from, to, isZtunnel ? ztunnelSeed : 0)
    const key = (hash.low >>> 0) * 2 ** 21 + (hash.high >>> 11)
    const block = blocks.get(key) ?? read(chunk, from, to, isZtunnel)
    blocks.set(key, block)
    return block
  }

  const sumFor = (family: Family, isZtunnel: boolean, chunk: Chunk, from: number, to: number): number => {
    const last = family === "duration" ? boundOf(chunk.bytes, from, to) : { end: to, bound: "" }
    if (last) return sums.use(blockOf(isZtunnel, chunk, from, last.end), family, last.bound)
    const block = read(chunk, from, to, isZtunnel)
    return sums.use(block, family, block.labels["le"])
  }

  return {
    idOf: (family, isZtunnel, chunk, from, to) => {
      const seed = familySeeds[family] + (isZtunnel ? ztunnelSeed : 0)
      hashInto(hash, chunk, from, to, seed)
      const known = index.find(hash)
      if (known >= 0) {
        askedIn[known] = pass
        return known
      }
      if (index.size() >= options.maxSeries) return -1
      const id = index.add(hash)
      sumOf = grown(sumOf, id + 1)
      askedIn = grown(askedIn, id + 1)
      sumOf[id] = sumFor(family, isZtunnel, chunk, from, to)
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
      sums.settle()
    },
    size: index.size,
    span: index.span,
  }
}

import type { Family } from "../reconcile/series.ts"
import type { Chunk } from "./block.ts"
import { type Dictionary, createDictionary } from "./dictionary.ts"
import { grown } from "./hash-index.ts"

/** The counters of one proxy at its last whole answer, in the order in which it printed them. */
type Proxy = {
  readAt: number
  /** The pass of that answer. */
  readIn: number
  ids: Int32Array
  values: Float64Array
  /** Nothing of the answer was refused: what it did not have was not there. */
  isWhole: boolean
}

/** An answer that is not whole yet. */
type Reading = { count: number; ids: Int32Array; values: Float64Array; refused: number }

/** The counters of every proxy between two reads, and the rates that follow. */
export type Counters = {
  /** Begins a pass over the proxies. */
  begin(): void
  /** Reads one proxy's answer, that was asked for at `at` ms. */
  proxy(id: string, at: number, isZtunnel: boolean): ProxyReader
  /** Ends the pass: forgets proxies and series that are gone, and returns the edges of the growth since the pass before. */
  end(): Pick<Dictionary, "edges"> & {
    proxiesWithRates: number
    /** Samples that are no numbers. */
    dropped: number
    /** Samples beyond the limits. */
    refused: number
  }
  /** Counters of all proxies, and different series among them. */
  size(): { counters: number; series: number }
}

export type ProxyReader = {
  sample(family: Family, chunk: Chunk, from: number, to: number, value: number): void
  /** Takes the answer as whole. Without it nothing of it counts, and the proxy's next growth is since the read before. */
  done(): void
}

export type CountersOptions = {
  /** Different series. One takes about 100 bytes. */
  maxSeries: number
  /** Counters of all proxies together. One takes 12 bytes. */
  maxCounters: number
}

/** A proxy that did not answer for so many passes is gone, or as good as. */
const passesKept = 3
/** Longer arrays are not kept for the next answer: few proxies have as many counters. */
const spareLength = 16_384

const nothing = { ids: new Int32Array(0), values: new Float64Array(0) }

export function createCounters({ maxSeries, maxCounters }: CountersOptions): Counters {
  const dictionary = createDictionary({ maxSeries })
  const proxies = new Map<string, Proxy>()
  const spare: Reading[] = []
  /** Where a series stands in the proxy that is compared, from 1; zero outside of a comparison. */
  let standing = new Int32Array(64)
  let pass = 0
  let held = 0
  let dropped = 0
  let refused = 0
  let proxiesWithRates = 0

  const addGrowth = ({ ids, values, count }: Reading, before: Proxy, seconds: number): void => {
    standing = grown(standing, dictionary.span())
    for (let i = 0; i < before.ids.length; i++) standing[before.ids[i] ?? 0] = i + 1
    for (let i = 0; i < count; i++) {
      const id = ids[i] ?? 0
      const value = values[i] ?? 0
      const place = standing[id] ?? 0
      if (place === 0 && !before.isWhole) continue
      // a counter that fell was reset: all of it grew since; one that is new on a known proxy began at zero
      const last = place === 0 ? 0 : (before.values[place - 1] ?? 0)
      const growth = value >= last ? value - last : value
      if (growth > 0) dictionary.add(id, growth / seconds)
    }
    for (let i = 0; i < before.ids.length; i++) standing[before.ids[i] ?? 0] = 0
  }

  /** What is kept of an answer: as much as there is room for. */
  const keep = (name: string, reading: Reading, at: number): void => {
    const before = proxies.get(name) ?? nothing
    const count = Math.min(reading.count, maxCounters - held + before.ids.length)
    const { ids, values } =
      before.ids.length === count ? before : { ids: new Int32Array(count), values: new Float64Array(count) }
    ids.set(reading.ids.subarray(0, count))
    values.set(reading.values.subarray(0, count))
    held += count - before.ids.length
    const refusedHere = reading.refused + reading.count - count
    refused += refusedHere
    proxies.set(name, { readAt: at, readIn: pass, ids, values, isWhole: refusedHere === 0 })
  }

  return {
    begin: () => {
      pass++
      dropped = 0
      refused = 0
      proxiesWithRates = 0
      dictionary.begin()
    },
    proxy: (name, at, isZtunnel) => {
      const reading: Reading = spare.pop() ?? {
        ...{ count: 0, refused: 0 },
        ...{ ids: new Int32Array(256), values: new Float64Array(256) },
      }
      return {
        sample: (family, chunk, from, to, value) => {
          if (!Number.isFinite(value) || value < 0) {
            dropped++
            return
          }
          const id = dictionary.idOf(family, isZtunnel, chunk, from, to)
          if (id < 0) {
            reading.refused++
            return
          }
          const i = reading.count++
          reading.ids = grown(reading.ids, i + 1)
          reading.values = grown(reading.values, i + 1)
          reading.ids[i] = id
          reading.values[i] = value
        },
        done: () => {
          const before = proxies.get(name)
          const seconds = before ? (at - before.readAt) / 1000 : 0
          if (before && seconds > 0) {
            addGrowth(reading, before, seconds)
            proxiesWithRates++
          }
          keep(name, reading, at)
          reading.count = reading.refused = 0
          if (reading.ids.length <= spareLength) spare.push(reading)
        },
      }
    },
    end: () => {
      for (const [name, { readIn, ids }] of proxies) {
        if (pass - readIn < passesKept) continue
        proxies.delete(name)
        held -= ids.length
      }
      dictionary.end()
      return { edges: dictionary.edges, proxiesWithRates, dropped, refused }
    },
    size: () => ({ counters: held, series: dictionary.size() }),
  }
}

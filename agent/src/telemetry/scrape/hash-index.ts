import type { Hash } from "./block.ts"

/** Numbers things by their hash: small integers that are used again, for arrays by the side. Takes about 20 bytes a thing. */
export type HashIndex = {
  /** -1 for what is not known. */
  find(hash: Hash): number
  /** Of a hash that is not known. */
  add(hash: Hash): number
  /** Forgets all that are gone; tells each. It costs a look at all. */
  removeWhere(isGone: (id: number) => boolean, removed: (id: number) => void): void
  size(): number
  /** Every number is below it. */
  span(): number
}

/** A copy of at least this length, doubled so that growing is rare. */
export function grown<T extends Uint8Array | Int32Array | Float64Array>(array: T, length: number): T {
  if (length <= array.length) return array
  const larger = new (array.constructor as new (length: number) => T)(Math.max(length, array.length * 2))
  larger.set(array)
  return larger
}

/** Open addressing with linear steps, at most half full. */
export function createHashIndex(): HashIndex {
  let places = new Int32Array(64)
  let lows = new Int32Array(32)
  let highs = new Int32Array(32)
  let taken = new Uint8Array(32)
  let next = 0
  const free: number[] = []

  /** The place of the hash, or the empty one where it belongs. */
  const placeOf = (low: number, high: number): number => {
    const mask = places.length - 1
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const id = (places[place] ?? 0) - 1
      if (id < 0 || (lows[id] === low && highs[id] === high)) return place
    }
  }

  const rebuild = (length: number): void => {
    places = new Int32Array(length)
    for (let id = 0; id < next; id++)
      if (taken[id] === 1) places[placeOf(lows[id] ?? 0, highs[id] ?? 0)] = id + 1
  }

  const size = (): number => next - free.length

  return {
    size,
    span: () => next,
    find: ({ low, high }) => (places[placeOf(low, high)] ?? 0) - 1,
    add: ({ low, high }) => {
      if (size() * 2 >= places.length) rebuild(places.length * 2)
      const id = free.pop() ?? next++
      lows = grown(lows, id + 1)
      highs = grown(highs, id + 1)
      lows[id] = low
      taken = grown(taken, id + 1)
      highs[id] = high
      taken[id] = 1
      places[placeOf(low, high)] = id + 1
      return id
    },
    removeWhere: (isGone, removed) => {
      const before = free.length
      for (let id = 0; id < next; id++) {
        if (taken[id] !== 1 || !isGone(id)) continue
        taken[id] = 0
        free.push(id)
        removed(id)
      }
      if (free.length > before) rebuild(places.length)
    },
  }
}

/** A source of choices that a seed determines. */
export type Random = {
  chance: (probability: number) => boolean
  /** 0 ... below - 1. */
  int: (below: number) => number
  pick: <T>(items: readonly T[]) => T
  /** So many values of a maker. */
  some: <T>(count: number, make: (index: number) => T) => T[]
}

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed + 1, 2654435761) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const int = (below: number): number => Math.floor(next() * below)
  return {
    chance: (probability) => next() < probability,
    int,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error("nothing to pick from")
      return items[int(items.length)] as (typeof items)[number]
    },
    some: (count, make) => Array.from({ length: count }, (_, index) => make(index)),
  }
}

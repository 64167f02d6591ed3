import { Source, type Tracker } from "./tracker.ts"

/** What can be looked up by a key; a look is recorded where somebody records. */
export type Lookup<T> = {
  get: (key: string) => T | undefined
  has: (key: string) => boolean
  /** All values, of keys in no particular order; a dependency on every one of them. */
  values: () => Iterable<T>
}

/** What is in every bucket into which somebody only looked. */
const nothing: unknown[] = []

class Bucket<T> extends Source {
  readonly key: string
  items: T[]
  sorted = true

  constructor(kinds: readonly string[], key: string, items: T[]) {
    super(kinds)
    this.key = key
    this.items = items
  }
}

/** Items under keys, several under one, in the order of `compare`. Looks are recorded key by key, also of keys under which there is nothing (yet). */
export class Table<T> implements Lookup<readonly T[]> {
  readonly #kinds: readonly string[]
  readonly #tracker: Tracker
  readonly #compare: (a: T, b: T) => number
  readonly #buckets = new Map<string, Bucket<T>>()
  readonly #all: Source

  constructor(tracker: Tracker, kinds: readonly string[], compare: (a: T, b: T) => number) {
    this.#tracker = tracker
    this.#kinds = kinds
    this.#compare = compare
    this.#all = new Source(kinds)
  }

  /** The bucket that somebody looks into, made when nothing is in it. */
  #looked(key: string): Bucket<T> {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    const bucket = new Bucket<T>(this.#kinds, key, nothing as T[])
    this.#buckets.set(key, bucket)
    return bucket
  }

  /** Answers with the table's own copy of the key, for whoever keeps it: made of parts, each copy of it costs a hundred bytes. */
  add(key: string, item: T): string {
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = new Bucket(this.#kinds, key, [item])
      this.#buckets.set(key, bucket)
    } else {
      if (bucket.items.length === 0) bucket.items = [item]
      else bucket.items.push(item)
      bucket.sorted = bucket.items.length === 1
      bucket.changed()
    }
    this.#all.changed()
    return bucket.key
  }

  remove(key: string, item: T): void {
    const bucket = this.#buckets.get(key)
    const index = bucket === undefined ? -1 : bucket.items.indexOf(item)
    if (bucket === undefined || index < 0) return
    // A copy: whoever holds the old list keeps what he read.
    bucket.items = bucket.items.filter((_, at) => at !== index)
    bucket.changed()
    // Nobody reads it any more, and keys of what comes and goes would pile up.
    if (bucket.items.length === 0) this.#buckets.delete(key)
    this.#all.changed()
  }

  /** All items, in no particular order; not recorded. */
  *items(): Iterable<T> {
    for (const { items } of this.#buckets.values()) yield* items
  }

  #sorted(bucket: Bucket<T>): readonly T[] {
    if (!bucket.sorted) {
      bucket.items = bucket.items.toSorted(this.#compare)
      bucket.sorted = true
    }
    return bucket.items
  }

  get(key: string): readonly T[] | undefined {
    const bucket = this.#tracker.recording ? this.#looked(key) : this.#buckets.get(key)
    if (bucket === undefined) return undefined
    this.#tracker.record(bucket)
    return bucket.items.length === 0 ? undefined : this.#sorted(bucket)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  *values(): Iterable<readonly T[]> {
    this.#tracker.record(this.#all)
    for (const bucket of this.#buckets.values()) if (bucket.items.length > 0) yield this.#sorted(bucket)
  }
}

/** The first item of each key, for keys that hold one. */
export const firstOf = <T>(table: Table<T>): Lookup<T> => ({
  get: (key) => table.get(key)?.[0],
  has: (key) => table.has(key),
  *values() {
    for (const items of table.values()) {
      const [first] = items
      if (first !== undefined) yield first
    }
  },
})

/** Something that reads: an evaluation, or a derived value. What it read tells it when that changes, once. */
export interface Reader {
  /** False when a newer reader took its place; it is told nothing any more. */
  alive: boolean
  invalidate: () => void
}

/** Something that is read, and remembers by whom. `kinds`: the kinds of objects whose content it shows. Small: a mesh has a hundred thousand of them. */
export class Source {
  readonly kinds: readonly string[]
  /** Most are read by one, and many by nobody. */
  #readers: Reader | Reader[] | undefined

  constructor(kinds: readonly string[]) {
    this.kinds = kinds
  }

  add(reader: Reader): void {
    const readers = this.#readers
    if (readers === undefined) this.#readers = reader
    else if (!Array.isArray(readers)) {
      if (readers !== reader) this.#readers = readers.alive ? [readers, reader] : reader
    } else if (readers[readers.length - 1] !== reader) {
      readers.push(reader)
      // Readers that were replaced would pile up in a source that never changes: at each doubling they are sorted out.
      if (readers.length >= 64 && (readers.length & (readers.length - 1)) === 0)
        this.#readers = readers.filter(({ alive }) => alive)
    }
  }

  /** Tells every reader that is still alive, and forgets them: whoever reads again is told again. */
  changed(): void {
    const readers = this.#readers
    if (readers === undefined) return
    this.#readers = undefined
    if (!Array.isArray(readers)) {
      if (readers.alive) readers.invalidate()
    } else for (const reader of readers) if (reader.alive) reader.invalidate()
  }
}

/** Who reads at the moment. Without a reader, reading costs nothing and is not recorded. */
export class Tracker {
  #active: Reader | undefined
  /** Called at each recorded read, to check that it is allowed; unset in production. */
  guard: ((source: Source) => void) | undefined

  /** How many looks were recorded so far. */
  looks = 0

  record(source: Source): void {
    if (this.#active === undefined) return
    this.looks++
    if (this.guard !== undefined) this.guard(source)
    source.add(this.#active)
  }

  /** Whether reads are recorded now. */
  get recording(): boolean {
    return this.#active !== undefined
  }

  /** Runs with `reader` as the one who reads; nested runs read for the inner one. */
  run<T>(reader: Reader, body: () => T): T {
    const outer = this.enter(reader)
    try {
      return body()
    } finally {
      this.leave(outer)
    }
  }

  /** Lets `reader` read until `leave`; answers who read before. */
  enter(reader: Reader): Reader | undefined {
    const outer = this.#active
    this.#active = reader
    return outer
  }

  leave(outer: Reader | undefined): void {
    this.#active = outer
  }
}

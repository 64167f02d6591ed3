/** Something that reads: an evaluation, or a derived value. What it read tells it when that changes, once. */
export interface Reader {
  /** False when a newer reader took its place; it is told nothing any more. */
  alive: boolean
  invalidate: () => void
}

/** Something that is read, and remembers by whom. `kinds`: the kinds of objects whose content it shows. */
export class Source {
  readonly kinds: readonly string[]
  /** Most sources of a mesh are never read twice, and many not at all. */
  #readers: Reader[] | undefined
  #last: Reader | undefined
  #limit = 64

  constructor(kinds: readonly string[]) {
    this.kinds = kinds
  }

  add(reader: Reader): void {
    if (this.#last === reader) return
    this.#last = reader
    if (this.#readers === undefined) {
      this.#readers = [reader]
      return
    }
    if (this.#readers.length >= this.#limit) this.#readers = this.#compact(this.#readers)
    this.#readers.push(reader)
  }

  /** Tells every reader that is still alive, and forgets them: whoever reads again is told again. */
  changed(): void {
    const readers = this.#readers
    if (readers === undefined) return
    this.#readers = undefined
    this.#last = undefined
    for (const reader of readers) if (reader.alive) reader.invalidate()
  }

  /** Readers that were replaced would pile up in a source that never changes. */
  #compact(readers: readonly Reader[]): Reader[] {
    const left = readers.filter(({ alive }) => alive)
    this.#limit = Math.max(64, left.length * 2)
    return left
  }
}

/** Who reads at the moment. Without a reader, reading costs nothing and is not recorded. */
export class Tracker {
  #active: Reader | undefined
  /** Called at each recorded read, to check that it is allowed; unset in production. */
  guard: ((source: Source) => void) | undefined

  record(source: Source): void {
    if (this.#active === undefined) return
    if (this.guard !== undefined) this.guard(source)
    source.add(this.#active)
  }

  /** Whether reads are recorded now. */
  get recording(): boolean {
    return this.#active !== undefined
  }

  /** Runs with `reader` as the one who reads; nested runs read for the inner one. */
  run<T>(reader: Reader, body: () => T): T {
    const outer = this.#active
    this.#active = reader
    try {
      return body()
    } finally {
      this.#active = outer
    }
  }
}

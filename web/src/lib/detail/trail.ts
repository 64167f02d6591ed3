/**
 * What the browser saw of many numbers since the page was opened, one point a tick: sparklines of 500 rows without 500 questions. A
 * number that was not in a tick has a hole there.
 */
export class Trail {
  readonly #points: number
  #ticks: number[] = []
  #values = new Map<string, (number | null)[]>()

  /** @param points how many ticks are remembered */
  constructor(points = 60) {
    this.#points = points
  }

  get length(): number {
    return this.#ticks.length
  }

  /** Remembers a tick once; an older or the same moment changes nothing. */
  add(at: number, values: Iterable<readonly [string, number | null]>): boolean {
    const last = this.#ticks.at(-1)
    if (last !== undefined && at <= last) return false
    this.#ticks.push(at)
    const seen = new Set<string>()
    for (const [key, value] of values) {
      seen.add(key)
      const column = this.#values.get(key) ?? Array.from({ length: this.#ticks.length - 1 }, () => null)
      column.push(value)
      this.#values.set(key, column)
    }
    for (const [key, column] of this.#values) if (!seen.has(key)) column.push(null)
    if (this.#ticks.length > this.#points) this.#forget()
    return true
  }

  #forget(): void {
    this.#ticks.shift()
    for (const [key, column] of this.#values) {
      column.shift()
      if (column.every((value) => value === null)) this.#values.delete(key)
    }
  }

  /** A copy: whoever draws it sees that it changed. */
  of(key: string): readonly (number | null)[] {
    return [...(this.#values.get(key) ?? [])]
  }
}

const trails = new WeakMap<object, Map<string, Trail>>()

/** The trail of a mesh by name: going to another page and back keeps what was seen. */
export function trailOf(mesh: object, name: string): Trail {
  const known = trails.get(mesh) ?? new Map<string, Trail>()
  trails.set(mesh, known)
  const trail = known.get(name) ?? new Trail()
  known.set(name, trail)
  return trail
}

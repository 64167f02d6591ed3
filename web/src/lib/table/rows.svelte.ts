import { holdOrder } from "./order.ts"

/**
 * The rows as the reader sees them: while the reader is at them, values change in place and a new order waits. Another
 * `question` (sort, filter) is an order the reader asked for, and is taken at once.
 */
export class ShownRows<Row> {
  #wanted: () => readonly Row[]
  #id: (row: Row) => string
  #question: () => string
  /** The pointer is over them. */
  pointed = $state(false)
  /** The reader walks through them by keys, or reads one beside them. */
  read = $state(false)
  /** Counts acceptances, so that `rows` is derived again. */
  #accepted = $state(0)
  #order: readonly string[] = []
  #asked: string | undefined
  #seen = 0

  constructor(wanted: () => readonly Row[], id: (row: Row) => string, question: () => string) {
    this.#wanted = wanted
    this.#id = id
    this.#question = question
  }

  #now = $derived.by(() => {
    const wanted = this.#wanted()
    const question = this.#question()
    const fresh = this.#asked !== question || this.#seen !== this.#accepted
    this.#asked = question
    this.#seen = this.#accepted
    const result =
      (this.pointed || this.read) && !fresh
        ? holdOrder(this.#order, wanted, this.#id)
        : { rows: [...wanted], moved: false }
    this.#order = result.rows.map(this.#id)
    return result
  })

  get rows(): readonly Row[] {
    return this.#now.rows
  }
  /** The wanted order differs and waits. */
  get moved(): boolean {
    return this.#now.moved
  }
  accept(): void {
    this.#accepted++
  }
}

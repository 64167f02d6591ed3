/** The same value while its key is the same: what is laid out stays laid out through ticks. */
export class Kept<T> {
  #key: string | undefined
  #value: T | undefined

  of(key: string, make: () => T): T {
    if (this.#value === undefined || key !== this.#key) {
      this.#value = make()
      this.#key = key
    }
    return this.#value
  }
}

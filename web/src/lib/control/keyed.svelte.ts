/** Names for the items of a list that are moved about: an item keeps its key wherever it goes. */
export class Keyed {
  #next = 0
  keys = $state.raw<readonly number[]>([])

  /** As many keys as there are items; those that are there stay. */
  fit(count: number): void {
    if (this.keys.length === count) return
    this.keys =
      this.keys.length > count
        ? this.keys.slice(0, count)
        : [...this.keys, ...Array.from({ length: count - this.keys.length }, () => this.#next++)]
  }

  /** @returns the new key */
  insert(at: number): number {
    const key = this.#next++
    this.keys = this.keys.toSpliced(at, 0, key)
    return key
  }
  remove(at: number): void {
    this.keys = this.keys.toSpliced(at, 1)
  }
  move(reorder: (keys: readonly number[]) => number[]): void {
    this.keys = reorder(this.keys)
  }
}

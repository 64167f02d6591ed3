/** An answer that is read again and again: the newest question wins, the last good answer stays while the next one is on its way or fails. */
export class Reading<T> {
  value = $state.raw<T>()
  error = $state.raw<unknown>()
  /** When the value was read, ms; undefined before the first. */
  readAt = $state<number>()
  busy = $state(false)
  #now: () => number
  #turn = 0

  constructor(now: () => number) {
    this.#now = now
  }

  async read(task: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn
    this.busy = true
    try {
      const value = await task()
      if (turn !== this.#turn) return
      this.value = value
      this.error = undefined
      this.readAt = this.#now()
    } catch (error) {
      if (turn === this.#turn) this.error = error
    } finally {
      if (turn === this.#turn) this.busy = false
    }
  }

  /** Another subject: what is known belongs to the old one. */
  forget(): void {
    this.#turn++
    this.value = undefined
    this.error = undefined
    this.readAt = undefined
    this.busy = false
  }
}

/** Calls now and then every `ms` while the page is seen. @returns ends it */
export function every(ms: number, call: () => void): () => void {
  call()
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") call()
  }, ms)
  return () => clearInterval(timer)
}

/** The moment that ages are told from, a second at a time. `skewMs` is how far the server's clock is ahead of this one. */
export class Clock {
  #read: () => number
  #now: number
  skewMs = $state(0)

  constructor(read: () => number) {
    this.#read = read
    this.#now = $state(read())
  }

  /** Server time, ms. Changes once a second. */
  get now(): number {
    return this.#now + this.skewMs
  }
  /** Server time to the millisecond; does not make a view update. */
  exact(): number {
    return this.#read() + this.skewMs
  }
  /** @returns stops it */
  start(): () => void {
    this.#now = this.#read()
    const timer = setInterval(() => (this.#now = this.#read()), 1000)
    return () => clearInterval(timer)
  }
}

import type { Pins } from "./arrange.ts"
import { decodePins, encodePins } from "./pins.ts"

/** Where cards stood, by way of looking, from visit to visit. */
export class PinMemory {
  #storage: Pick<Storage, "getItem" | "setItem">
  #key = ""
  #pins: Pins = new Map()

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage
  }

  read(key: string): Pins {
    if (this.#key !== key) {
      this.#key = key
      this.#pins = decodePins(this.#storage.getItem(key))
    }
    return this.#pins
  }

  /** Adds to what is known: boxes that are not shown now keep their places. */
  keep(key: string, pins: Pins): void {
    const merged: Pins = new Map([...this.read(key), ...pins])
    this.#pins = merged
    try {
      this.#storage.setItem(key, encodePins(merged))
    } catch {
      // Without room for it the layout is computed again at the next visit.
    }
  }
}

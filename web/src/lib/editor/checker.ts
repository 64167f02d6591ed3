import type { Choice, Step } from "./completion.ts"
import type { Documentation } from "./documentation.ts"
import type { Checked, Proposed } from "./check-session.ts"
import type { Ask, Tell } from "./messages.ts"

export type MeshState =
  | { state: "reading"; kinds: number; of: number; objects: number }
  | { state: "ready"; objects: number; unasked: number; at: number }
  | { state: "failed"; message: string }

/** Is told of each answer, and of how far the reading of the mesh is. */
type Listener = { checked: (checked: Checked) => void; mesh: (state: MeshState) => void }

type Port = {
  postMessage: (message: Ask) => void
  terminate: () => void
  onmessage: ((event: { data: Tell }) => void) | null
  onerror: ((event: { message?: string }) => void) | null
}

const createWorker = (): Port =>
  new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" }) as unknown as Port

/** The engine in its worker: one question at a time, and of those that come meanwhile only the newest. */
export class Checker {
  #port: Port
  #count = 0
  #asked: number | undefined
  #waiting: Proposed | undefined
  #newest: Proposed | undefined
  #choices: { id: number; resolve: (choices: Choice[]) => void }[] = []
  #described: { id: number; resolve: (documentation: Documentation | null) => void }[] = []
  #listener: Listener

  constructor(organization: string | undefined, listener: Listener, create: () => Port = createWorker) {
    this.#listener = listener
    this.#port = create()
    this.#port.onmessage = ({ data }) => this.#take(data)
    this.#port.onerror = ({ message }) => {
      listener.mesh({ state: "failed", message: message ?? "the engine did not start" })
    }
    this.#port.postMessage({ type: "start", organization })
  }

  check(proposed: Proposed): void {
    this.#newest = proposed
    if (this.#asked === undefined) this.#send(proposed)
    else this.#waiting = proposed
  }

  complete(place: {
    kind: string
    version: string
    path: Step[]
    writes: "field" | "value"
  }): Promise<Choice[]> {
    const id = ++this.#count
    return new Promise((resolve) => {
      this.#choices.push({ id, resolve })
      this.#port.postMessage({ type: "complete", id, ...place })
    })
  }

  /** What is known of a field; null: nothing. */
  describe(place: { kind: string; version: string; path: Step[] }): Promise<Documentation | null> {
    const id = ++this.#count
    return new Promise((resolve) => {
      this.#described.push({ id, resolve })
      this.#port.postMessage({ type: "describe", id, ...place })
    })
  }

  close(): void {
    this.#port.terminate()
    for (const { resolve } of this.#choices) resolve([])
    for (const { resolve } of this.#described) resolve(null)
  }

  #send(proposed: Proposed): void {
    this.#waiting = undefined
    this.#asked = ++this.#count
    this.#port.postMessage({ type: "check", id: this.#asked, proposed })
  }

  #take(message: Tell): void {
    if (message.type === "progress") {
      const { kinds, of, objects } = message
      this.#listener.mesh({ state: "reading", kinds, of, objects })
    } else if (message.type === "ready") {
      const { objects, unasked, at } = message
      this.#listener.mesh({ state: "ready", objects, unasked, at })
      // What was answered without the mesh is asked again with it.
      if (this.#newest) this.check(this.#newest)
    } else if (message.type === "failed") this.#listener.mesh({ state: "failed", message: message.message })
    else if (message.type === "choices") {
      this.#choices.find(({ id }) => id === message.id)?.resolve(message.choices)
      this.#choices = this.#choices.filter(({ id }) => id !== message.id)
    } else if (message.type === "described") {
      this.#described.find(({ id }) => id === message.id)?.resolve(message.documentation)
      this.#described = this.#described.filter(({ id }) => id !== message.id)
    } else if (message.id === this.#asked) {
      this.#asked = undefined
      if (this.#waiting) this.#send(this.#waiting)
      else {
        this.#listener.checked(message.checked)
      }
    }
  }
}

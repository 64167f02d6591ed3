import type { Client } from "#shared/api/client.ts"
import { Link, type LinkState, type Subscriber } from "./link.ts"

const openSocket = (url: string) => {
  const socket = new WebSocket(url)
  return socket as never
}

/** Two frames: the first one lays out and paints what the message changed. */
const drawn = (call: () => void): void => {
  requestAnimationFrame(() => requestAnimationFrame(call))
}

const after = (ms: number, call: () => void): (() => void) => {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}

/** State of the socket, and subscriptions to views. */
export class Live {
  #link: Link
  state = $state.raw<LinkState>({ state: "connecting", downSince: undefined })

  constructor(api: Client, now: () => number) {
    this.#link = new Link(
      {
        ticket: async () => (await api.call("createSocketTicket")).url,
        open: openSocket,
        now,
        random: Math.random,
        after,
        drawn,
      },
      (state) => (this.state = state),
    )
  }

  /** @returns ends the connection */
  start(): () => void {
    const retry = (): void => this.#link.retry()
    window.addEventListener("online", retry)
    this.#link.start()
    return () => {
      window.removeEventListener("online", retry)
      this.#link.stop()
    }
  }

  retry(): void {
    this.#link.retry()
  }
  /** `reload` is called once the cloud sends changes, and whenever some may have been missed. @returns ends it */
  subscribe(subscriber: Subscriber): () => void {
    return this.#link.subscribe(subscriber)
  }
}

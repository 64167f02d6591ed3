import { ConsoleDown, type ConsoleUp, type View } from "#shared/protocol/console.ts"

/** The part of a browser's WebSocket that is used. */
export type Socket = {
  send(text: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: (() => void) | null
}

export type Platform = {
  /** Address of a socket, good for one connect. Throws when the server cannot be reached. */
  ticket(): Promise<string>
  open(url: string): Socket
  now(): number
  random(): number
  /** Calls back after `ms`. @returns cancels it */
  after(ms: number, call: () => void): () => void
  /** Calls back when what was changed is drawn. */
  drawn(call: () => void): void
}

export type Patch = Extract<ConsoleDown, { seq: number }>

export type Subscriber = {
  view: View
  /** A change since the content that `reload` read. */
  patch(message: Patch): void
  /** Read the whole view over HTTP: it is new, something was left out, or the link was down. */
  reload(): void
}

/** `downSince`: when the link was lost, until it is up again. */
export type LinkState =
  | { state: "connecting"; downSince: number | undefined }
  | { state: "live"; downSince: undefined }
  | { state: "offline"; downSince: number; retryAt: number }

const pingMs = 30_000
const silentMs = 20_000
const connectMs = 10_000
const backoff = { first: 1_000, most: 30_000 }

/**
 * The console's one socket: reconnects with full jitter, subscribes again, and asks for a fresh read after every time that something
 * may have been missed. A patch is acknowledged when it has been drawn, so that a page in the background slows the cloud down.
 */
export class Link {
  #platform: Platform
  #changed: (state: LinkState) => void
  #subscribers = new Map<string, Subscriber>()
  #socket: Socket | undefined
  #state: LinkState
  #attempt = 0
  #count = 0
  #running = false
  #cancel: () => void = () => {}
  #cancelPing: () => void = () => {}

  constructor(platform: Platform, changed: (state: LinkState) => void) {
    this.#platform = platform
    this.#changed = changed
    this.#state = { state: "connecting", downSince: undefined }
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    void this.#connect()
  }

  stop(): void {
    this.#running = false
    this.#drop()
  }

  /** Connects at once when it is waiting for the next attempt. */
  retry(): void {
    if (!this.#running || this.#state.state !== "offline") return
    this.#attempt = 0
    this.#cancel()
    void this.#connect()
  }

  /** @returns ends it */
  subscribe(subscriber: Subscriber): () => void {
    const id = `v${++this.#count}`
    this.#subscribers.set(id, subscriber)
    if (this.#state.state === "live") this.#send({ type: "subscribe", id, view: subscriber.view })
    return () => {
      this.#subscribers.delete(id)
      if (this.#state.state === "live") this.#send({ type: "unsubscribe", id })
    }
  }

  #set(state: LinkState): void {
    this.#state = state
    this.#changed(state)
  }

  #send(message: ConsoleUp): void {
    this.#socket?.send(JSON.stringify(message))
  }

  async #connect(): Promise<void> {
    this.#set({ state: "connecting", downSince: this.#state.downSince })
    let url: string
    try {
      url = await this.#platform.ticket()
    } catch {
      return this.#lost(undefined)
    }
    if (!this.#running) return
    const socket = this.#platform.open(url)
    this.#socket = socket
    this.#cancel = this.#platform.after(connectMs, () => this.#lost(socket))
    socket.onopen = () => this.#opened(socket)
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket && typeof data === "string") this.#take(data)
    }
    socket.onclose = () => this.#lost(socket)
  }

  #opened(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#cancel()
    this.#attempt = 0
    this.#set({ state: "live", downSince: undefined })
    for (const [id, { view }] of this.#subscribers) this.#send({ type: "subscribe", id, view })
    this.#ping(socket)
  }

  /** A ping each 30 s; a link that says nothing after one is dead, whatever the browser believes. */
  #ping(socket: Socket): void {
    this.#cancelPing = this.#platform.after(pingMs, () => {
      this.#send({ type: "ping" })
      this.#cancelPing = this.#platform.after(silentMs, () => this.#lost(socket))
    })
  }

  #take(text: string): void {
    if (this.#socket) {
      this.#cancelPing()
      this.#ping(this.#socket)
    }
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return
    }
    const parsed = ConsoleDown.safeParse(value)
    // Unknown kinds come from a newer cloud: what they would have said is read again with the next reload.
    if (!parsed.success) return
    this.#handle(parsed.data)
  }

  #handle(message: ConsoleDown): void {
    if (message.type === "subscribed") return this.#subscribers.get(message.id)?.reload()
    if (!("seq" in message)) return
    const subscriber = this.#subscribers.get(message.id)
    if (!subscriber) return
    if (message.type === "reload") subscriber.reload()
    else subscriber.patch(message)
    const socket = this.#socket
    this.#platform.drawn(() => {
      if (this.#socket === socket) this.#send({ type: "ack", id: message.id, seq: message.seq })
    })
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#cancel()
    this.#cancelPing()
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  #lost(socket: Socket | undefined): void {
    if (socket !== this.#socket) return
    this.#drop()
    if (!this.#running) return
    const limit = Math.min(backoff.most, backoff.first * 2 ** this.#attempt++)
    const wait = Math.round(limit * (0.2 + 0.8 * this.#platform.random()))
    const now = this.#platform.now()
    this.#set({ state: "offline", downSince: this.#state.downSince ?? now, retryAt: now + wait })
    this.#cancel = this.#platform.after(wait, () => void this.#connect())
  }
}

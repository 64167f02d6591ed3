import { WebSocket } from "ws"
import type { ConsoleDown, ConsoleUp, View } from "#shared/protocol/console.ts"

type Typed<T extends ConsoleDown["type"]> = Extract<ConsoleDown, { type: T }>

/** Calls the API as somebody with this token. */
export async function api<T>(
  server: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${server}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (answer.status === 204 ? undefined : await answer.json()) as T }
}

/** A console's websocket. */
export class Viewer {
  readonly socket: WebSocket
  readonly received: ConsoleDown[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  #wake: () => void = () => undefined
  #taken = 0
  #over = false

  constructor(url: string, origin?: string) {
    this.socket = new WebSocket(url, {
      perMessageDeflate: false,
      ...(origin === undefined ? {} : { origin }),
    })
    this.socket.on("error", () => undefined)
    this.socket.on("message", (data) => {
      this.received.push(JSON.parse((data as Buffer).toString("utf8")) as ConsoleDown)
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      this.socket.once("close", (code, reason) => {
        this.#over = true
        this.#wake()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once("open", resolve)
      this.socket.once("unexpected-response", (_, response) => {
        reject(new Error(`refused with ${response.statusCode ?? 0}`))
      })
      this.socket.once("error", reject)
    })
  }

  async next<T extends ConsoleDown["type"]>(
    type: T,
    fits: (message: Typed<T>) => boolean = () => true,
  ): Promise<Typed<T>> {
    for (;;) {
      while (this.#taken < this.received.length) {
        const message = this.received[this.#taken++]
        if (message?.type === type && fits(message as Typed<T>)) return message as Typed<T>
      }
      if (this.#over)
        throw new Error(`closed while waiting for ${type}; came: ${JSON.stringify(this.received)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  send(message: ConsoleUp): void {
    this.socket.send(JSON.stringify(message))
  }

  async watch(id: string, view: View): Promise<void> {
    this.send({ type: "subscribe", id, view })
    await this.next("subscribed", (message) => message.id === id)
  }

  /** Everything sent before has been handled once this resolves. */
  async settled(): Promise<void> {
    this.send({ type: "ping" })
    await this.next("pong")
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}

export async function view(server: string, token: string, origin?: string): Promise<Viewer> {
  const { body } = await api<{ url: string }>(server, token, "POST", "/socket-tickets")
  const viewer = new Viewer(body.url, origin)
  await viewer.opened()
  return viewer
}

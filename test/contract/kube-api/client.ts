import { Agent, request, type Dispatcher } from "undici"
import { expect } from "vitest"

/** A cluster under test. */
export type Cluster = {
  url: string
  adminToken: string
  caCert?: string
  /** Path of a kubeconfig of the administrator. */
  kubeconfig: string
  /** Makes older resource versions unreadable. */
  compact(): Promise<void>
  close(): Promise<void>
}

/** JSON of an answer, looked into without a schema: the suite is about its shape. */
export type Json = { [field: string]: Json } & Json[] & (string | number | boolean)

export type Answer = { status: number; body: Json; headers: { get(name: string): string | null } }

export type CallOptions = {
  body?: unknown
  /** Bearer token; null sends none. Default: the administrator's. */
  token?: string | null
  type?: string
  headers?: Record<string, string> | [string, string][]
}

export type WatchEvent = { type: string; object: Json }

export type OpenWatch = {
  status: number
  /** The next event that fits. @throws Error when the watch ends before */
  next(fits?: (event: WatchEvent) => boolean): Promise<WatchEvent>
  /** Resolves when the server ends the watch. */
  ended: Promise<void>
  close(): void
}

export type Client = {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  get(path: string, options?: CallOptions): Promise<Answer>
  /** Posts and expects 201; returns the object. */
  create(path: string, body: unknown): Promise<Json>
  watch(path: string, options?: CallOptions): Promise<OpenWatch>
  close(): Promise<void>
}

/** Flat names and values: `fetch` would fold repeated headers into one, which is another group for impersonation. */
function merged(headers: Record<string, string>, more: CallOptions["headers"]): string[] {
  const own = Array.isArray(more) ? more : Object.entries(more ?? {})
  const names = new Set(own.map(([name]) => name.toLowerCase()))
  return [...Object.entries(headers).filter(([name]) => !names.has(name)), ...own].flat()
}

export function createClient(cluster: Cluster): Client {
  const dispatcher: Dispatcher = new Agent({
    // HTTP/2 would fold repeated headers
    allowH2: false,
    ...(cluster.caCert ? { connect: { ca: cluster.caCert } } : {}),
  })
  const send = (method: string, path: string, options: CallOptions, signal?: AbortSignal) => {
    const { body, token = cluster.adminToken, type = "application/json", headers } = options
    const fixed = {
      accept: "application/json",
      "user-agent": "contract/1.0",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": type }),
    }
    return request(cluster.url + path, {
      method: method as Dispatcher.HttpMethod,
      dispatcher,
      headers: merged(fixed, headers),
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  }
  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const answer = await send(method, path, options)
    const text = await answer.body.text()
    const get = (name: string) => {
      const value = answer.headers[name]
      return value === undefined ? null : String(value)
    }
    // not by content type: the real OpenAPI index comes without one
    const body: unknown = text.startsWith("{") ? JSON.parse(text) : text
    return { status: answer.statusCode, body: body as Json, headers: { get } }
  }
  return {
    call,
    get: (path, options) => call("GET", path, options),
    create: async (path, body) => {
      const answer = await call("POST", path, { body })
      expect(answer, `POST ${path}`).toMatchObject({ status: 201 })
      return answer.body
    },
    watch: async (path, options = {}) => {
      const stop = new AbortController()
      const answer = await send("GET", path, options, stop.signal)
      return readWatch(answer.statusCode, answer.body, () => {
        stop.abort()
      })
    },
    close: () => dispatcher.destroy(),
  }
}

function readWatch(status: number, body: AsyncIterable<Uint8Array>, close: () => void): OpenWatch {
  const events: WatchEvent[] = []
  let isOver = false
  let wake = Promise.withResolvers<undefined>()
  const tell = () => {
    wake.resolve(undefined)
    wake = Promise.withResolvers()
  }
  const read = async () => {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      events.push(...lines.filter((line) => line !== "").map((line) => JSON.parse(line) as WatchEvent))
      tell()
    }
  }
  const ended = read()
    .catch(() => undefined)
    .then(() => {
      isOver = true
      tell()
    })
  return {
    status,
    ended,
    close,
    next: async (fits = () => true) => {
      for (;;) {
        const event = events.shift()
        if (event && fits(event)) return event
        if (event) continue
        if (isOver) throw new Error("the watch ended before the event that was waited for")
        await wake.promise
      }
    },
  }
}

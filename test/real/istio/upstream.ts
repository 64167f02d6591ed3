import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  createServer as createHttp,
} from "node:http"
import { createServer as createHttps } from "node:https"
import { setTimeout as sleep } from "node:timers/promises"
import type { Certificate } from "../kube/certificate.ts"

/** What an upstream was asked; `id` is the request's `x-ask`. */
export type Received = { id: string; host: string; path: string; headers: IncomingMessage["headers"] }

/** What an upstream answers with, as JSON. */
export type Echo = { pod: string; version: string; path: string; headers: Record<string, string> }

/** What requests ask of an upstream: to fail the first so many attempts with 500, to wait before it answers. */
export const failures = "x-fail-times"
export const waiting = "x-wait-ms"

const text = (value: string | string[] | undefined): string => String(value ?? "")

/** Real HTTP servers that stand for pods, each on an address of its own. */
export class Upstreams {
  readonly #servers: Server[] = []
  readonly #received = new Map<string, Received[]>()
  readonly #attempts = new Map<string, number>()
  readonly #names = new Map<string, Set<string>>()
  /** Pods that answer every request with 500. */
  readonly broken = new Set<string>()

  /** What a pod was asked since it was forgotten last. */
  received(pod: string): readonly Received[] {
    return this.#received.get(pod) ?? []
  }

  /** Attempts of a request, over all pods. */
  attempts(id: string): number {
    return this.#attempts.get(id) ?? 0
  }

  /** Names that a pod was asked for in TLS. */
  names(pod: string): ReadonlySet<string> {
    return this.#names.get(pod) ?? new Set()
  }

  forget(): void {
    this.#received.clear()
  }

  async start(
    { pod, version, address, port }: { pod: string; version: string; address: string; port: number },
    certificate?: Certificate,
  ): Promise<void> {
    const listener: RequestListener = (request, response) => {
      const { headers, url = "" } = request
      const id = text(headers["x-ask"])
      const attempt = this.attempts(id) + 1
      this.#attempts.set(id, attempt)
      this.#received.set(pod, [...this.received(pod), { id, host: text(headers.host), path: url, headers }])
      const fails = this.broken.has(pod) || attempt <= Number(headers[failures] ?? 0)
      const answer = (): void => {
        response.writeHead(fails ? 500 : 200, {
          "content-type": "application/json",
          "x-upstream": pod,
          "x-internal": "1",
        })
        response.end(JSON.stringify({ pod, version, path: url, headers }))
      }
      const wait = Number(headers[waiting] ?? 0)
      if (wait === 0) answer()
      else void sleep(wait).then(answer)
    }
    const server = certificate === undefined ? createHttp(listener) : this.#secure(pod, certificate, listener)
    this.#servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(port, address, resolve)
    })
  }

  #secure(pod: string, { cert, key }: Certificate, listener: RequestListener): Server {
    const names = new Set<string>()
    this.#names.set(pod, names)
    return createHttps({ cert, key }, listener).on("secureConnection", ({ servername }) => {
      if (typeof servername === "string") names.add(servername)
    })
  }

  stop(): void {
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
  }
}

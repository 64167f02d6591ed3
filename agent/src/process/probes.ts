import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** What a probe says: whether it is so, and why in one line. */
export type Verdict = { ok: boolean; words: string }

export type Probes = { port: number; close(): Promise<void> }

/** `/healthz`, `/readyz` and `/metrics`. @throws Error when the port is taken */
export async function startProbes(options: {
  host: string
  port: number
  health: () => Verdict
  ready: () => Verdict
  metrics: () => string
}): Promise<Probes> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0]
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text)
    }
    if (request.method !== "GET") return answer(405, "only GET\n")
    if (path === "/metrics") return answer(200, options.metrics())
    const verdict = path === "/healthz" ? options.health() : path === "/readyz" ? options.ready() : undefined
    if (!verdict) return answer(404, "there are /healthz, /readyz and /metrics\n")
    answer(verdict.ok ? 200 : 503, `${verdict.words}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

import { KubeConfig } from "@kubernetes/client-node"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"

export type Item = {
  metadata: { name: string; namespace?: string; resourceVersion?: string } & Record<string, unknown>
} & Record<string, unknown>

/** What an agent asks of a cluster once. */
const facts: Record<string, object> = {
  "/version": { gitVersion: "v1.36.0" },
  "/api/v1/namespaces/kube-system": { metadata: { uid: "0b0f4e3a-6c6a-4d6a-9d59-6a4ac9b9b6a1" } },
}

type Watch = { request: IncomingMessage; response: ServerResponse; query: URLSearchParams }

/** One collection of a Kubernetes API over HTTP, as little as the reflector needs, that misbehaves on demand. */
export type TestApiServer = {
  config: KubeConfig
  items: Map<string, Item>
  lists: URLSearchParams[]
  watches: URLSearchParams[]
  open(): number
  put(item: Item): void
  remove(name: string): void
  send(event: object): void
  /** The next requests are answered so, each once, by whether they watch; `skip` so many before. */
  fail: { watch: boolean; status: number; body?: object; skip?: number }[]
  endWatches(): void
  /** As a broken network: RST on every connection of a watch. */
  resetWatches(): void
  version(): number
  close(): Promise<void>
}

export async function startTestApiServer(): Promise<TestApiServer> {
  const open = new Set<Watch>()
  const sockets = new Set<Socket>()
  const log: { version: number; event: object }[] = []
  let version = 100

  const api: TestApiServer = {
    config: new KubeConfig(),
    items: new Map(),
    lists: [],
    watches: [],
    fail: [],
    open: () => open.size,
    put(item) {
      version += 1
      const known = api.items.has(item.metadata.name)
      const object = { ...item, metadata: { ...item.metadata, resourceVersion: String(version) } }
      api.items.set(item.metadata.name, object)
      api.send({ type: known ? "MODIFIED" : "ADDED", object })
    },
    remove(name) {
      version += 1
      const item = api.items.get(name)
      api.items.delete(name)
      if (item)
        api.send({
          type: "DELETED",
          object: { ...item, metadata: { ...item.metadata, resourceVersion: String(version) } },
        })
    },
    send(event) {
      log.push({ version, event })
      for (const { response } of open) response.write(`${JSON.stringify(event)}\n`)
    },
    endWatches() {
      for (const { response } of open) response.end()
    },
    resetWatches() {
      for (const { request } of open) request.socket.resetAndDestroy()
    },
    version: () => version,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function list(query: URLSearchParams, response: ServerResponse): void {
    api.lists.push(query)
    const all = [...api.items.values()]
    const from = Number(query.get("continue") ?? 0)
    const limit = Number(query.get("limit") ?? all.length)
    const left = Math.max(0, all.length - from - limit)
    const metadata = {
      resourceVersion: String(version),
      ...(left > 0 ? { continue: String(from + limit), remainingItemCount: left } : {}),
    }
    response.end(JSON.stringify({ metadata, items: all.slice(from, from + limit) }))
  }

  function watch(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    api.watches.push(query)
    const entry = { request, response, query }
    open.add(entry)
    response.on("close", () => open.delete(entry))
    response.flushHeaders()
    const since = Number(query.get("resourceVersion"))
    for (const { version: at, event } of log) if (at > since) response.write(`${JSON.stringify(event)}\n`)
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? "", "http://x")
    const fixed = facts[pathname]
    if (fixed) {
      response.end(JSON.stringify(fixed))
      return
    }
    const watching = query.get("watch") === "true"
    const failing = api.fail.findIndex((entry) => {
      if (entry.watch !== watching) return false
      entry.skip = (entry.skip ?? 0) - 1
      return entry.skip < 0
    })
    if (failing >= 0) {
      const [failure] = api.fail.splice(failing, 1)
      if (watching) api.watches.push(query)
      else api.lists.push(query)
      response.writeHead(failure?.status ?? 500).end(JSON.stringify(failure?.body ?? {}))
    } else if (watching) watch(request, response, query)
    else list(query, response)
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  api.config.loadFromClusterAndUser({ name: "test", server: url, skipTLSVerify: true }, { name: "test" })
  return api
}

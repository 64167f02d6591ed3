import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { authenticate, impersonate } from "./authentication.ts"
import { attributesOf, authorize, send, type Call, type Parts } from "./call.ts"
import { readRequest } from "./request.ts"
import { answerPath, answerResource } from "./routes.ts"
import { StatusError } from "./status.ts"

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  try {
    const info = readRequest(request)
    const sender = await authenticate(request, parts.tokens, info.token)
    const user = impersonate(request, sender, parts.rbac)
    authorize(parts.rbac, user, attributesOf(info))
    const call: Call = { request, response, info, user, parts, warnings: [] }
    await (info.resource ? answerResource(call, info.resource) : answerPath(call))
  } catch (error) {
    if (response.headersSent) {
      response.destroy()
      return
    }
    const known =
      error instanceof StatusError
        ? error
        : new StatusError(
            500,
            "InternalError",
            `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
          )
    if (known.code === 401) response.setHeader("www-authenticate", "Bearer")
    send(response, known.code, known.body())
  }
}

/** How often idle watches learn how far the world is. */
const bookmarkMs = 30_000

/** Serves on 127.0.0.1. @throws Error when the port is taken */
export async function serve(parts: Parts, port: number): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((request, response) => {
    void answer(request, response, parts)
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => undefined)
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", resolve)
  })
  const bookmarks = setInterval(() => {
    parts.watches.bookmarkAll()
  }, bookmarkMs)
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      clearInterval(bookmarks)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

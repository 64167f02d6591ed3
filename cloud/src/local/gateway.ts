import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { Logger } from "pino"
import { ulid } from "ulid"
import { type WebSocket, WebSocketServer } from "ws"
import { AppError, errorStatus } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Sockets } from "../cloud.ts"
import { watchFrames } from "./frame-guard.ts"

/** Handlers of one kind of websocket, as API Gateway calls them: connect, each message, disconnect. */
export type SocketRoute = {
  /** @throws AppError to refuse the handshake */
  connect(connection: string, request: { ticket: string; origin: string | undefined }): Promise<void>
  message(connection: string, text: string): Promise<void>
  disconnect(connection: string): Promise<void>
}

/** API Gateway's limits, and what protects this process before anybody is known. */
export const gatewayLimits = {
  frameBytes: limits.frameBytes as number,
  messageBytes: limits.messageBytes as number,
  idleMs: limits.idleMs as number,
  lifeMs: limits.lifeMs as number,
  integrationMs: limits.integrationMs as number,
  /** To send a whole request. */
  handshakeMs: 10_000,
  connectionsPerAddress: 4_000,
  /** Unsent bytes at which a peer counts as gone. */
  bufferedBytes: 8 * 1024 * 1024,
  /** Messages of one connection that wait for the one before them; beyond, nothing more is read. */
  waiting: 32,
}
export type GatewayLimits = typeof gatewayLimits

export type Gateway = {
  sockets: Sockets
  /** Takes over a request that wants to be a websocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes every connection and waits until each is forgotten. */
  close(): Promise<void>
}

type Open = { ws: WebSocket; touched(): void }

const timedOut = Symbol("timed out")

/** The result, or `timedOut`; the work itself goes on, as a Lambda that nobody waits for any more. */
function within<T>(work: Promise<T>, ms: number): Promise<T | typeof timedOut> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(timedOut)
    }, ms)
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
    })
  })
}

function refuseUpgrade(socket: Duplex, error: AppError): void {
  const body = JSON.stringify(problemOf(error, ulid()))
  const head = `HTTP/1.1 ${errorStatus[error.code]} Refused\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`
  socket.end(head + body)
}

/** The websocket half of API Gateway, for one process. Messages of one connection are handled in order. */
export function createGateway(options: {
  routes: Readonly<Record<string, () => SocketRoute>>
  limits: GatewayLimits
  log: Logger
}): Gateway {
  const { routes, limits: own, log } = options
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: own.messageBytes,
    clientTracking: false,
  })
  const open = new Map<string, Open>()
  /** Connections until they are forgotten. */
  const endings = new Set<Promise<void>>()
  const perAddress = new Map<string, number>()

  const sockets: Sockets = {
    send(connection, text) {
      const peer = open.get(connection)
      if (!peer || peer.ws.readyState !== peer.ws.OPEN) return Promise.resolve("gone")
      if (peer.ws.bufferedAmount > own.bufferedBytes) {
        peer.ws.terminate()
        return Promise.resolve("gone")
      }
      peer.touched()
      return new Promise((resolve) => {
        peer.ws.send(text, (error) => {
          resolve(error ? "gone" : "sent")
        })
      })
    },
    close(connection, code, reason) {
      const ws = open.get(connection)?.ws
      ws?.close(code, reason)
      return Promise.resolve()
    },
  }

  function count(address: string, by: 1 | -1): number {
    const now = (perAddress.get(address) ?? 0) + by
    if (now <= 0) perAddress.delete(address)
    else perAddress.set(address, now)
    return now
  }

  /** One message after the other; the socket is not read while too many wait. */
  function createQueue(connection: string, ws: WebSocket, route: SocketRoute) {
    let last: Promise<void> = Promise.resolve()
    let waiting = 0
    const run = async (text: string): Promise<void> => {
      const failed = async (why: string): Promise<void> => {
        // As API Gateway says it; no part of our protocol.
        await sockets.send(connection, JSON.stringify({ message: why, connectionId: connection }))
      }
      try {
        const done = await within(route.message(connection, text), own.integrationMs)
        if (done === timedOut) await failed("Endpoint request timed out")
      } catch (error) {
        log.error({ err: error, connection }, "a message of a websocket failed")
        await failed("Internal server error")
      }
      if (--waiting < own.waiting && ws.isPaused) ws.resume()
    }
    return {
      add(text: string) {
        if (++waiting >= own.waiting) ws.pause()
        last = last.then(() => run(text))
      },
      drained: () => last,
    }
  }

  function accept(connection: string, ws: WebSocket, route: SocketRoute, address: string): void {
    let idle = setTimeout(expire, own.idleMs, "Going away: idle")
    const life = setTimeout(expire, own.lifeMs, "Going away: end of life")
    function expire(reason: string): void {
      ws.close(1001, reason)
    }
    const touched = (): void => {
      clearTimeout(idle)
      idle = setTimeout(expire, own.idleMs, "Going away: idle")
    }
    const queue = createQueue(connection, ws, route)
    const ended = new Promise<void>((resolve) => {
      ws.once("close", () => {
        clearTimeout(idle)
        clearTimeout(life)
        open.delete(connection)
        count(address, -1)
        void queue
          .drained()
          .then(() => route.disconnect(connection))
          .catch((error: unknown) => {
            log.error({ err: error, connection }, "the end of a websocket failed")
          })
          .finally(resolve)
      })
    })
    open.set(connection, { ws, touched })
    endings.add(ended)
    void ended.then(() => endings.delete(ended))
    ws.on("error", () => undefined)
    ws.on("message", (data, isBinary) => {
      touched()
      if (isBinary) ws.close(1003, "Binary is not accepted")
      else if (ws.readyState === ws.OPEN) queue.add((data as Buffer).toString("utf8"))
    })
  }

  async function handshake(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<void> {
    const url = new URL(request.url ?? "/", "http://local")
    const route = routes[url.pathname]?.()
    if (!route) throw new AppError("route.not_found", `no websocket at ${url.pathname}`)
    const connection = ulid()
    const { origin } = request.headers
    const ticket = url.searchParams.get("ticket") ?? ""
    const done = await within(route.connect(connection, { ticket, origin }), own.integrationMs)
    if (done === timedOut) throw new AppError("unavailable", "the handshake took too long; try again")
    const abandon = (): void => {
      count(address, -1)
      route.disconnect(connection).catch((error: unknown) => {
        log.error({ err: error, connection }, "the end of a handshake failed")
      })
    }
    if (socket.destroyed) return abandon()
    // A handshake that is none (a key that is no key) is answered and ended by `ws`, which tells nobody.
    socket.once("close", abandon)
    server.handleUpgrade(request, socket, head, (ws) => {
      socket.off("close", abandon)
      watchFrames(socket, own.frameBytes, (reason) => {
        if (reason === "binary") ws.close(1003, "Binary is not accepted")
        else ws.close(1009, `Frame larger than ${own.frameBytes} bytes`)
      })
      accept(connection, ws, route, address)
    })
  }

  return {
    sockets,
    upgrade(request, socket, head) {
      const address = request.socket.remoteAddress ?? "unknown"
      socket.on("error", () => undefined)
      if (count(address, 1) > own.connectionsPerAddress) {
        count(address, -1)
        refuseUpgrade(
          socket,
          new AppError("rate.limited", `${address} has ${own.connectionsPerAddress} connections already`),
        )
        return
      }
      handshake(request, socket, head, address).catch((error: unknown) => {
        count(address, -1)
        if (!(error instanceof AppError)) log.error({ err: error }, "a handshake failed")
        refuseUpgrade(
          socket,
          error instanceof AppError ? error : new AppError("internal", "the handshake failed on our side"),
        )
      })
    },
    async close() {
      const all = [...open.values()]
      for (const { ws } of all) ws.close(1001, "Going away: the server stops")
      const patience = setTimeout(() => {
        for (const { ws } of all) ws.terminate()
      }, 1_000)
      await Promise.all(endings)
      clearTimeout(patience)
    },
  }
}

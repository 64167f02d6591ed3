import { type RequestListener, type Server, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { getRequestListener } from "@hono/node-server"
import { Hono } from "hono"
import { type Logger, pino } from "pino"
import { createApp } from "../app.ts"
import { createSigner } from "../auth/signer.ts"
import type { Cloud } from "../cloud.ts"
import * as consoleSocket from "../console/socket.ts"
import * as linkSocket from "../link/socket.ts"
import { openEmbedded } from "../store/embedded.ts"
import { createTable, ensureTable } from "../store/table.ts"
import { ensureKeyRing } from "./command-key.ts"
import { createFiles } from "./files.ts"
import {
  type Gateway,
  type GatewayLimits,
  type SocketRoute,
  createGateway,
  gatewayLimits,
} from "./gateway.ts"
import { type LocalOwner, ensureOwner, forgetConnections, signInLink } from "./owner.ts"

export type LocalOptions = {
  /** 0: any free one. */
  port: number
  /** Loopback only: whoever reaches this server may be signed in as its owner. */
  host?: "127.0.0.1" | "::1" | "localhost"
  /** Folder of the database; null keeps everything in memory. */
  data: string | null
  /** A DynamoDB that runs already, in place of the embedded one. */
  database?: DynamoDBClient
  /** The console's static build. */
  consoleFolder?: string
  now?: () => number
  log?: Logger
  limits?: Partial<GatewayLimits>
}

export type LocalCloud = {
  url: string
  port: number
  cloud: Cloud
  owner: LocalOwner
  /** A new link that signs the owner in, once, within 15 minutes. */
  signInLink(): Promise<string>
  close(): Promise<void>
}

/** The server cannot start, and a person can do something about it; the message says what. */
export class LocalStartError extends Error {
  override readonly name = "LocalStartError"
}

const loopback = ["127.0.0.1", "::1", "localhost"]
const tableName = "smm"

const linkRoute = (cloud: Cloud): SocketRoute => ({
  connect: (connection, { ticket }) => linkSocket.onConnect(cloud, { connection, ticket }),
  message: (connection, text) => linkSocket.onMessage(cloud, connection, text),
  disconnect: (connection) => linkSocket.onDisconnect(cloud, connection),
})

const consoleRoute = (cloud: Cloud): SocketRoute => ({
  connect: (connection, request) => consoleSocket.onConnect(cloud, { connection, ...request }),
  message: (connection, text) => consoleSocket.onMessage(cloud, connection, text),
  disconnect: (connection) => consoleSocket.onDisconnect(cloud, connection),
})

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? `port ${port} of ${host} is taken: stop what listens there, or name another with --port (0 picks one)`
          : `cannot listen on ${host}:${port} (${cause.code ?? cause.message}): name another port with --port`
      reject(new LocalStartError(why, { cause }))
    })
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port)
    })
  })

/** A page of another host name that resolves to this machine is not this server's (DNS rebinding). */
function createHttp(cloud: Cloud, options: LocalOptions, port: number): Hono {
  const hosts = loopback.map((host) => `${host === "::1" ? "[::1]" : host}:${port}`)
  const app = new Hono()
  app.use(async (c, next) => {
    if (hosts.includes((c.req.header("host") ?? "").toLowerCase())) return next()
    return c.text(`this server answers to ${hosts.join(", ")}\n`, 421)
  })
  app.get("/healthz", (c) => c.text("ok\n"))
  const api = createApp(cloud)
  for (const path of ["/api/*", "/link/*", "/install"])
    app.all(path, (c) => api.fetch(c.req.raw, c.env as Record<string, unknown>))
  if (options.consoleFolder !== undefined)
    app.on(["GET", "HEAD"], "*", createFiles(options.consoleFolder, cloud.socketUrl))
  app.notFound((c) => c.text(`no ${c.req.method} ${c.req.path}\n`, 404))
  return app
}

/** The port is taken before the database is open: who asks meanwhile is told so, and not left without an answer. */
const starting: RequestListener = (_request, response) => {
  response.writeHead(503, { "content-type": "text/plain", "retry-after": "1" }).end("starting\n")
}

/** Answers requests. What it returns waits until each one under way is done with. */
function serve(server: Server, gateway: Gateway, app: Hono, limits: GatewayLimits): () => Promise<void> {
  const underWay = new Set<Promise<void>>()
  server.headersTimeout = limits.handshakeMs
  server.requestTimeout = limits.integrationMs
  server.on("upgrade", (request, socket, head) => {
    gateway.upgrade(request, socket, head)
  })
  const listener = getRequestListener(app.fetch)
  server.off("request", starting)
  server.on("request", (request, response) => {
    const work = listener(request, response).finally(() => underWay.delete(work))
    underWay.add(work)
  })
  return async () => {
    await Promise.allSettled(underWay)
  }
}

/**
 * The whole cloud in one process on one loopback port: API, link, install, sockets and console over the embedded database. It enforces
 * API Gateway's limits on sockets. @throws LocalStartError, DataFolderError when a person has to do something
 */
export async function startLocal(options: LocalOptions): Promise<LocalCloud> {
  const host = options.host ?? "127.0.0.1"
  if (!loopback.includes(host))
    throw new LocalStartError(
      `host ${String(host)}: this server signs its owner in by a link and is for this machine only; wants ${loopback.join(", ")}`,
    )
  const limits = { ...gatewayLimits, ...options.limits }
  const log = options.log ?? pino({ level: "warn" }, pino.destination(2))
  const now = options.now ?? Date.now
  const server = createServer({ connectionsCheckingInterval: 1_000 })
  server.on("request", starting)
  // The port first: a second server must not open the first one's database.
  const port = await listen(server, options.port, host)
  const shown = host === "::1" ? "[::1]" : host
  try {
    const database = options.database
      ? { client: options.database, close: () => Promise.resolve() }
      : await openEmbedded(options.data, now)
    await ensureTable(database.client, tableName)
    const signer = createSigner(await ensureKeyRing(options.data))
    const routes = { "/link": () => linkRoute(cloud), "/socket": () => consoleRoute(cloud) }
    const gateway = createGateway({ routes, limits, log })
    const table = createTable({ client: database.client, name: tableName, now })
    const cloud: Cloud = {
      table,
      sockets: gateway.sockets,
      now,
      publicUrl: `http://${shown}:${port}`,
      socketUrl: `ws://${shown}:${port}`,
      origins: loopback.map((name) => `http://${name === "::1" ? "[::1]" : name}:${port}`),
      agentImage: "ghcr.io/service-mesh-manager/agent:0.1.0",
      signer,
      log,
    }
    const owner = await ensureOwner(cloud, options.data)
    await forgetConnections(cloud, owner)
    const settled = serve(server, gateway, createHttp(cloud, options, port), limits)
    return {
      url: cloud.publicUrl,
      port,
      cloud,
      owner,
      signInLink: () => signInLink(cloud, owner),
      async close() {
        const closed = new Promise((resolve) => server.close(resolve))
        await gateway.close()
        await settled()
        server.closeAllConnections()
        await closed
        await database.close()
      },
    }
  } catch (error) {
    server.close()
    throw error
  }
}

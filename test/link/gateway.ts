import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { randomBytes } from "node:crypto"
import { ApiGatewayManagementApiClient } from "@aws-sdk/client-apigatewaymanagementapi"
import { type WebSocket, WebSocketServer } from "ws"
import type { Handlers, SocketHandler } from "#cloud/aws/handlers.ts"
import { type Api, createAwsSockets } from "#cloud/aws/sockets.ts"

/**
 * API Gateway as Lambda sees it: HTTP and websockets come as its events, `@connections` is a real HTTP endpoint. Messages of one
 * connection are handled at once, as there.
 */
export type TestGateway = {
  url: string
  socketUrl: string
  sockets: ReturnType<typeof createAwsSockets>
  /** From here on requests are handled. */
  serve(handlers: Handlers): void
  /** The events of websockets that came, as Lambda got them. */
  events: Record<string, unknown>[]
  close(): Promise<void>
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const flat = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : (value ?? ""),
    ]),
  )

async function httpEvent(request: IncomingMessage) {
  const url = new URL(request.url ?? "/", "http://gateway")
  const body = await bodyOf(request)
  return {
    version: "2.0" as const,
    routeKey: "$default",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: flat(request),
    queryStringParameters: Object.fromEntries(url.searchParams),
    body: body.length > 0 ? body.toString("base64") : null,
    isBase64Encoded: body.length > 0,
    requestContext: {
      accountId: "anonymous",
      apiId: "test",
      authentication: null,
      authorizer: {},
      domainName: "gateway",
      domainPrefix: "gateway",
      http: {
        method: request.method ?? "GET",
        path: url.pathname,
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: "test",
      },
      requestId: randomBytes(6).toString("hex"),
      routeKey: "$default",
      stage: "$default",
      time: "",
      timeEpoch: 0,
    },
  }
}

type HttpAnswer = {
  statusCode: number
  headers?: Record<string, string>
  cookies?: string[]
  body: string
  isBase64Encoded: boolean
}

function answer(response: ServerResponse, given: HttpAnswer): void {
  response.writeHead(given.statusCode, {
    ...given.headers,
    ...(given.cookies ? { "set-cookie": given.cookies } : {}),
  })
  response.end(Buffer.from(given.body, given.isBase64Encoded ? "base64" : "utf8"))
}

export async function startGateway(): Promise<TestGateway> {
  let handlers: Handlers | undefined
  const events: Record<string, unknown>[] = []
  const open: Record<Api, Map<string, WebSocket>> = { link: new Map(), console: new Map() }
  const pending = new Set<Promise<unknown>>()
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 128 * 1024 })

  const track = <T>(work: Promise<T>): Promise<T> => {
    pending.add(work)
    void work.catch(() => undefined).finally(() => pending.delete(work))
    return work
  }

  /** `POST|GET|DELETE /<api>/@connections/<id>` */
  async function connections(
    api: Api,
    id: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const socket = open[api].get(id)
    if (!socket) {
      response.writeHead(410, { "x-amzn-errortype": "GoneException" }).end("{}")
      return
    }
    const body = await bodyOf(request)
    if (body.length > 128 * 1024) {
      response.writeHead(413, { "x-amzn-errortype": "PayloadTooLargeException" }).end("{}")
      return
    }
    if (request.method === "POST") socket.send(body.toString("utf8"))
    if (request.method === "DELETE") socket.close(1000)
    response.writeHead(request.method === "DELETE" ? 204 : 200, { "content-type": "application/json" })
    response.end(request.method === "DELETE" ? undefined : "{}")
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = /^\/(link|console)\/@connections\/([^/?]+)/.exec(request.url ?? "")
    if (at) return connections(at[1] as Api, decodeURIComponent(at[2] ?? ""), request, response)
    const event = await httpEvent(request)
    answer(response, (await handlers?.http(event as never)) as HttpAnswer)
  }

  function socketEvent(routeKey: string, connectionId: string, more: Record<string, unknown>) {
    const event = {
      ...more,
      requestContext: {
        routeKey,
        eventType: { $connect: "CONNECT", $disconnect: "DISCONNECT" }[routeKey] ?? "MESSAGE",
        connectionId,
        domainName: "gateway",
        stage: "test",
        requestId: randomBytes(6).toString("hex"),
        apiId: "test",
      },
      isBase64Encoded: false,
    }
    events.push(event)
    return event
  }

  const server = createServer((request, response) => {
    track(onRequest(request, response)).catch(() => response.writeHead(500).end())
  })
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://gateway")
    const api: Api = url.pathname === "/link" ? "link" : "console"
    const handler: SocketHandler | undefined = handlers?.[api]
    const id = `${randomBytes(8).toString("base64url")}=`
    const handshake = { headers: flat(request), queryStringParameters: Object.fromEntries(url.searchParams) }
    track(
      (async () => {
        const { statusCode } = (await handler?.(socketEvent("$connect", id, handshake))) ?? {
          statusCode: 500,
        }
        if (statusCode !== 200)
          return socket.end(`HTTP/1.1 ${statusCode} Refused\r\nconnection: close\r\n\r\n`)
        return upgrades.handleUpgrade(request, socket, head, (peer) => {
          open[api].set(id, peer)
          peer.on("error", () => undefined)
          peer.on("message", (data, isBinary) => {
            if (isBinary) {
              peer.close(1003)
              return
            }
            const event = socketEvent("$default", id, { body: (data as Buffer).toString("utf8") })
            track(Promise.resolve(handler?.(event))).catch(() =>
              peer.send(
                JSON.stringify({ message: "Internal server error", connectionId: id, requestId: "test" }),
              ),
            )
          })
          peer.once("close", () => {
            open[api].delete(id)
            void track(Promise.resolve(handler?.(socketEvent("$disconnect", id, {}))))
          })
        })
      })(),
    ).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const client = (api: Api) =>
    new ApiGatewayManagementApiClient({
      endpoint: `${url}/${api}`,
      region: "local",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    })
  const clients = { link: client("link"), console: client("console") }
  return {
    url,
    socketUrl: `ws://127.0.0.1:${port}`,
    sockets: createAwsSockets(clients),
    events,
    serve(given) {
      handlers = given
    },
    async close() {
      for (const peers of Object.values(open)) for (const peer of peers.values()) peer.terminate()
      while (open.link.size + open.console.size > 0) await new Promise((resolve) => setImmediate(resolve))
      while (pending.size > 0) await Promise.allSettled(pending)
      clients.link.destroy()
      clients.console.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

import { type LambdaContext, type LambdaEvent, handle } from "hono/aws-lambda"
import { ulid } from "ulid"
import { z } from "zod"
import { AppError, errorStatus } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import { createApp } from "../app.ts"
import type { Cloud } from "../cloud.ts"
import * as consoleSocket from "../console/socket.ts"
import * as linkSocket from "../link/socket.ts"
import { type Api, connectionOf } from "./sockets.ts"

/** What we read of an event of a WebSocket API. */
const SocketEvent = z.object({
  requestContext: z.object({
    routeKey: z.enum(["$connect", "$default", "$disconnect"]),
    connectionId: z.string().min(1),
  }),
  /** Of the handshake only. Names are as the browser wrote them. */
  headers: z.record(z.string(), z.string()).nullish(),
  queryStringParameters: z.record(z.string(), z.string()).nullish(),
  body: z.string().nullish(),
})
type SocketEvent = z.infer<typeof SocketEvent>

export type SocketAnswer = { statusCode: number; body?: string }
export type SocketHandler = (event: unknown) => Promise<SocketAnswer>
export type Handlers = {
  http: (event: LambdaEvent, context?: LambdaContext) => Promise<unknown>
  link: SocketHandler
  console: SocketHandler
}

type Route = {
  connect(connection: string, request: { ticket: string; origin: string | undefined }): Promise<void>
  message(connection: string, text: string): Promise<void>
  disconnect(connection: string): Promise<void>
}

const headerOf = ({ headers }: SocketEvent, name: string): string | undefined =>
  Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]

async function connect(route: Route, connection: string, event: SocketEvent): Promise<SocketAnswer> {
  try {
    const ticket = event.queryStringParameters?.["ticket"] ?? ""
    await route.connect(connection, { ticket, origin: headerOf(event, "origin") })
    return { statusCode: 200 }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { statusCode: errorStatus[error.code], body: JSON.stringify(problemOf(error, ulid())) }
  }
}

/** What fails unexpectedly is thrown: API Gateway refuses the handshake, or tells the peer of an internal error. */
function socketHandler(api: Api, route: Route): SocketHandler {
  return async (input) => {
    const event = SocketEvent.parse(input)
    const connection = connectionOf(api, event.requestContext.connectionId)
    switch (event.requestContext.routeKey) {
      case "$connect":
        return connect(route, connection, event)
      case "$default":
        await route.message(connection, event.body ?? "")
        return { statusCode: 200 }
      case "$disconnect":
        await route.disconnect(connection)
        return { statusCode: 200 }
    }
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The entry points of Lambda. Two messages of one connection may run at once here: the later one waits a little for the earlier. */
export function createHandlers(cloud: Cloud): Handlers {
  const http = handle(createApp(cloud))
  return {
    http: (event, context) => http(event, context),
    link: socketHandler("link", {
      connect: (connection, { ticket }) => linkSocket.onConnect(cloud, { connection, ticket }),
      message: (connection, text) => linkSocket.onMessage(cloud, connection, text, sleep),
      disconnect: (connection) => linkSocket.onDisconnect(cloud, connection),
    }),
    console: socketHandler("console", {
      connect: (connection, request) => consoleSocket.onConnect(cloud, { connection, ...request }),
      message: (connection, text) => consoleSocket.onMessage(cloud, connection, text),
      disconnect: (connection) => consoleSocket.onDisconnect(cloud, connection),
    }),
  }
}

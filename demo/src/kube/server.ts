import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { authenticate, impersonate } from "./authentication.ts"
import type { Clock } from "./clock.ts"
import { discover } from "./discovery.ts"
import { formOf, shaped, shapedList, type Form } from "./form.ts"
import * as handler from "./handler.ts"
import { readObject } from "./body.ts"
import type { Listing } from "./listing.ts"
import { openApi } from "./openapi.ts"
import { refusal, type Attributes, type Rbac } from "./rbac.ts"
import type { Registry } from "./registry.ts"
import { numberOf, readBody, readRequest, type RequestInfo, type ResourcePath } from "./request.ts"
import type { Resource } from "./resource.ts"
import { answerReview, answerTokenRequest, reviewKinds } from "./review.ts"
import { forbidden, methodNotAllowed, noSuchPath, notImplemented, StatusError } from "./status.ts"
import type { Tokens } from "./token.ts"
import type { User } from "./user.ts"
import type { Sink, Watches } from "./watch.ts"
import type { Writer } from "./writer.ts"

/** The parts that answer requests. */
export type Parts = {
  registry: Registry
  writer: Writer
  listing: Listing
  watches: Watches
  rbac: Rbac
  tokens: Tokens
  clock: Clock
}

/** One request with who makes it. */
type Call = {
  request: IncomingMessage
  response: ServerResponse
  info: RequestInfo
  user: User
  parts: Parts
  warnings: string[]
}

function sendText(response: ServerResponse, code: number, text: string, type = "application/json"): void {
  response.writeHead(code, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-cache, private",
  })
  response.end(text)
}

const send = (response: ServerResponse, code: number, body: unknown, type?: string) => {
  sendText(response, code, `${JSON.stringify(body)}\n`, type)
}

function attributesOf({ path, verb, resource }: RequestInfo): Attributes {
  if (!resource) return { verb, path }
  const { group, plural, subresource, name } = resource
  // a namespace counts as being in itself, so that a Role in it can allow to read it
  const namespace = group === "" && plural === "namespaces" ? name : resource.namespace
  return { verb, group, resource: plural, subresource, namespace, name }
}

function authorize(rbac: Rbac, user: User, wanted: Attributes): void {
  if (rbac.decide(user, wanted).allowed) return
  const why = refusal(user, wanted)
  if ("path" in wanted) throw new StatusError(403, "Forbidden", `forbidden: ${why}`, {})
  throw forbidden({ group: wanted.group, plural: wanted.resource }, wanted.name, why)
}

async function answerPath({ request, response, info, parts }: Call): Promise<void> {
  const { path } = info
  if (["/healthz", "/livez", "/readyz"].some((root) => path === root || path.startsWith(`${root}/`)))
    return sendText(response, 200, "ok", "text/plain; charset=utf-8")
  if (info.verb !== "get") throw methodNotAllowed()
  if (path === "/metrics" || path.startsWith("/logs")) throw notImplemented(path)
  const found = discover(parts.registry, path, request.headers.accept ?? "")
  if (found) return send(response, 200, found.body, found.type)
  const document = openApi(parts.registry, path)
  if (document === undefined) throw noSuchPath()
  send(response, 200, document)
}

async function answerReviewOf(
  { request, response, parts, user }: Call,
  path: ResourcePath,
): Promise<boolean> {
  const kind = reviewKinds.find(
    ({ group, plural }) => group === path.group && plural === path.plural && path.version === "v1",
  )
  const isToken = path.group === "" && path.plural === "serviceaccounts" && path.subresource === "token"
  if (!kind && !isToken) return false
  if (request.method !== "POST") throw methodNotAllowed()
  const bytes = await readBody(request)
  const body = readObject(request.headers["content-type"], bytes)
  const { clock, rbac, tokens } = parts
  const account = { namespace: path.namespace, name: path.name }
  const answer = kind
    ? await answerReview(kind, path.version, body, { user, rbac, tokens, clock })
    : await answerTokenRequest(account, body, { tokens })
  send(response, 201, answer)
  return true
}

function sinkOf(response: ServerResponse): Sink {
  return {
    write: (line) => void response.write(line),
    get waiting() {
      return response.writableLength
    },
    end: () => void response.end(),
    reset: () => response.socket?.resetAndDestroy(),
  }
}

/** How long before its end a watch gets a last bookmark. */
const lastBookmarkMs = 2000

function startWatch(
  { response, info, parts }: Call,
  resource: Resource,
  path: ResourcePath,
  form: Form,
): void {
  const seconds = numberOf(info.query, "timeoutSeconds") ?? 1800
  const timers: NodeJS.Timeout[] = []
  const sink = sinkOf(response)
  response.on("error", () => undefined)
  response.setHeader("content-type", "application/json")
  response.setHeader("cache-control", "no-cache, private")
  const shape = { resource, version: path.version, form, now: parts.clock.now() }
  let watch: ReturnType<Watches["start"]>
  try {
    watch = parts.watches.start(shape, path.namespace, info.query, sink)
  } catch (error) {
    // the API server has already answered 200 when it finds that the version is gone
    if (!(error instanceof StatusError) || error.code !== 410) throw error
    response.end(`${JSON.stringify({ type: "ERROR", object: error.body() })}\n`)
    return
  }
  response.flushHeaders()
  const end = () => {
    watch.end()
    for (const timer of timers) clearTimeout(timer)
  }
  response.on("close", end)
  timers.push(
    setTimeout(
      () => {
        watch.bookmark()
      },
      Math.max(0, seconds * 1000 - lastBookmarkMs),
    ),
    setTimeout(() => {
      end()
      response.end()
    }, seconds * 1000),
  )
}

async function answerWrite(call: Call, resource: Resource, path: ResourcePath, form: Form): Promise<void> {
  const { request, response, info, parts, user, warnings } = call
  const { writer, rbac, clock } = parts
  const bytes = await readBody(request)
  const attributes = attributesOf(info)
  const write: handler.WriteRequest = {
    info,
    path,
    resource,
    contentType: request.headers["content-type"],
    userAgent: request.headers["user-agent"],
    bytes,
    warn: (message) => void warnings.push(message),
    require: (more) => {
      if (!("path" in attributes)) authorize(rbac, user, { ...attributes, ...more })
    },
  }
  const shape = { resource, version: path.version, form, now: clock.now() }
  const warn = () => {
    if (warnings.length > 0)
      response.setHeader(
        "warning",
        warnings.map((message) => `299 - ${JSON.stringify(message)}`),
      )
  }
  if (info.verb === "deletecollection") {
    const objects = handler.removeCollection(writer, write)
    return sendText(
      response,
      200,
      shapedList(shape, { resourceVersion: String(writer.memory.version) }, objects),
    )
  }
  const operation = operations[info.verb]
  if (!operation) throw methodNotAllowed()
  const answer = operation(writer, write)
  warn()
  send(response, answer.code, "object" in answer ? shaped(shape, answer.object) : answer.body)
}

const operations: Record<string, (writer: Writer, request: handler.WriteRequest) => handler.Answer> = {
  create: handler.create,
  update: handler.update,
  patch: handler.patch,
  delete: handler.remove,
}

async function answerResource(call: Call, path: ResourcePath): Promise<void> {
  const { request, response, info, parts } = call
  if (await answerReviewOf(call, path)) return
  const resource = parts.registry.byPath(path.group, path.version, path.plural)
  if (!resource || (!resource.namespaced && path.namespace !== "")) throw noSuchPath()
  handler.checkSubresource(resource, path)
  const form = formOf(request.headers.accept)
  const shape = { resource, version: path.version, form, now: parts.clock.now() }
  switch (info.verb) {
    case "get": {
      const namespace = resource.namespaced ? path.namespace : ""
      return send(response, 200, shaped(shape, parts.writer.get({ resource, namespace, name: path.name })))
    }
    case "list": {
      const { metadata, objects } = parts.listing.page(resource, path.namespace, info.query)
      return sendText(response, 200, shapedList(shape, metadata, objects))
    }
    case "watch":
      return startWatch(call, resource, path, form)
    default:
      if (resource.namespaced && path.namespace === "" && info.verb !== "deletecollection")
        throw methodNotAllowed()
      return answerWrite(call, resource, path, form)
  }
}

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

import { readObject } from "./body.ts"
import { attributesOf, authorize, send, sendText, type Call } from "./call.ts"
import { discover } from "./discovery.ts"
import { formOf, shaped, shapedList, type Shape } from "./form.ts"
import * as handler from "./handler.ts"
import { openApi } from "./openapi.ts"
import { readBody, type ResourcePath } from "./request.ts"
import { answerReview, answerTokenRequest, reviewKinds } from "./review.ts"
import { scaleOf } from "./scale.ts"
import { methodNotAllowed, noSuchPath, notImplemented } from "./status.ts"
import { startWatch } from "./watch-route.ts"
import type { Writer } from "./writer.ts"

/** Answers paths that are no resources: health, version, discovery. @throws StatusError */
export async function answerPath({ request, response, info, parts }: Call): Promise<void> {
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

async function answerWrite(call: Call, shape: Shape, path: ResourcePath): Promise<void> {
  const { resource } = shape
  const { request, response, info, parts, user, warnings } = call
  const { writer, rbac } = parts
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
  if (info.verb === "deletecollection") {
    const objects = handler.removeCollection(writer, write)
    const metadata = { resourceVersion: String(writer.memory.version) }
    return sendText(response, 200, shapedList(shape, metadata, objects))
  }
  const operation = operations[info.verb]
  if (!operation) throw methodNotAllowed()
  const answer = operation(writer, write)
  if (warnings.length > 0)
    response.setHeader(
      "warning",
      warnings.map((message) => `299 - ${JSON.stringify(message)}`),
    )
  send(response, answer.code, "object" in answer ? shaped(shape, answer.object) : answer.body)
}

const operations: Record<string, (writer: Writer, request: handler.WriteRequest) => handler.Answer> = {
  create: handler.create,
  update: handler.update,
  patch: handler.patch,
  delete: handler.remove,
}

/** Answers a request for a resource. @throws StatusError */
export async function answerResource(call: Call, path: ResourcePath): Promise<void> {
  const { request, response, info, parts } = call
  if (await answerReviewOf(call, path)) return
  const resource = parts.registry.byPath(path.group, path.version, path.plural)
  if (!resource || (!resource.namespaced && path.namespace !== "")) throw noSuchPath()
  handler.checkSubresource(resource, path)
  const form = formOf(request.headers.accept)
  const shape: Shape = { resource, version: path.version, form, now: () => parts.clock.now() }
  switch (info.verb) {
    case "get": {
      const namespace = resource.namespaced ? path.namespace : ""
      const object = parts.writer.get({ resource, namespace, name: path.name })
      return send(response, 200, path.subresource === "scale" ? scaleOf(object) : shaped(shape, object))
    }
    case "list": {
      const { metadata, objects } = parts.listing.page(resource, path.namespace, info.query)
      return sendText(response, 200, shapedList(shape, metadata, objects))
    }
    case "watch":
      return startWatch(call, shape, path.namespace)
    default:
      if (resource.namespaced && path.namespace === "" && info.verb !== "deletecollection")
        throw methodNotAllowed()
      return answerWrite(call, shape, path)
  }
}

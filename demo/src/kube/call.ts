import type { IncomingMessage, ServerResponse } from "node:http"
import type { Clock } from "./clock.ts"
import type { Listing } from "./listing.ts"
import { refusal, type Attributes, type Rbac } from "./rbac.ts"
import type { Registry } from "./registry.ts"
import type { RequestInfo } from "./request.ts"
import { forbidden, StatusError } from "./status.ts"
import type { Tokens } from "./token.ts"
import type { User } from "./user.ts"
import type { Watches } from "./watch.ts"
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
export type Call = {
  request: IncomingMessage
  response: ServerResponse
  info: RequestInfo
  user: User
  parts: Parts
  warnings: string[]
}

export function sendText(
  response: ServerResponse,
  code: number,
  text: string,
  type = "application/json",
): void {
  response.writeHead(code, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-cache, private",
  })
  response.end(text)
}

export const send = (response: ServerResponse, code: number, body: unknown, type?: string) => {
  sendText(response, code, `${JSON.stringify(body)}\n`, type)
}

export function attributesOf({ path, verb, resource }: RequestInfo): Attributes {
  if (!resource) return { verb, path }
  const { group, plural, subresource, name } = resource
  // a namespace counts as being in itself, so that a Role in it can allow to read it
  const namespace = group === "" && plural === "namespaces" ? name : resource.namespace
  return { verb, group, resource: plural, subresource, namespace, name }
}

/** @throws StatusError 403 */
export function authorize(rbac: Rbac, user: User, wanted: Attributes): void {
  if (rbac.decide(user, wanted).allowed) return
  const why = refusal(user, wanted)
  if ("path" in wanted) throw new StatusError(403, "Forbidden", `forbidden: ${why}`, {})
  throw forbidden({ group: wanted.group, plural: wanted.resource }, wanted.name, why)
}

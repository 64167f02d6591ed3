import type { IncomingMessage } from "node:http"
import { badRequest, StatusError } from "./status.ts"

/** What a URL asks for. Non-resource paths (`/version`, `/apis/apps/v1`) have no resource. */
export type RequestInfo = {
  path: string
  query: URLSearchParams
  method: string
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the method in lower case otherwise. */
  verb: string
  resource: ResourcePath | undefined
  /** Bearer token in front of the path. */
  token: string | undefined
}

/** In front of a token in front of the path: kubectl sends no credentials over plain HTTP, but it keeps the path of its server. */
export const tokenPath = "/token/"

export type ResourcePath = {
  group: string
  version: string
  plural: string
  subresource: string
  namespace: string
  name: string
}

const verbs: Record<string, string> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
}

/** Splits `/api/v1/...` and `/apis/GROUP/VERSION/...`. */
function resourcePath(segments: string[]): ResourcePath | undefined {
  const isCore = segments[0] === "api"
  if (!isCore && segments[0] !== "apis") return undefined
  const [group = "", version = ""] = isCore ? ["", segments[1]] : segments.slice(1)
  const rest = segments.slice(isCore ? 2 : 3)
  if (rest.length === 0) return undefined
  const common = { group, version }
  const [first = "", second = "", third = "", fourth = "", ...more] = rest
  // /namespaces/NAME and its status are about the namespace itself
  if (first === "namespaces" && third !== "" && !["status", "finalize"].includes(third))
    return { ...common, namespace: second, plural: third, name: fourth, subresource: more.join("/") }
  return {
    ...common,
    namespace: "",
    plural: first,
    name: second,
    subresource: [third, fourth, ...more].filter((part) => part !== "").join("/"),
  }
}

function verbOf(method: string, query: URLSearchParams, resource: ResourcePath | undefined): string {
  const verb = verbs[method] ?? method.toLowerCase()
  if (!resource || resource.name !== "")
    return verb === "get" && resource && isTrue(query.get("watch")) ? "get" : verb
  if (verb === "get") return isTrue(query.get("watch")) ? "watch" : "list"
  return verb === "delete" ? "deletecollection" : verb
}

export const isTrue = (value: string | null): boolean => value === "true" || value === "1" || value === ""

/** A number in the query, or undefined. @throws StatusError 400 */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === "") return undefined
  if (!/^\d+$/.test(text)) throw badRequest(`${name} must be a whole number, not ${JSON.stringify(text)}`)
  return Number(text)
}

/** Reads method and URL of a request. @throws StatusError 400 for a path that does not decode */
export function readRequest(request: IncomingMessage): RequestInfo {
  const method = request.method ?? "GET"
  const full = new URL(request.url ?? "/", "http://localhost")
  const [, token, rest] = /^\/token\/([^/]+)(\/.*)?$/.exec(full.pathname) ?? []
  const url = {
    pathname: token === undefined ? full.pathname : (rest ?? "/"),
    searchParams: full.searchParams,
  }
  let segments: string[]
  try {
    segments = url.pathname
      .split("/")
      .filter((segment) => segment !== "")
      .map(decodeURIComponent)
  } catch {
    throw badRequest(`the path ${url.pathname} is not valid percent-encoding`)
  }
  const query = url.searchParams
  let resource = resourcePath(segments)
  // the old form of a watch: /api/v1/watch/pods
  if (resource?.plural === "watch")
    throw new StatusError(
      501,
      "NotImplemented",
      "the demo cluster does not support /watch/ paths; use ?watch=true",
    )
  if (
    resource &&
    method === "GET" &&
    isTrue(query.get("watch")) &&
    resource.name !== "" &&
    resource.subresource === ""
  ) {
    query.append("fieldSelector", `metadata.name=${resource.name}`)
    resource = { ...resource, name: "" }
  }
  return { path: url.pathname, query, method, verb: verbOf(method, query, resource), resource, token }
}

/** Largest body that is read, as the API server limits it. */
const bodyLimit = 3 * 1024 * 1024

/** The whole body. @throws StatusError 413 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimit)
      throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${bodyLimit}`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

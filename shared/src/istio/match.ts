import { type Json, record } from "../topology/fact/read.ts"
import type { HttpRequest } from "./client.ts"
import { type Test, compileString, isPresence, wordsOf } from "./string-match.ts"

/** A request as Envoy sees it when it chooses a route. */
export type Seen = {
  method: string
  scheme: string
  /** As the client wrote it, port and all. */
  authority: string
  /** Without query, dot segments resolved. */
  path: string
  query: ReadonlyMap<string, string>
  headers: Readonly<Record<string, string | undefined>>
}

/** Whether a request satisfies a match. */
export type Takes = (request: Seen) => boolean

const unreserved = /%(?:2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])/g

/** What Istio's default path normalization does: backslashes, escapes that need none, and dot segments; double slashes stay. Source: MeshConfig, ProxyPathNormalization BASE. */
function normalized(path: string): string {
  if (!path.includes("%") && !path.includes("\\") && !path.includes("/.")) return path
  const plain = path
    .replaceAll("\\", "/")
    .replace(unreserved, (escape) => String.fromCharCode(parseInt(escape.slice(1), 16)))
  const kept: string[] = []
  const segments = plain.split("/")
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1
    if (segment === "..") {
      if (kept.length > 1) kept.pop()
      if (last) kept.push("")
    } else if (segment !== ".") kept.push(segment)
    else if (last) kept.push("")
  }
  return kept.join("/")
}

const decoded = (text: string): string =>
  text.includes("%")
    ? text.replace(/%[0-9A-Fa-f]{2}/g, (escape) => String.fromCharCode(parseInt(escape.slice(1), 16)))
    : text

/** The first value of each parameter; a `+` stays one. Source: Envoy `parseAndDecodeQueryString`. */
function queryOf(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  if (query === "") return values
  for (const part of query.split("&")) {
    const equals = part.indexOf("=")
    const name = decoded(equals < 0 ? part : part.slice(0, equals))
    if (!values.has(name)) values.set(name, equals < 0 ? "" : decoded(part.slice(equals + 1)))
  }
  return values
}

export function seen(request: HttpRequest): Seen {
  const mark = request.path.indexOf("?")
  const scheme = request.scheme ?? "http"
  return {
    method: request.method,
    scheme,
    authority: request.host,
    path: normalized(mark < 0 ? request.path : request.path.slice(0, mark)),
    query: queryOf(mark < 0 ? "" : request.path.slice(mark + 1)),
    headers: { "x-forwarded-proto": scheme, ...request.headers },
  }
}

/** Claims of a token are matched like headers under this name; without one they are absent. Source: istio.io, "JWT claim based routing". */
const claims = "@request.auth.claims"

function headerOf(request: Seen, name: string): string | undefined {
  if (name === ":authority" || name === "host") return request.authority
  if (name === ":method") return request.method
  if (name === ":scheme") return request.scheme
  if (name === ":path") return request.path
  return request.headers[name]
}

/** One condition of a match, and what it asks, in words. */
type Condition = { takes: Takes; asks: string }

function headerConditions(match: Json): Condition[] {
  const wanted = Object.entries(record(match["headers"])).map(([written, value]): Condition => {
    const [name, test] = [written.toLowerCase(), compileString(value)]
    const takes: Takes = isPresence(value)
      ? (request) => headerOf(request, name) !== undefined
      : (request) => {
          const found = headerOf(request, name)
          return found !== undefined && test(found)
        }
    return { takes, asks: `header ${written} ${wordsOf(value)}` }
  })
  const unwanted = Object.entries(record(match["withoutHeaders"])).map(([written, value]): Condition => {
    const [name, test] = [written.toLowerCase(), compileString(value)]
    const takes: Takes = isPresence(value)
      ? (request) => headerOf(request, name) === undefined
      : name.startsWith(claims)
        ? () => true
        : (request) => !test(headerOf(request, name) ?? "")
    return { takes, asks: `no header ${written} ${wordsOf(value)}` }
  })
  return [...wanted, ...unwanted]
}

const queryConditions = (match: Json): Condition[] =>
  Object.entries(record(match["queryParams"])).map(([name, value]): Condition => {
    const test: Test = isPresence(value) ? () => true : compileString(value)
    return {
      takes: ({ query }) => {
        const found = query.get(name)
        return found !== undefined && test(found)
      },
      asks: `query parameter ${name} ${wordsOf(value)}`,
    }
  })

function conditionsOf(match: Json): Condition[] {
  const conditions: Condition[] = []
  if (match["uri"] !== undefined) {
    const test = compileString(match["uri"], match["ignoreUriCase"] === true)
    conditions.push({ takes: ({ path }) => test(path), asks: `path ${wordsOf(match["uri"])}` })
  }
  for (const field of ["method", "scheme", "authority"] as const) {
    if (match[field] === undefined) continue
    const test = compileString(match[field])
    conditions.push({ takes: (request) => test(request[field]), asks: `${field} ${wordsOf(match[field])}` })
  }
  conditions.push(...headerConditions(match), ...queryConditions(match))
  return conditions
}

/** One match, read once. Everything it names must hold. Source: istio.io, HTTPMatchRequest; pilot `TranslateRouteMatch`. */
export function compileMatch(match: Json): Takes {
  const tests = conditionsOf(match).map(({ takes }) => takes)
  return (request) => tests.every((test) => test(request))
}

/** What a match asks that a request does not have; undefined when it takes it. */
export const mismatchOf = (match: Json, request: Seen): string | undefined =>
  conditionsOf(match).find(({ takes }) => !takes(request))?.asks

/** Whether a match of one request is so wide that it takes every request. */
export function takesEverything(match: Json): boolean {
  const uri = match["uri"]
  if (uri !== undefined) {
    const { exact, prefix, regex, pathPrefix } = record(uri)
    if (typeof exact === "string") return false
    if (prefix !== undefined && prefix !== "/") return false
    if (pathPrefix !== undefined && pathPrefix !== "/") return false
    if (regex !== undefined && regex !== ".*") return false
  }
  return ["headers", "withoutHeaders", "queryParams", "method", "authority", "scheme"].every(
    (field) => Object.keys(record(match[field])).length === 0 && !isNamed(match, field),
  )
}

/** An empty match of a method still is one for Envoy: it asks that there is a method. */
const isNamed = (match: Json, field: string): boolean =>
  ["method", "authority", "scheme"].includes(field) && match[field] !== undefined && match[field] !== null

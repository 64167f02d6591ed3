import type { HttpRequest } from "../../istio/client.ts"
import { isPresence, wordsOf } from "../../istio/string-match.ts"
import { type Json, record, text } from "../../topology/fact/read.ts"

/** Where requests are sent to: the host and port as the client writes them. */
export type Asking = { host: string; port: number }

/** A text that most patterns of the usual forms take; whether it does is asked of the routes themselves. */
const sampleOfPattern = (pattern: string): string =>
  pattern
    .replace(/^\^|\$$/g, "")
    .replace(/\((?:\?[:i]+)?([^()|]*)(?:\|[^()]*)*\)/g, "$1")
    .replace(/\[\^[^\]]*\][*+?]?/g, "x")
    .replace(/\[0-9\][*+?]?|\\d[*+?]?/g, "1")
    .replace(/\[([^\]])[^\]]*\][*+?]?/g, "$1")
    .replace(/\\w[*+?]?|\.[*+]\??/g, "x")
    .replace(/\\(.)/g, "$1")
    .replace(/\{\d+(,\d*)?\}|[?*+]/g, "")

function sampleOf(match: unknown): string {
  if (isPresence(match) && record(match)["pathPrefix"] === undefined) return "x"
  const { exact, prefix, pathPrefix, regex } = record(match)
  return text(exact) || text(prefix) || text(pathPrefix) || sampleOfPattern(text(regex))
}

/** A path that no rule for a certain path takes. */
const anyPath = "/any-other-path"

/** A request that a match takes, as far as one can be made of it; without a match one that only rules for everything take. */
export function requestFor({ host, port }: Asking, match: Json = {}): HttpRequest {
  const query = Object.entries(record(match["queryParams"])).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(sampleOf(value))}`,
  )
  const path = match["uri"] === undefined ? anyPath : sampleOf(match["uri"])
  return {
    host,
    port,
    method: match["method"] === undefined ? "GET" : sampleOf(match["method"]),
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    headers: Object.fromEntries(
      Object.entries(record(match["headers"])).map(([name, value]) => [name.toLowerCase(), sampleOf(value)]),
    ),
    ...(sampleOf(match["scheme"]) === "https" ? { scheme: "https" as const } : {}),
  }
}

/** What a match asks, in words: `path prefix "/api" and header end-user exact "jason"`. */
export function matchWords(match: Json = {}): string {
  const single = ["method", "scheme", "authority"]
    .filter((field) => match[field] !== undefined)
    .map((field) => `${field} ${wordsOf(match[field])}`)
  const named = (field: string, word: string): string[] =>
    Object.entries(record(match[field])).map(([name, value]) => `${word} ${name} ${wordsOf(value)}`)
  const all = [
    ...(match["uri"] === undefined ? [] : [`path ${wordsOf(match["uri"])}`]),
    ...single,
    ...named("headers", "header"),
    ...named("withoutHeaders", "no header"),
    ...named("queryParams", "query parameter"),
  ]
  return all.length === 0 ? "anything else" : all.join(" and ")
}

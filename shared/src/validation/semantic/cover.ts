import { gatewayName } from "../../istio/mesh.ts"
import { type Json, list, number, record, text } from "../../topology/fact/read.ts"
import {
  type Texts,
  type Whole,
  always,
  refusesEmpty,
  textsCover,
  textsDisjoint,
  textsOf,
  unwanted,
  wanted,
} from "./cover-text.ts"
import { isJwtClaim } from "./header.ts"

/** Which proxies and listeners a match is for. */
export type ClientMatch = {
  /** 0: any. */
  port: number
  /** By full name; undefined: all that the VirtualService is bound to. */
  gateways: readonly string[] | undefined
  labels: Json | undefined
  namespace: string
}

type TextsByName = ReadonlyMap<string, Texts> | undefined

/** A match of an http route, read once to be compared often. */
export type HttpMatch = ClientMatch & {
  uri: Texts
  method: Texts
  authority: Texts
  scheme: Texts
  headers: TextsByName
  without: TextsByName
  query: TextsByName
}

/** Reads the part of a match that http, tcp and tls share. `namespace` completes the names of gateways. */
export function readClient(match: Json, namespace: string): ClientMatch {
  const { gateways, sourceLabels } = match
  const names = list(gateways)
  return {
    port: number(match["port"]),
    gateways:
      names.length === 0
        ? undefined
        : names.map((name) => (typeof name === "string" ? gatewayName(name, namespace) : "")),
    labels: sourceLabels === undefined || sourceLabels === null ? undefined : record(sourceLabels),
    namespace: text(match["sourceNamespace"]),
  }
}

/** Names of headers in lower case, as Envoy compares them; claims and parameters as they are. */
function readTexts(value: unknown, whole: Whole, areHeaders = true): TextsByName {
  if (value === undefined || value === null) return undefined
  const byName = new Map<string, Texts>()
  const matches = record(value)
  for (const name in matches)
    byName.set(areHeaders && !isJwtClaim(name) ? name.toLowerCase() : name, textsOf(matches[name], whole))
  return byName.size === 0 ? undefined : byName
}

const textOf = (match: unknown): Texts => (match === undefined ? always.empty : textsOf(match, always))

/** Reads a match of an http route; a null one takes everything. `namespace` is that of its VirtualService. */
export function readHttpMatch(value: unknown, namespace: string): HttpMatch {
  const match = record(value)
  return {
    ...readClient(match, namespace),
    uri: textsOf(match["uri"], always, match["ignoreUriCase"] === true, "/"),
    method: textOf(match["method"]),
    authority: textOf(match["authority"]),
    scheme: textOf(match["scheme"]),
    headers: readTexts(match["headers"], wanted),
    without: readTexts(match["withoutHeaders"], unwanted),
    query: readTexts(match["queryParams"], wanted, false),
  }
}

/** The gateways that a match is for, of those its VirtualService is bound to. */
const gatewaysOf = (match: ClientMatch, bound: readonly string[]): readonly string[] =>
  match.gateways === undefined ? bound : bound.filter((name) => match.gateways?.includes(name))

function gatewaysCover(a: ClientMatch, b: ClientMatch, bound: readonly string[]): boolean {
  if (a.gateways === undefined && b.gateways === undefined) return true
  const needed = gatewaysOf(b, bound)
  return needed.length > 0 && needed.every((name) => a.gateways === undefined || a.gateways.includes(name))
}

function sourcesCover(a: ClientMatch, b: ClientMatch): boolean {
  if (a.namespace !== "" && a.namespace !== b.namespace) return false
  for (const label in a.labels) if (b.labels?.[label] !== a.labels[label]) return false
  return true
}

/** Whether `a` is for every proxy and port that `b` is for, where each condition counts by itself (tcp and tls). */
export const clientCovers = (a: ClientMatch, b: ClientMatch, bound: readonly string[]): boolean =>
  (a.port === 0 || a.port === b.port) && gatewaysCover(a, b, bound) && sourcesCover(a, b)

/** In an http match labels and namespace of the source do not count beside gateways. Source: pilot `sourceMatchHTTP`. */
function httpClientCovers(a: ClientMatch, b: ClientMatch, bound: readonly string[]): boolean {
  if (a.port !== 0 && a.port !== b.port) return false
  if (!gatewaysCover(a, b, bound)) return false
  if (a.gateways !== undefined || (a.labels === undefined && a.namespace === "")) return true
  return b.gateways === undefined && sourcesCover(a, b)
}

function namedCover(a: TextsByName, b: TextsByName): boolean {
  if (a === undefined) return true
  for (const [name, texts] of a) {
    const other = b?.get(name)
    if (other === undefined || !textsCover(texts, other)) return false
  }
  return true
}

/** Whether what is asked of a header, to be `there` and not to be `avoided`, implies that it is none of `texts`. Absent ones are empty for Envoy. */
function impliesWithout(texts: Texts, there: Texts | undefined, avoided: Texts | undefined): boolean {
  if (there !== undefined && textsDisjoint(texts, there)) return true
  if (avoided === undefined) return false
  if (avoided.kind === "present") return texts.kind === "present" || refusesEmpty(texts)
  return texts.kind !== "present" && textsCover(avoided, texts)
}

function withoutCover(a: HttpMatch, b: HttpMatch): boolean {
  if (a.without === undefined) return true
  for (const [name, texts] of a.without)
    if (!impliesWithout(texts, b.headers?.get(name), b.without?.get(name))) return false
  return true
}

/**
 * Whether every request that satisfies `b` satisfies `a`, from any client, at every gateway that both are bound to: `bound` (`mesh`, or full
 * names). So after `a`, `b` takes nothing. Sound: where it cannot be told, the answer is no.
 */
export const covers = (a: HttpMatch, b: HttpMatch, bound: readonly string[]): boolean =>
  textsCover(a.uri, b.uri) &&
  textsCover(a.method, b.method) &&
  textsCover(a.authority, b.authority) &&
  textsCover(a.scheme, b.scheme) &&
  httpClientCovers(a, b, bound) &&
  namedCover(a.headers, b.headers) &&
  namedCover(a.query, b.query) &&
  withoutCover(a, b)

import type { HttpMatch } from "./cover.ts"
import type { L4Match } from "./cover-l4.ts"
import type { Texts } from "./cover-text.ts"

/** How matches are found by what may cover them: they are kept under what they need, and looked up under what the covered one offers. */
export type Signs<M> = {
  /** Each of them is among what every match that it covers offers, so one is enough to keep it under. */
  needs: (match: M) => string[]
  /** Instead: one of them, where what it covers may have any. */
  any?: (match: M) => string[]
  /** `lengths`: of the beginnings that are needed by any. */
  offers: (match: M, lengths: ReadonlySet<number>) => string[]
}

const beginning = (texts: Texts): string | undefined =>
  texts.kind === "any" || texts.kind === "present"
    ? undefined
    : texts.kind === "regex"
      ? texts.lead
      : texts.value

const isPlainExact = (texts: Texts): texts is Texts & { kind: "exact" } =>
  texts.kind === "exact" && !texts.fold

const begins = "^"

/** What a condition on a text needs: the same exact text, or one that begins alike. */
function needsOfText(name: string, texts: Texts, needs: string[]): void {
  if (isPlainExact(texts)) needs.push(`${name}=${texts.value}`)
}

function offersOfText(name: string, texts: Texts, offers: string[]): void {
  if (texts.kind === "exact") offers.push(`${name}=${texts.value}`)
}

/** Of http matches, by path, method, authority, and headers and parameters by their exact value. */
export const httpSigns: Signs<HttpMatch> = {
  needs: (match) => {
    const { uri, method, authority, headers, query } = match
    const needs: string[] = []
    if (uri.kind === "path" || (uri.kind === "prefix" && !uri.fold)) needs.push(begins + uri.value)
    else needsOfText("uri", uri, needs)
    needsOfText("method", method, needs)
    needsOfText("authority", authority, needs)
    for (const [name, texts] of headers ?? []) needsOfText(`header ${name}`, texts, needs)
    for (const [name, texts] of query ?? []) needsOfText(`query ${name}`, texts, needs)
    return needs
  },
  offers: (match, lengths) => {
    const { uri, method, authority, headers, query } = match
    const offers: string[] = []
    const start = beginning(uri)
    if (start !== undefined)
      for (const length of lengths) if (length <= start.length) offers.push(begins + start.slice(0, length))
    offersOfText("uri", uri, offers)
    offersOfText("method", method, offers)
    offersOfText("authority", authority, offers)
    for (const [name, texts] of headers ?? []) offersOfText(`header ${name}`, texts, offers)
    for (const [name, texts] of query ?? []) offersOfText(`query ${name}`, texts, offers)
    return offers
  },
}

/** What is no text is told apart by its type only. */
const textsIn = (values: readonly unknown[]): string[] =>
  values.map((value) => (typeof value === "string" ? value : `(${typeof value})`))
const nothing = (): string[] => []

/** Of tcp matches: the covering one has all subnets of the other, or none. */
export const tcpSigns: Signs<L4Match> = {
  needs: nothing,
  any: ({ subnets }) => textsIn(subnets),
  offers: ({ subnets }) => textsIn(subnets).slice(0, 1),
}

/** Of tls matches: the covering one has all names of the other. */
export const tlsSigns: Signs<L4Match> = {
  needs: nothing,
  any: ({ sni }) => textsIn(sni),
  offers: ({ sni }) => textsIn(sni).slice(0, 1),
}

/** Finds the matches that may cover another, without going through all of them. */
export class CoverIndex<M> {
  readonly #signs: Signs<M>
  readonly #under = new Map<string, number[]>()
  readonly #free: number[] = []
  readonly #lengths = new Set<number>()

  constructor(matches: readonly M[], signs: Signs<M>) {
    this.#signs = signs
    const needs = matches.map(signs.needs)
    const often = new Map<string, number>()
    for (const own of needs) for (const need of own) often.set(need, (often.get(need) ?? 0) + 1)
    for (const [at, own] of needs.entries()) {
      let rarest: string | undefined
      for (const need of own)
        if (rarest === undefined || (often.get(need) ?? 0) < (often.get(rarest) ?? 0)) rarest = need
      const match = matches[at]
      const any = match === undefined ? undefined : signs.any?.(match)
      if (any !== undefined && any.length > 0) for (const need of new Set(any)) this.#keep(need, at)
      else if (rarest === undefined) this.#free.push(at)
      else this.#keep(rarest, at)
    }
  }

  #keep(need: string, at: number): void {
    if (need.startsWith(begins)) this.#lengths.add(need.length - begins.length)
    const known = this.#under.get(need)
    if (known === undefined) this.#under.set(need, [at])
    else known.push(at)
  }

  /** The first, in the order given, that is asked about and agreed to; -1: there is none. Nothing from `before` on is asked about. */
  first(match: M, before: number, agree: (at: number) => boolean): number {
    let found = firstIn(this.#free, before, agree)
    for (const offer of this.#signs.offers(match, this.#lengths)) {
      const under = this.#under.get(offer)
      if (under !== undefined) found = firstIn(under, found, agree)
    }
    return found === before ? -1 : found
  }
}

/** The first below a limit that is agreed to; else the limit. */
function firstIn(places: readonly number[], limit: number, agree: (at: number) => boolean): number {
  for (const at of places) {
    if (at >= limit) return limit
    if (agree(at)) return at
  }
  return limit
}

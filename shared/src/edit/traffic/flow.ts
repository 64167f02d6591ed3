import type { Client, HttpRequest } from "../../istio/client.ts"
import type { RouteDecision } from "../../istio/decision.ts"
import type { Mesh } from "../../istio/mesh.ts"
import type { RegistryService } from "../../istio/registry.ts"
import { isCatchAll } from "../../istio/rule.ts"
import { routeRequest } from "../../istio/route.ts"
import { canonicalJson } from "../../kube/bucket.ts"
import { askingsOf, rulesFor } from "./asking.ts"
import { type Shares, copiesOf, isSameShares, sharesOf } from "./ends.ts"
import { type Band, areApart, mixOf, moved } from "./mix.ts"
import { type Asking, matchWords, requestFor } from "./request.ts"

/** What a proxy does with requests of one kind. */
export type Way = {
  decision: RouteDecision
  ends: Shares
  copies: Shares
}

/** Requests that take one rule before a change and one after it. */
type Kind = {
  /** The rule before, over all that is asked. */
  key: string
  before: Way
  after: Way
  isBroad: boolean
  words: string
}

/** Requests per second that take one way now and another (or the same) after. */
export type Part = { before: Way; after: Way; isBroad: boolean; requestsPerSecond: number }

export type Flow = {
  bands: readonly Band[]
  parts: readonly Part[]
  certain: boolean
  /** Ways that a part of the requests, nobody knows how large, would take. */
  unknown: readonly { words: string; after: Way }[]
}

export type Both = { before: Mesh; after: Mesh; service: RegistryService }

function wayOf(mesh: Mesh, client: Client, service: RegistryService, request: HttpRequest): Way {
  const decision = routeRequest(mesh, client, request)
  const question = { mesh, client, service }
  return { decision, ends: sharesOf(question, decision), copies: copiesOf(question, decision) }
}

/** Requests that stand for every rule there is before and after, each once, with those that no rule is for. */
function* requestsFor(
  both: Both,
  client: Client,
  asking: Asking,
): Iterable<{ request: HttpRequest; words: string; isBroad: boolean }> {
  for (const mesh of [both.before, both.after])
    for (const rule of rulesFor(mesh, client, asking))
      for (const match of rule.matches.length === 0 ? [undefined] : rule.matches)
        if (!isCatchAll(rule))
          yield { request: requestFor(asking, match), words: matchWords(match), isBroad: false }
  yield { request: requestFor(asking), words: matchWords(), isBroad: true }
}

const placeOf = ({ decidedBy, path, outcome }: RouteDecision): string =>
  decidedBy === null
    ? outcome
    : `${decidedBy.kind}/${decidedBy.namespace}/${decidedBy.name} ${path ?? outcome}`

function kindsOf(both: Both, client: Client): Kind[] {
  const kinds = new Map<string, Kind>()
  for (const asking of askingsOf([both.before, both.after], client, both.service))
    for (const { request, words, isBroad } of requestsFor(both, client, asking)) {
      const before = wayOf(both.before, client, both.service, request)
      const after = wayOf(both.after, client, both.service, request)
      const key = `${asking.host}:${asking.port} ${placeOf(before.decision)}`
      const kind = `${key} > ${placeOf(after.decision)}`
      const known = kinds.get(kind)
      kinds.set(kind, {
        key,
        before,
        after,
        words: known?.words ?? words,
        isBroad: isBroad || known?.isBroad === true,
      })
    }
  return [...kinds.values()]
}

/** Kinds that take the same rule before, and what they take after. */
type Group = { before: Way; kinds: readonly Kind[]; main: Kind; isBroad: boolean }

function groupsOf(kinds: readonly Kind[], service: RegistryService): Group[] {
  const groups = [...Map.groupBy(kinds, ({ key }) => key).values()].flatMap((own): Group[] => {
    const main = own.find(({ isBroad }) => isBroad) ?? own[0]
    return main === undefined
      ? []
      : [{ before: main.before, kinds: own, main, isBroad: own.some(({ isBroad }) => isBroad) }]
  })
  // What goes to other services by rules of a gateway is none of this one's requests.
  const own = groups.filter(({ before }) =>
    before.decision.destinations.some(({ host }) => host === service.host),
  )
  return own.length > 0 ? own : groups
}

const textOf = ({ ends, copies }: Way): string => canonicalJson([[...ends].sort(), [...copies].sort()])

const stays = ({ before, after }: Kind): boolean => isSameShares(before.ends, after.ends)

/** How many of the requests that ended in each place took each group's rule; what fits none took the broadest. */
function partsOf(groups: readonly Group[], seen: Shares): Map<string, number>[] {
  const broad = Math.max(
    0,
    groups.findIndex(({ isBroad }) => isBroad),
  )
  const mix = mixOf(
    groups.map(({ before }) => before.ends),
    seen,
    broad,
  )
  const parts = groups.map(() => new Map<string, number>())
  for (const [end, rate] of seen) {
    const weights = groups.map(({ before }, i) => (mix[i] ?? 0) * (before.ends.get(end) ?? 0))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    groups.forEach((_, i) => {
      const part = total > 0 ? (weights[i] ?? 0) / total : i === broad ? 1 : 0
      if (part > 0) parts[i]?.set(end, rate * part)
    })
  }
  return parts
}

const still = (seen: Shares): Band[] =>
  [...seen].map(([end, requestsPerSecond]) => ({ from: end, to: end, requestsPerSecond }))

/** Where a client's requests go now, as they were seen, and after. */
export function flowOf(both: Both, client: Client, seen: Shares): Flow {
  const groups = groupsOf(kindsOf(both, client), both.service)
  if (groups.length === 0) return { bands: still(seen), parts: [], certain: true, unknown: [] }
  const parts = partsOf(groups, seen)
  const split = groups.filter(({ kinds }) => new Set(kinds.map(({ after }) => textOf(after))).size > 1)
  const isMoved = groups.some(({ kinds }) => kinds.some((kind) => textOf(kind.before) !== textOf(kind.after)))
  return {
    bands: groups.flatMap(({ main }, i) => {
      const now = parts[i] ?? new Map<string, number>()
      return stays(main) ? still(now) : moved(now, main.after.ends)
    }),
    parts: groups.map(({ main, isBroad }, i) => ({
      isBroad,
      before: main.before,
      after: main.after,
      requestsPerSecond: [...(parts[i]?.values() ?? [])].reduce((sum, rate) => sum + rate, 0),
    })),
    certain: split.length === 0 && (!isMoved || areApart(groups.map(({ before }) => before.ends))),
    unknown: split.flatMap(({ kinds, main }) =>
      kinds
        .filter((kind) => textOf(kind.after) !== textOf(main.after))
        .map(({ words, after }) => ({ words, after })),
    ),
  }
}

import { rateNumber } from "../../format/number.ts"
import { type Shares, isVersion } from "./ends.ts"
import type { Flow, Part, Way } from "./flow.ts"
import type { Band } from "./mix.ts"

/** Rates below are not worth a sentence: they come of rounding. */
const least = 0.005
/** Nor those below so many that are such a share of all that moves: what is seen is never quite what the weights say. */
const [smallest, leastShare] = [0.1, 0.01]

const rate = (requestsPerSecond: number): string => `${rateNumber(requestsPerSecond)} req/s`
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

/** What a proxy answers for a fault: `503`, or a status of gRPC. */
const abortOf = ({ decision }: Way): string => {
  const abort = decision.fault?.abort
  return abort === null || abort === undefined ? "an error" : abort.grpcStatus || String(abort.httpStatus)
}

const nobodyOf = ({ decision }: Way): string =>
  decision.outcome === "not_found" ? "find no route: answered 404" : "find no endpoint: answered 503"

/** Where requests end, as the end of a sentence that begins with them. */
function endWords(end: string, after: Way | undefined): string {
  if (end === "fault") return `be answered ${after === undefined ? "an error" : abortOf(after)} by the fault`
  if (end === "none") return after === undefined ? "be answered by nobody" : nobodyOf(after)
  if (end === "redirect") return `be redirected (${after?.decision.status ?? 301})`
  if (end === "direct") return `be answered ${after?.decision.status ?? ""} by the route itself`
  return `reach ${end}`
}

const fromWords = (end: string): string =>
  end === "fault"
    ? "that the fault answers now "
    : end === "none"
      ? "that nobody answers now "
      : `that now reach ${end} `

const summed = (bands: readonly Band[], keyOf: (band: Band) => string): Band[] => {
  const sums = new Map<string, Band>()
  for (const band of bands) {
    const known = sums.get(keyOf(band))
    sums.set(keyOf(band), {
      ...band,
      requestsPerSecond: band.requestsPerSecond + (known?.requestsPerSecond ?? 0),
    })
  }
  return [...sums.values()].toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond)
}

/** The way that sends requests to an end, the busiest first. */
const wayTo = (parts: readonly Part[], end: string): Way | undefined =>
  parts
    .filter(({ after }) => (after.ends.get(end) ?? 0) > 0)
    .toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond)[0]?.after

function moves(bands: readonly Band[], parts: readonly Part[]): string[] {
  const moving = bands.filter(({ from, to }) => from !== to)
  const between = summed(
    moving.filter(({ to }) => isVersion(to)),
    ({ from, to }) => `${from} ${to}`,
  )
  const away = summed(
    moving.filter(({ to }) => !isVersion(to)),
    ({ to }) => to,
  )
  const all = moving.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0)
  const told = ({ requestsPerSecond }: Band): boolean =>
    requestsPerSecond >= Math.max(least, Math.min(smallest, all * leastShare))
  return [
    ...between
      .filter(told)
      .map(
        ({ from, to, requestsPerSecond }) =>
          `${rate(requestsPerSecond)} ${fromWords(from)}would ${endWords(to, undefined)}`,
      ),
    ...away
      .filter(told)
      .map(
        ({ to, requestsPerSecond }) => `${rate(requestsPerSecond)} would ${endWords(to, wayTo(parts, to))}`,
      ),
  ]
}

/** Aborts that stay as many but answer something else. */
function answers(parts: readonly Part[]): string[] {
  const changed = parts.filter(({ before, after }) => {
    const [was, is] = [before.decision.fault?.abort, after.decision.fault?.abort]
    return was && is && was.share === is.share && abortOf(before) !== abortOf(after)
  })
  return changed
    .filter(({ requestsPerSecond }) => requestsPerSecond >= least)
    .map(
      ({ before, after, requestsPerSecond }) =>
        `${rate(requestsPerSecond * (after.decision.fault?.abort?.share ?? 0))} would be answered ${abortOf(after)} by the fault, now ${abortOf(before)}`,
    )
}

const seconds = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`)

function delays(parts: readonly Part[]): string[] {
  const told = new Map<string, number>()
  const add = (text: string, amount: number): void => {
    told.set(text, (told.get(text) ?? 0) + amount)
  }
  for (const { before, after, requestsPerSecond } of parts) {
    const [was, is] = [before.decision.fault?.delay, after.decision.fault?.delay]
    if (was?.share === is?.share && was?.ms === is?.ms) continue
    if (is) add(`would be delayed by ${seconds(is.ms)} by the fault`, requestsPerSecond * is.share)
    else if (was)
      add(`that the fault delays by ${seconds(was.ms)} now would not be`, requestsPerSecond * was.share)
  }
  return [...told].filter(([, amount]) => amount >= least).map(([text, amount]) => `${rate(amount)} ${text}`)
}

/** Copies per second by version, before and after. */
export function copiesBy(parts: readonly Part[], at: "before" | "after"): Map<string, number> {
  const copies = new Map<string, number>()
  for (const part of parts)
    for (const [to, share] of part[at].copies)
      copies.set(to, (copies.get(to) ?? 0) + share * part.requestsPerSecond)
  return copies
}

function copies(parts: readonly Part[]): string[] {
  const [was, is] = [copiesBy(parts, "before"), copiesBy(parts, "after")]
  return [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((to) => {
    const [before, after] = [was.get(to) ?? 0, is.get(to) ?? 0]
    if (Math.abs(before - after) < least) return []
    if (after < least) return [`${to} would get no copies any more, now ${rate(before)}`]
    return [`${rate(after)} would be copied to ${to}${before < least ? "" : `, now ${rate(before)}`}`]
  })
}

/** So much more than the busiest pod now is worth a word. */
const much = 1.2

function capacity(bands: readonly Band[], pods: ReadonlyMap<string, number>): string[] {
  const [now, after] = [new Map<string, number>(), new Map<string, number>()]
  for (const { from, to, requestsPerSecond } of bands) {
    now.set(from, (now.get(from) ?? 0) + requestsPerSecond)
    after.set(to, (after.get(to) ?? 0) + requestsPerSecond)
  }
  const each = (rates: Shares, version: string): number =>
    (rates.get(version) ?? 0) / Math.max(1, pods.get(version) ?? 0)
  const busiest = [...pods.keys()].toSorted((a, b) => each(now, b) - each(now, a))[0]
  if (busiest === undefined) return []
  return [...pods].flatMap(([version, ready]) => {
    const grown = (after.get(version) ?? 0) > (now.get(version) ?? 0) + least
    if (!grown || each(after, version) < each(now, busiest) * much) return []
    const serves =
      each(now, busiest) < least ? "" : `; ${busiest} serves ${rate(each(now, busiest))} a pod now`
    return [
      `${version} has ${ready} ready pod${ready === 1 ? "" : "s"} and would get ${rate(after.get(version) ?? 0)}${serves}`,
    ]
  })
}

/** Of requests that nobody has measured only the shares can be told. */
export function shareSentences(parts: readonly Part[]): string[] {
  const part = parts.find(({ isBroad }) => isBroad) ?? parts[0]
  if (part === undefined) return []
  const { before, after } = part
  const ends = [...new Set([...before.ends.keys(), ...after.ends.keys()])].toSorted()
  return ends
    .filter((end) => Math.abs((before.ends.get(end) ?? 0) - (after.ends.get(end) ?? 0)) > 1e-9)
    .map(
      (end) =>
        `No requests were measured; of those that come ${percent(after.ends.get(end) ?? 0)} would ${endWords(end, after)}, now ${percent(before.ends.get(end) ?? 0)}`,
    )
}

const unknownEnds = ({ ends }: Way): string => [...ends.keys()].toSorted().join(" and ")

export function unknownSentences(unknown: Flow["unknown"]): string[] {
  return [
    ...new Set(
      unknown.map(({ words, after }) => {
        const [only, ...others] = after.ends.keys()
        const end =
          only !== undefined && others.length === 0 ? endWords(only, after) : `reach ${unknownEnds(after)}`
        return `Requests with ${words} would ${end}: how many there are is not measured`
      }),
    ),
  ]
}

/** What happens to requests that were measured, the most of them first. */
export const sentencesOf = (
  bands: readonly Band[],
  parts: readonly Part[],
  pods: ReadonlyMap<string, number>,
): string[] => [
  ...moves(bands, parts),
  ...answers(parts),
  ...delays(parts),
  ...copies(parts),
  ...capacity(bands, pods),
]

import type { Destination, HttpRule, Match, StringMatch } from "#shared/edit/form.ts"
import type { TcpRule, TlsRule } from "./rules.ts"

type HeaderMatch = NonNullable<Match["headers"]>[string]
type Action = HttpRule["action"]

/** How a text is compared, after its name: `end-user = ada`. */
function comparison(match: HeaderMatch): string {
  if ("exact" in match) return `= ${match.exact}`
  if ("prefix" in match) return `starts with ${match.prefix}`
  return "regex" in match ? `matches ${match.regex}` : "is there"
}

/** A path reads better without its name. */
function uriText(match: StringMatch): string {
  if ("exact" in match) return match.exact
  return "prefix" in match ? `prefix ${match.prefix}` : `path matches ${match.regex}`
}

const named = (prefix: string, matches: Match["headers"]): string[] =>
  Object.entries(matches ?? {}).map(([name, match]) => `${prefix}${name} ${comparison(match)}`)

/** All that a match asks for, in the order in which a reader looks: `prefix /api, method = GET, end-user = ada`. */
export function matchText(match: Match): string {
  const texts = [
    ...(match.uri ? [uriText(match.uri)] : []),
    ...(["method", "scheme", "authority"] as const).flatMap((key) => {
      const value = match[key]
      return value === undefined ? [] : [`${key} ${comparison(value)}`]
    }),
    ...named("", match.headers),
    ...named("not ", match.withoutHeaders),
    ...named("?", match.queryParams),
    ...(match.port === undefined ? [] : [`port ${match.port}`]),
    ...Object.entries(match.sourceLabels ?? {}).map(([key, value]) => `from ${key}=${value}`),
    ...(match.sourceNamespace === undefined ? [] : [`from namespace ${match.sourceNamespace}`]),
    ...(match.gateways === undefined || match.gateways.length === 0
      ? []
      : [`at ${match.gateways.join(", ")}`]),
  ]
  return texts.length === 0 ? "every request" : texts.join(", ")
}

/** Which requests a rule takes; `at` is its place among all. */
export function ruleText(rule: Pick<HttpRule, "matches">, at: number): string {
  if (rule.matches.length === 0) return at === 0 ? "every request" : "everything else"
  return rule.matches.map(matchText).join(" or ")
}

/** The version, else the host, else the service as a whole. */
export const destinationText = ({ subset, host, port }: Destination): string => {
  const name =
    subset === undefined ? (host ?? "all versions") : host === undefined ? subset : `${host} ${subset}`
  return port === undefined ? name : `${name}:${port}`
}

type Weighted = { destination: Destination; weight?: number | undefined }

/** Where there is little room: of many destinations only the names. */
export const shortText = (action: Action): string =>
  action.type === "route" && action.destinations.length > 2
    ? action.destinations.map(({ destination }) => destinationText(destination)).join(", ")
    : actionText(action)

export function destinationsText(destinations: readonly Weighted[]): string {
  const [only, second] = destinations
  if (only === undefined) return "nowhere"
  if (second === undefined) return destinationText(only.destination)
  return destinations
    .map(({ destination, weight }) => `${destinationText(destination)} ${weight ?? 0} %`)
    .join(", ")
}

export function actionText(action: Action): string {
  if (action.type === "route") return destinationsText(action.destinations)
  if (action.type === "redirect")
    return `redirect to ${[action.authority, action.uri].filter((part) => part !== undefined).join("") || (action.scheme ?? "itself")}`
  return action.type === "direct"
    ? `answers ${action.status}`
    : `decided by ${action.namespace === "" ? "" : `${action.namespace}/`}${action.name}`
}

/** `timeout 3s, 2 retries`; empty: nothing is said. */
export function retriesText({ timeout, retries }: HttpRule): string {
  const texts = [
    timeout === undefined ? "" : `timeout ${timeout}`,
    retries === undefined ? "" : several(retries.attempts, "retry", "retries"),
  ]
  return texts.filter((text) => text !== "").join(", ")
}

export function rewriteText({ rewrite }: HttpRule): string {
  if (rewrite === undefined) return ""
  const { uri, uriRegex, authority } = rewrite
  const path = uri ?? (uriRegex === undefined ? undefined : `${uriRegex.match} to ${uriRegex.rewrite}`)
  return [path, authority].filter((part) => part !== undefined).join(" at ")
}

export function headersText({ headers }: HttpRule): string {
  const operations = [headers?.request, headers?.response].reduce(
    (sum, one) =>
      sum +
      Object.keys(one?.set ?? {}).length +
      Object.keys(one?.add ?? {}).length +
      (one?.remove?.length ?? 0),
    0,
  )
  return operations === 0 ? "" : several(operations, "change")
}

export const mirrorsText = ({ mirrors }: HttpRule): string =>
  (mirrors ?? [])
    .map(({ destination, percent }) => `${percent} % to ${destinationText(destination)}`)
    .join(", ")

export function faultText({ fault }: HttpRule): string {
  const texts = [
    fault?.delay ? `delay ${fault.delay.fixedDelay} on ${fault.delay.percent} %` : "",
    fault?.abort
      ? `${fault.abort.grpcStatus ?? fault.abort.httpStatus ?? "abort"} on ${fault.abort.percent} %`
      : "",
  ]
  return texts.filter((text) => text !== "").join(", ")
}

export const corsText = ({ cors }: HttpRule): string =>
  cors === undefined ? "" : several(cors.allowOrigins?.length ?? 0, "origin")

/** What a rule does besides: `timeout 3s, fault`. */
export function extrasText(rule: HttpRule): string {
  const texts = [
    retriesText(rule),
    rule.rewrite ? "rewrite" : "",
    rule.headers ? "headers" : "",
    rule.mirrors?.length ? several(rule.mirrors.length, "mirror") : "",
    rule.fault ? "fault" : "",
    rule.cors ? "CORS" : "",
  ]
  return texts.filter((text) => text !== "").join(", ")
}

type L4Rule = TcpRule | TlsRule

export function l4MatchText(match: L4Rule["matches"][number]): string {
  const texts = [
    ...("sniHosts" in match ? [match.sniHosts.join(", ")] : []),
    ...(match.port === undefined ? [] : [`port ${match.port}`]),
    ...(match.destinationSubnets ?? []).map((subnet) => `to ${subnet}`),
    ...Object.entries(match.sourceLabels ?? {}).map(([key, value]) => `from ${key}=${value}`),
    ...(match.sourceNamespace === undefined ? [] : [`from namespace ${match.sourceNamespace}`]),
    ...(match.gateways?.length ? [`at ${match.gateways.join(", ")}`] : []),
  ]
  return texts.length === 0 ? "every connection" : texts.join(", ")
}

export const l4RuleText = (rule: L4Rule): string =>
  rule.matches.length === 0 ? "every connection" : rule.matches.map(l4MatchText).join(" or ")

/** `corsPolicy` of `spec.http[0].corsPolicy`: a field as people call it. */
export const fieldName = (path: string): string =>
  path
    .replaceAll(/\[\d+\]/g, "")
    .split(".")
    .at(-1) ?? path

export const several = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`

/** With a capital, as it stands alone. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

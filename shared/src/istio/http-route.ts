import { type Json, list, number, record, strings, text } from "../topology/fact/read.ts"
import { serviceHost } from "./host.ts"
import type { Config, GatewayRule } from "./mesh.ts"

/** Gateway API's matches and filters in the words of a VirtualService, so that one evaluation serves both. */

const typed = (match: Json, plain: string): Json =>
  match["type"] === "RegularExpression" ? { regex: text(match["value"]) } : { [plain]: text(match["value"]) }

function matchOf(match: Json): Json {
  const path = record(match["path"])
  const pathType = text(path["type"]) || "PathPrefix"
  const written = text(path["value"]) || "/"
  const value = pathType === "PathPrefix" && written !== "/" ? written.replace(/\/$/, "") : written
  const kinds: Record<string, string> = {
    Exact: "exact",
    PathPrefix: "pathPrefix",
    RegularExpression: "regex",
  }
  const named = (items: unknown, fold: boolean): Json =>
    Object.fromEntries(
      list(items)
        .map(record)
        .map((item) => [fold ? text(item["name"]).toLowerCase() : text(item["name"]), typed(item, "exact")]),
    )
  return {
    uri: { [kinds[pathType] ?? "pathPrefix"]: value },
    ...(typeof match["method"] === "string" ? { method: { exact: match["method"] } } : {}),
    headers: named(match["headers"], true),
    queryParams: named(match["queryParams"], false),
  }
}

const backendHost = (ref: Json, namespace: string, domain: string): string =>
  serviceHost(text(ref["name"]), text(ref["namespace"]) || namespace, domain)

function filtersOf(rule: Json, namespace: string, domain: string): Json {
  const filters = list(rule["filters"]).map(record)
  const find = (type: string, field: string): Json | undefined => {
    const filter = filters.find((candidate) => candidate["type"] === type)
    return filter && record(filter[field])
  }
  const redirect = find("RequestRedirect", "requestRedirect")
  const rewrite = find("URLRewrite", "urlRewrite")
  const mirrors = filters
    .filter((filter) => filter["type"] === "RequestMirror")
    .map((filter) => {
      const mirror = record(filter["requestMirror"])
      const backend = record(mirror["backendRef"])
      return {
        destination: {
          host: backendHost(backend, namespace, domain),
          port: { number: number(backend["port"]) },
        },
        percentage: { value: typeof mirror["percent"] === "number" ? mirror["percent"] : 100 },
      }
    })
  return {
    ...(redirect && {
      redirect: {
        authority: text(redirect["hostname"]),
        redirectCode: number(redirect["statusCode"]) || 302,
      },
    }),
    ...(rewrite && {
      rewrite: {
        authority: text(rewrite["hostname"]),
        uri: text(record(rewrite["path"])["replaceFullPath"]),
      },
    }),
    ...(mirrors.length > 0 && { mirrors }),
  }
}

const weightOf = (ref: Json): number => (typeof ref["weight"] === "number" ? ref["weight"] : 1)

/** Without a backend that gets anything a rule answers 500 itself. Source: Gateway API, HTTPRouteRule.backendRefs. */
function routeOf(rule: Json, namespace: string, domain: string): Json {
  const backends = list(rule["backendRefs"]).map(record)
  const request = record(rule["timeouts"])["request"]
  const filters = filtersOf(rule, namespace, domain)
  if (filters["redirect"] === undefined && backends.every((ref) => weightOf(ref) === 0))
    return { ...filters, directResponse: { status: 500 } }
  return {
    ...filters,
    ...(typeof request === "string" ? { timeout: request } : {}),
    route: backends.map((ref) => ({
      destination: { host: backendHost(ref, namespace, domain), port: { number: number(ref["port"]) } },
      weight: weightOf(ref),
    })),
  }
}

/** One entry per match of each rule: precedence is between matches, of all routes together. */
export function httpRouteRules(config: Config, domain: string): GatewayRule[] {
  const { namespace, spec, object, created } = config
  const parents = list(spec["parentRefs"])
    .map(record)
    .map((ref) => ({
      key: `${ref["kind"] === "Service" ? "service" : "gateway"}/${text(ref["namespace"]) || namespace}/${text(ref["name"])}`,
      port: number(ref["port"]),
      section: text(ref["sectionName"]),
    }))
  return list(spec["rules"])
    .map(record)
    .flatMap((rule, index) => {
      const matches = list(rule["matches"]).map(record)
      return (matches.length === 0 ? [{}] : matches).map((match) => ({
        object,
        path: `spec.rules[${index}]`,
        namespace,
        created,
        hosts: strings(spec["hostnames"]),
        parents,
        match: matchOf(match),
        route: routeOf(rule, namespace, domain),
      }))
    })
}

/** Istio puts regular expressions last, which the Gateway API leaves open. Source: pilot `getURIRank`. */
const ranks: Record<string, number> = { exact: 2, pathPrefix: 1, regex: 0 }

/** Gateway API precedence: exact path, then longest prefix, method, most headers, most query parameters. Ties keep their order: oldest first. */
export function comparePrecedence(a: GatewayRule, b: GatewayRule): number {
  const rank = (rule: GatewayRule): number[] => {
    const match = record(rule.match)
    const [kind, value] = Object.entries(record(match["uri"]))[0] ?? ["pathPrefix", "/"]
    return [
      ranks[kind] ?? 0,
      String(value).length,
      match["method"] === undefined ? 0 : 1,
      Object.keys(record(match["headers"])).length,
      Object.keys(record(match["queryParams"])).length,
    ]
  }
  const [left, right] = [rank(a), rank(b)]
  for (const [i, value] of left.entries()) {
    const other = right[i] ?? 0
    if (value !== other) return other - value
  }
  return 0
}

import { type KubeObject, type ObjectRef, kindKeyOf, refOf } from "../../../kube/object.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { type Check, type View, check, derived, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { gatewayKind, routeKinds, shortKind } from "./kinds.ts"
import { commonHosts } from "./listener.ts"
import { type Parent, attachmentOf, hostnamesOf, isGateway, parentsOf, rulesOf } from "./parent.ts"

export const matchTaken = rule({
  code: "route.match_taken",
  aliases: [],
  level: "warning",
  title: "Another route takes the same requests",
  effect:
    "Of two equal matches on one host the oldest route's counts, and within a route the first; the other is passed over without a word in any status",
  remedy: "Remove one of the two, or make it narrower",
  source: "https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule",
})

const keyOf = ({ kind, namespace, name }: Parent): string => `${kind}/${namespace}/${name}`

const indexes = routeKinds.map((kind) =>
  index({
    name: `${shortKind(kind).toLowerCase()}s-by-parent`,
    kind,
    keysOf: (route) => parentsOf(route).map(keyOf),
  }),
)

const headersText = (items: unknown, isFolded: boolean): string => {
  const seen = new Map<string, string>()
  for (const item of list(items).map(record)) {
    const name = isFolded ? text(item["name"]).toLowerCase() : text(item["name"])
    if (!seen.has(name)) seen.set(name, `${name} ${text(item["type"]) || "Exact"} ${text(item["value"])}`)
  }
  return [...seen.values()].sort().join(" ")
}

function pathText(match: Json): string {
  const path = record(match["path"])
  const type = text(path["type"]) || "PathPrefix"
  const value = text(path["value"]) || "/"
  return `${type} ${type === "PathPrefix" && value !== "/" ? value.replace(/\/$/, "") : value}`
}

/** Two matches with one text take the same requests. */
function matchText(kind: string, match: Json): string {
  if (kind === "TCPRoute" || kind === "TLSRoute") return kind
  const headers = headersText(match["headers"], true)
  if (kind === "GRPCRoute") {
    const method = record(match["method"])
    return `gRPC ${text(method["type"]) || "Exact"} ${text(method["service"])}/${text(method["method"])}|${headers}`
  }
  return `${pathText(match)}|${text(match["method"])}|${headers}|${headersText(match["queryParams"], false)}`
}

type Claim = { object: ObjectRef; rule: number; created: string }
export type Loss = { rule: number; match: number; host: string; by: Claim }

const idOf = (object: ObjectRef): string => `${object.kind}/${object.namespace}/${object.name}`

const createdOf = (route: KubeObject): string => route.metadata.creationTimestamp ?? ""

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Oldest first, then by namespace and name. Source: pilot `sortRoutesByCreationTime`. */
const byAge = (a: KubeObject, b: KubeObject): number =>
  order(createdOf(a), createdOf(b)) ||
  order(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
  order(a.metadata.name, b.metadata.name)

/** Where a route takes requests at a parent: listener and host, as texts. */
function placesOf(route: KubeObject, parent: Parent, view: View): { place: string; host: string }[] {
  const kind = shortKind(kindKeyOf(route))
  if (!isGateway(parent)) {
    // Routes of the service's own namespace are for all clients, others for those of theirs.
    const own = route.metadata.namespace ?? ""
    const host = `${parent.name}.${parent.namespace}`
    return [{ place: `${own === parent.namespace ? "" : own}|${parent.port}`, host }]
  }
  const gateway = view.get(gatewayKind, parent.namespace, parent.name)
  if (gateway === undefined) return []
  const hostnames = kind === "TCPRoute" ? [] : hostnamesOf(route)
  return attachmentOf({ route, parent, kind }, gateway, view).attached.flatMap((listener) =>
    commonHosts(listener, hostnames).map((host) => ({ place: `${listener.name}|${host}`, host })),
  )
}

/** Takes the matches of a route at one place; those that are taken already are lost. */
function claim(
  route: KubeObject,
  { place, host }: { place: string; host: string },
  claims: Map<string, Claim>,
): Loss[] {
  const object = refOf(route)
  const kind = shortKind(object.kind)
  const lost: Loss[] = []
  for (const [at, one] of rulesOf(route).entries()) {
    const matches = list(one["matches"])
    for (let match = 0; match < Math.max(1, matches.length); match++) {
      const key = `${place}|${matchText(kind, record(matches[match]))}`
      const by = claims.get(key)
      if (by === undefined) claims.set(key, { object, rule: at, created: createdOf(route) })
      else if (by.rule !== at || idOf(by.object) !== idOf(object)) lost.push({ rule: at, match, host, by })
    }
  }
  return lost
}

/** The matches at one parent that another one takes, by route. */
const lossesAt = derived({
  name: "gateway-api-losses",
  compute: (view, key): ReadonlyMap<string, readonly Loss[]> => {
    const losses = new Map<string, readonly Loss[]>()
    const routes = new Set(indexes.flatMap((one) => view.find(one, key)))
    const claims = new Map<string, Claim>()
    for (const route of [...routes].sort(byAge)) {
      const lost = parentsOf(route)
        .filter((parent) => keyOf(parent) === key)
        .flatMap((parent) => placesOf(route, parent, view))
        .flatMap((place) => claim(route, place, claims))
      if (lost.length > 0) losses.set(idOf(refOf(route)), lost)
    }
    return losses
  },
})

const of = (kind: string): Check =>
  check({
    name: `${shortKind(kind).toLowerCase()}/precedence`,
    subject: kind,
    reads: [...routeKinds, gatewayKind, "Namespace"],
    rules: [matchTaken],
    run: (route, view, report) => {
      const own = refOf(route)
      const told = new Set<string>()
      for (const key of new Set(parentsOf(route).map(keyOf)))
        for (const { rule: at, match, host, by } of view.derive(lossesAt, key).get(idOf(own)) ?? []) {
          const hasMatches = list(rulesOf(route)[at]?.["matches"]).length > 0
          const path = `spec.rules[${at}]${hasMatches ? `.matches[${match}]` : ""}`
          if (told.has(path)) continue
          told.add(path)
          const isOwn = idOf(by.object) === idOf(own)
          const why = by.created === createdOf(route) ? "comes first by name" : "is older"
          report(matchTaken, {
            path,
            message: isOwn
              ? `rule ${by.rule} of this route takes the same requests to ${host}, and comes first`
              : `${shortKind(by.object.kind)} ${by.object.namespace}/${by.object.name} takes the same requests to ${host}, and ${why}`,
            references: isOwn ? [] : [{ object: by.object, path: `spec.rules[${by.rule}]` }],
          })
        }
    },
  })

export const precedenceChecks: readonly Check[] = routeKinds.map(of)

import { type KubeObject, type ObjectRef, byCreation, idOf, kindKeyOf, refOf } from "../../../kube/object.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { type Check, type View, check, derived, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { gatewayKind, routeKinds, shortKind, tcpRouteKind } from "./kinds.ts"
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

const takesHosts = (kind: string): boolean => kind !== tcpRouteKind

/** What a route is found by at a parent: its hosts at a Gateway, nothing more at a Service. */
function seatsOf(route: KubeObject, parent: Parent): string[] {
  const key = keyOf(parent)
  if (!isGateway(parent)) return [`${key}|`]
  const hostnames = takesHosts(kindKeyOf(route)) ? hostnamesOf(route) : []
  return hostnames.length === 0 ? [`${key}|*`] : hostnames.map((hostname) => `${key}|${hostname}`)
}

const indexes = routeKinds.map((kind) =>
  index({
    name: `${shortKind(kind).toLowerCase()}s-by-seat`,
    kind,
    keysOf: (route) => parentsOf(route).flatMap((parent) => seatsOf(route, parent)),
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

const createdOf = (route: KubeObject): string => route.metadata.creationTimestamp ?? ""

/** Where requests are taken: a host of a listener of a Gateway; or a Service, for all clients or those of one namespace. */
type Place = { parent: string; part: string; host: string; isWhole: boolean }

function placesOf(route: KubeObject, parent: Parent, view: View): Place[] {
  const kindKey = kindKeyOf(route)
  const key = keyOf(parent)
  if (!isGateway(parent)) {
    const own = route.metadata.namespace ?? ""
    const part = `${own === parent.namespace ? "" : own}|${parent.port}`
    return [{ parent: key, part, host: `${parent.name}.${parent.namespace}`, isWhole: false }]
  }
  const gateway = view.get(gatewayKind, parent.namespace, parent.name)
  if (gateway === undefined) return []
  const hostnames = takesHosts(kindKey) ? hostnamesOf(route) : []
  const found = attachmentOf({ route, parent, kind: shortKind(kindKey) }, gateway, view)
  return found.attached.flatMap((listener) =>
    commonHosts(listener, hostnames).map((host) => ({
      parent: key,
      part: listener.name,
      host,
      isWhole: host === listener.hostname,
    })),
  )
}

const separator = "\u0000"
const textOf = ({ parent, part, host, isWhole }: Place): string =>
  [parent, part, host, isWhole ? "whole" : ""].join(separator)

/** Hosts as routes write them that come to this one: itself, and at a listener for just this host all that are wider. */
function* writtenAs({ host, isWhole }: Place): Iterable<string> {
  yield host
  if (!isWhole || host === "*") return
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const wider = `*${host.slice(dot)}`
    if (wider !== host) yield wider
  }
  yield "*"
}

/** The routes that take requests at a place, the one that counts first. */
function routesAt(place: Place, view: View): KubeObject[] {
  const isService = !place.parent.startsWith(`${gatewayKind}/`)
  const found = new Set<KubeObject>()
  for (const written of isService ? [""] : writtenAs(place))
    for (const one of indexes)
      for (const route of view.find(one, `${place.parent}|${written}`)) found.add(route)
  if (found.size < 2) return [...found]
  const wanted = textOf(place)
  return [...found]
    .filter((route) =>
      parentsOf(route).some(
        (parent) =>
          keyOf(parent) === place.parent &&
          placesOf(route, parent, view).some((other) => textOf(other) === wanted),
      ),
    )
    .sort(byCreation)
}

/** Takes the matches of a route at one place; those that are taken already are lost. */
function claim(route: KubeObject, host: string, claims: Map<string, Claim>): Loss[] {
  const object = refOf(route)
  const kind = shortKind(object.kind)
  const lost: Loss[] = []
  for (const [at, one] of rulesOf(route).entries()) {
    const matches = list(one["matches"])
    for (let match = 0; match < Math.max(1, matches.length); match++) {
      const key = matchText(kind, record(matches[match]))
      const by = claims.get(key)
      if (by === undefined) claims.set(key, { object, rule: at, created: createdOf(route) })
      else if (by.rule !== at || idOf(by.object) !== idOf(object)) lost.push({ rule: at, match, host, by })
    }
  }
  return lost
}

/** The matches at one place that another one takes, by route. Place by place, so that a change of one route is none of those on other hosts. */
const lossesAt = derived({
  name: "gateway-api-losses",
  compute: (view, key): ReadonlyMap<string, readonly Loss[]> => {
    const [parent = "", part = "", host = "", whole] = key.split(separator)
    const losses = new Map<string, readonly Loss[]>()
    const claims = new Map<string, Claim>()
    for (const route of routesAt({ parent, part, host, isWhole: whole === "whole" }, view)) {
      const lost = claim(route, host, claims)
      if (lost.length > 0) losses.set(idOf(refOf(route)), lost)
    }
    return losses
  },
})

function lossesOf(route: KubeObject, view: View): Loss[] {
  const id = idOf(refOf(route))
  const keys = new Set(parentsOf(route).flatMap((parent) => placesOf(route, parent, view).map(textOf)))
  const losses: Loss[] = []
  for (const key of keys) losses.push(...(view.derive(lossesAt, key).get(id) ?? []))
  return losses
}

const of = (kind: string): Check =>
  check({
    name: `${shortKind(kind).toLowerCase()}/precedence`,
    subject: kind,
    reads: [...routeKinds, gatewayKind, "Namespace"],
    rules: [matchTaken],
    run: (route, view, report) => {
      const own = refOf(route)
      const told = new Set<string>()
      for (const { rule: at, match, host, by } of lossesOf(route, view)) {
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

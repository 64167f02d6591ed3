import { gatewayName } from "../../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../../kube/object.ts"
import { list, record, strings } from "../../../../topology/fact/read.ts"
import { type Check, type Report, check } from "../../../check.ts"
import { pointerOf } from "../../../path.ts"
import { type HttpMatch, covers, readHttpMatch } from "../../../semantic/cover.ts"
import { readL4Match, tcpCovers, tlsCovers } from "../../../semantic/cover-l4.ts"
import { isSet, isThere } from "../say.ts"
import { sameAction, sameMatch } from "./same.ts"
import { ineffective, unreachable } from "./rules.ts"

type Section<M> = {
  name: "http" | "tcp" | "tls"
  read: (match: unknown, namespace: string) => M
  covers: (a: M, b: M, bound: readonly string[]) => boolean
  /** A match with a key covers only what is sought by the same one. */
  keyOf: (match: M) => string | undefined
  soughtBy: (match: M) => string | undefined
}

/** An exact path covers the same exact path only. */
const pathOf = ({ uri }: HttpMatch): string | undefined => (uri.kind === "exact" ? uri.value : undefined)
const pathInItsCase = (match: HttpMatch): string | undefined =>
  match.uri.kind === "exact" && match.uri.fold ? undefined : pathOf(match)
const noKey = (): undefined => undefined

const sections = {
  http: { name: "http", read: readHttpMatch, covers, keyOf: pathInItsCase, soughtBy: pathOf },
  tcp: { name: "tcp", read: readL4Match, covers: tcpCovers, keyOf: noKey, soughtBy: noKey },
  tls: { name: "tls", read: readL4Match, covers: tlsCovers, keyOf: noKey, soughtBy: noKey },
} as const

/** One match of a route (the only, empty one of a route without matches), and where it stands. */
type Candidate<M> = { route: number; match: number; value: unknown; read: M }

type Context = {
  object: KubeObject
  namespace: string
  bound: readonly string[]
  isDelegate: boolean
  report: Report
}

const placeOf = (section: string, { route, match }: { route: number; match: number }): string =>
  match < 0 ? `spec.${section}[${route}]` : `spec.${section}[${route}].match[${match}]`

const nameOf = (routes: readonly unknown[], section: string, route: number): string => {
  const { name } = record(routes[route])
  return isSet(name) ? `${section}[${route}] "${name}"` : `${section}[${route}]`
}

class Reader<M> {
  private readonly earlier: Candidate<M>[] = []
  private readonly earlierByKey = new Map<string, Candidate<M>[]>()

  private readonly section: Section<M>
  private readonly routes: readonly unknown[]
  private readonly context: Context

  constructor(section: Section<M>, routes: readonly unknown[], context: Context) {
    this.section = section
    this.routes = routes
    this.context = context
  }

  run(): void {
    for (let i = 0; i < this.routes.length; i++) if (isThere(this.routes[i])) this.route(i)
  }

  private candidates(route: number): Candidate<M>[] {
    const matches = list(record(this.routes[route])["match"])
    const one = (value: unknown, match: number): Candidate<M> => ({
      route,
      match,
      value,
      read: this.section.read(value, this.context.namespace),
    })
    return matches.length === 0 ? [one(undefined, -1)] : matches.map(one)
  }

  private route(index: number): void {
    const candidates = this.candidates(index)
    const coverers: Candidate<M>[] = []
    for (const candidate of candidates) {
      const coverer = this.covererOf(candidate)
      if (coverer !== undefined) {
        coverers.push(coverer)
        if (candidate.match >= 0 && coverer.match >= 0) this.sayMatch(candidate, coverer)
      } else this.remember(candidate)
    }
    if (coverers.length === candidates.length) this.sayRoute(index, coverers)
  }

  private covererOf(candidate: Candidate<M>): Candidate<M> | undefined {
    const key = this.section.soughtBy(candidate.read)
    const alike = key === undefined ? undefined : this.earlierByKey.get(key)
    return (
      this.earlier.find((earlier) => this.leavesNothing(earlier, candidate)) ??
      alike?.find((earlier) => this.leavesNothing(earlier, candidate))
    )
  }

  private remember(candidate: Candidate<M>): void {
    const key = this.section.keyOf(candidate.read)
    if (key === undefined) {
      this.earlier.push(candidate)
      return
    }
    const alike = this.earlierByKey.get(key)
    if (alike === undefined) this.earlierByKey.set(key, [candidate])
    else alike.push(candidate)
  }

  /**
   * Requests may fall through a delegate to the next route, and a delegate's route is dropped with all its matches when its root has no place for
   * one of them: there, only what is written alike is sure.
   */
  private leavesNothing(earlier: Candidate<M>, candidate: Candidate<M>): boolean {
    const { routes, section, context } = this
    const route = record(routes[earlier.route])
    const isSameRoute = earlier.route === candidate.route
    if (isThere(route["delegate"]))
      return (
        sameMatch(earlier.value, candidate.value) &&
        (isSameRoute || sameAction(route, routes[candidate.route]))
      )
    if (!context.isDelegate) return section.covers(earlier.read, candidate.read, context.bound)
    if (earlier.match < 0) return true
    return (isSameRoute || list(route["match"]).length === 1) && sameMatch(earlier.value, candidate.value)
  }

  private sayMatch(candidate: Candidate<M>, coverer: Candidate<M>): void {
    const { object, report } = this.context
    const { name } = this.section
    const path = placeOf(name, candidate)
    const isSame = sameMatch(candidate.value, coverer.value)
    const same = candidate.route === coverer.route
    report(ineffective, {
      path,
      message: `match[${candidate.match}] of ${nameOf(this.routes, name, candidate.route)} ${isSame ? "repeats" : "takes nothing that is not taken by"} match[${coverer.match}] of ${same ? "the same route" : nameOf(this.routes, name, coverer.route)}`,
      references: [{ object: refOf(object), path: placeOf(name, coverer) }],
      ...(same
        ? {
            fix: {
              title: "Remove the match that changes nothing",
              edits: [{ object: refOf(object), patch: [{ op: "remove" as const, path: pointerOf(path) }] }],
            },
          }
        : {}),
    })
  }

  private sayRoute(index: number, coverers: readonly Candidate<M>[]): void {
    const { object, report } = this.context
    const { name } = this.section
    const path = `spec.${name}[${index}]`
    const earlier = [...new Set(coverers.map(({ route }) => route))]
    const isSame = earlier.length === 1 && sameAction(this.routes[earlier[0] ?? 0], this.routes[index])
    const all = coverers.find(({ match }) => match < 0)
    report(unreachable, {
      path,
      message:
        all === undefined
          ? `${nameOf(this.routes, name, index)} is never used, as ${earlier.map((route) => nameOf(this.routes, name, route)).join(" and ")} ${earlier.length === 1 ? "takes" : "take"} all that it would`
          : `${nameOf(this.routes, name, index)} is never used, as ${nameOf(this.routes, name, all.route)} before it has no match and takes everything`,
      references: coverers.map((coverer) => ({ object: refOf(object), path: placeOf(name, coverer) })),
      ...(isSame
        ? {
            fix: {
              title: "Remove the route that is never used",
              edits: [{ object: refOf(object), patch: [{ op: "remove" as const, path: pointerOf(path) }] }],
            },
          }
        : {}),
    })
  }
}

const count = (routes: readonly unknown[]): number => {
  if (routes.length !== 1) return routes.length
  return list(record(routes[0])["match"]).length
}

/** Whether later routes and matches of one VirtualService can ever be used. */
export const reachabilityCheck: Check = check({
  name: "virtualservice/reachability",
  subject: "VirtualService.networking.istio.io",
  reads: [],
  rules: [unreachable, ineffective],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    const namespace = object.metadata.namespace ?? ""
    let context: Context | undefined
    const contextOf = (): Context => {
      const gateways = strings(spec["gateways"])
      return (context ??= {
        object,
        namespace,
        bound: gateways.length === 0 ? ["mesh"] : gateways.map((name) => gatewayName(name, namespace)),
        isDelegate: list(spec["hosts"]).length === 0,
        report,
      })
    }
    const [http, tcp, tls] = [list(spec["http"]), list(spec["tcp"]), list(spec["tls"])]
    if (count(http) > 1) new Reader(sections.http, http, contextOf()).run()
    if (count(tcp) > 1) new Reader(sections.tcp, tcp, contextOf()).run()
    if (count(tls) > 1) new Reader(sections.tls, tls, contextOf()).run()
  },
})

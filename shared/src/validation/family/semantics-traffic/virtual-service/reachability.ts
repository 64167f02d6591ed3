import { gatewayName } from "../../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../../kube/object.ts"
import { list, record, strings } from "../../../../topology/fact/read.ts"
import { type Check, type Report, check } from "../../../check.ts"
import { pointerOf } from "../../../path.ts"
import { type HttpMatch, covers, readHttpMatch } from "../../../semantic/cover.ts"
import { CoverIndex, type Signs, httpSigns, tcpSigns, tlsSigns } from "../../../semantic/cover-index.ts"
import { readL4Match, tcpCovers, tlsCovers } from "../../../semantic/cover-l4.ts"
import { isSet, isThere } from "../say.ts"
import { sameAction, sameMatch } from "./same.ts"
import { ineffective, unreachable } from "./rules.ts"

type Section<M> = {
  name: "http" | "tcp" | "tls"
  read: (match: unknown, namespace: string) => M
  covers: (a: M, b: M, bound: readonly string[]) => boolean
  signs: Signs<M>
  /** Whether a match can cover only its like. Those that can cover more are named first. */
  isNarrow: (match: M) => boolean
}

const isExact = ({ uri }: HttpMatch): boolean => uri.kind === "exact" && !uri.fold
const never = (): boolean => false

const sections = {
  http: { name: "http", read: readHttpMatch, covers, signs: httpSigns, isNarrow: isExact },
  tcp: { name: "tcp", read: readL4Match, covers: tcpCovers, signs: tcpSigns, isNarrow: never },
  tls: { name: "tls", read: readL4Match, covers: tlsCovers, signs: tlsSigns, isNarrow: never },
} as const

/** With fewer it is quicker to go through all of them. */
const enoughForIndex = 16

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
  /** In their order; of each whether it is covered itself: what covers it is named instead. */
  private readonly all: Candidate<M>[] = []
  private readonly covered: boolean[] = []
  private index: CoverIndex<M> | undefined
  private readonly section: Section<M>
  private readonly routes: readonly unknown[]
  private readonly context: Context

  constructor(section: Section<M>, routes: readonly unknown[], context: Context) {
    this.section = section
    this.routes = routes
    this.context = context
  }

  run(): void {
    const { routes, all } = this
    const ends: number[] = []
    for (let i = 0; i < routes.length; i++) {
      if (isThere(routes[i])) this.read(i)
      ends.push(all.length)
    }
    if (all.length >= enoughForIndex)
      this.index = new CoverIndex(
        all.map(({ read }) => read),
        this.section.signs,
      )
    for (let i = 0; i < routes.length; i++)
      if (isThere(routes[i])) this.route(i, ends[i - 1] ?? 0, ends[i] ?? 0)
  }

  private read(route: number): void {
    const { all, section, context } = this
    const matches = list(record(this.routes[route])["match"])
    if (matches.length === 0)
      all.push({ route, match: -1, value: undefined, read: section.read(undefined, context.namespace) })
    for (let match = 0; match < matches.length; match++) {
      const value = matches[match]
      all.push({ route, match, value, read: section.read(value, context.namespace) })
    }
  }

  private route(index: number, from: number, to: number): void {
    const coverers: Candidate<M>[] = []
    for (let at = from; at < to; at++) {
      const candidate = this.all[at]
      const coverer = candidate && this.covererOf(candidate, at)
      this.covered.push(coverer !== undefined)
      if (candidate === undefined || coverer === undefined) continue
      coverers.push(coverer)
      if (candidate.match >= 0 && coverer.match >= 0) this.sayMatch(candidate, coverer)
    }
    if (coverers.length === to - from) this.sayRoute(index, coverers)
  }

  private covererOf(candidate: Candidate<M>, at: number): Candidate<M> | undefined {
    return this.firstOf(candidate, at, false) ?? this.firstOf(candidate, at, true)
  }

  private firstOf(candidate: Candidate<M>, at: number, isNarrow: boolean): Candidate<M> | undefined {
    if (this.index !== undefined)
      return this.all[
        this.index.first(candidate.read, at, (before) => this.isCoverer(before, candidate, isNarrow))
      ]
    for (let before = 0; before < at; before++)
      if (this.isCoverer(before, candidate, isNarrow)) return this.all[before]
    return undefined
  }

  private isCoverer(before: number, candidate: Candidate<M>, isNarrow: boolean): boolean {
    const earlier = this.all[before]
    return (
      earlier !== undefined &&
      this.covered[before] === false &&
      this.section.isNarrow(earlier.read) === isNarrow &&
      this.leavesNothing(earlier, candidate)
    )
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

const onMesh = ["mesh"] as const

const count = (routes: readonly unknown[]): number => {
  if (routes.length !== 1) return routes.length
  return list(record(routes[0])["match"]).length
}

/** Whether later routes and matches of one VirtualService can ever be used. */
export function reportReachability(object: KubeObject, report: Report): void {
  const spec = record(object["spec"])
  const namespace = object.metadata.namespace ?? ""
  const http = list(spec["http"])
  const tcp = list(spec["tcp"])
  const tls = list(spec["tls"])
  if (count(http) < 2 && count(tcp) < 2 && count(tls) < 2) return
  const gateways = strings(spec["gateways"])
  const context: Context = {
    object,
    namespace,
    bound: gateways.length === 0 ? onMesh : gateways.map((name) => gatewayName(name, namespace)),
    isDelegate: list(spec["hosts"]).length === 0,
    report,
  }
  if (count(http) > 1) new Reader(sections.http, http, context).run()
  if (count(tcp) > 1) new Reader(sections.tcp, tcp, context).run()
  if (count(tls) > 1) new Reader(sections.tls, tls, context).run()
}

export const reachabilityCheck: Check = check({
  name: "virtualservice/reachability",
  subject: "VirtualService.networking.istio.io",
  reads: [],
  rules: [unreachable, ineffective],
  run: (object, _view, report) => {
    reportReachability(object, report)
  },
})

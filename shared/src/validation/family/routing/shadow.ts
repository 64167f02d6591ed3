import { rulesAtGateway } from "../../../istio/gateway.ts"
import { isWildcard } from "../../../istio/host.ts"
import type { VirtualService } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import type { Rule } from "../../../istio/rule.ts"
import { isHttp } from "../../../istio/server.ts"
import type { KubeObject, ObjectRef } from "../../../kube/object.ts"
import { list, record } from "../../../topology/fact/read.ts"
import { type Report, type View, check, derived } from "../../check.ts"
import { type HttpMatch, covers, readHttpMatch } from "../../semantic/cover.ts"
import { CoverIndex, httpSigns } from "../../semantic/cover-index.ts"
import { clientsOfGateway, modelOf } from "./client.ts"
import { clientKey, clientOf, listenersTaking } from "./gateway-servers.ts"
import { serversOf } from "./gateways.ts"
import { closerHosts, domainsOf, isWithinOthers } from "./gateway-hosts.ts"
import { matchShadowed, ruleShadowed, wildcardNarrowed } from "./host-rules.ts"
import { atGateways, sayNarrowed, wildcards } from "./hosts.ts"
import { gatewayKind, virtualServiceKind } from "./kinds.ts"

/** A route in the order of its virtual host, with the one match that is left of it there. */
type Step = { rule: Rule; owner: ObjectRef; match: HttpMatch }

/** Who it is for is settled for one proxy and port. */
const settled = { port: 0, gateways: undefined, labels: undefined, namespace: "" } as const

const stepOf = (rule: Rule): Step => ({
  rule,
  owner: (rule.via ?? rule).object,
  match: { ...readHttpMatch(rule.matches[0], rule.namespace), ...settled },
})

type Place = { client: string; port: number; host: string }

/** Routes in the order they are asked, and which of them are whose. */
type Steps = {
  all: readonly Step[]
  byOwner: ReadonlyMap<string, readonly number[]>
  index: CoverIndex<HttpMatch>
}

const ownerOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

function stepsOf(all: readonly Step[]): Steps {
  const byOwner = new Map<string, number[]>()
  for (let at = 0; at < all.length; at++) {
    const step = all[at]
    if (step === undefined) continue
    const owner = ownerOf(step.owner)
    const known = byOwner.get(owner)
    if (known === undefined) byOwner.set(owner, [at])
    else known.push(at)
  }
  const index = new CoverIndex(
    all.map(({ match }) => match),
    httpSigns,
  )
  return { all, byOwner, index }
}

/** All routes of a gateway's pods for a host and port, of whatever VirtualService. */
const stepsAt = derived<Steps>({
  name: "routing/routes of a host at a gateway",
  compute: (view, at) => {
    const { client, port, host } = JSON.parse(at) as Place
    const question = { client: clientOf(client), port, host }
    const { rules = [] } = rulesAtGateway(view.mesh, question, listenersTaking(view, client, host))
    return stepsOf(rules.map(stepOf))
  },
})

/** Where requests for a host are asked of the VirtualService: at each proxy of its gateways, for what host and servers have in common. */
function placesOf(view: View, config: VirtualService, host: string): Place[] {
  const places = new Map<string, Place>()
  for (const name of config.gateways) {
    const servers = name === "mesh" ? undefined : view.derive(serversOf, name)
    if (servers === undefined) continue
    const clients = view.derive(clientsOfGateway, name).map(clientKey)
    for (const server of servers.filter(isHttp))
      for (const domain of domainsOf(server, config, host))
        for (const client of clients)
          places.set(`${client} ${server.port} ${domain}`, { client, port: server.port, host: domain })
  }
  return [...places.values()]
}

const same = (a: ObjectRef, b: ObjectRef): boolean => a.name === b.name && a.namespace === b.namespace

/** For each route of its own the one that takes its requests first, if it is of another VirtualService; null: none does. */
function judged({ all, byOwner, index }: Steps, owner: ObjectRef): Map<Step, Step | null> {
  const answer = new Map<Step, Step | null>()
  const own = byOwner.get(ownerOf(owner)) ?? []
  for (const at of own) {
    const step = all[at]
    if (step === undefined) continue
    const isBefore = (before: number): boolean => {
      const earlier = all[before]
      return earlier !== undefined && covers(earlier.match, step.match, [])
    }
    const first = all[index.first(step.match, at, isBefore)]
    // What its own routes take already is said of the VirtualService by itself.
    const isOwn = first !== undefined && own.some((before) => before < at && isBefore(before))
    answer.set(step, first === undefined || isOwn ? null : first)
  }
  return answer
}

type Verdict = { step: Step; hosts: Set<string>; free: Set<string>; by: Set<Step> }

const idOf = ({ rule }: Step): string =>
  `${rule.object.namespace}/${rule.object.name} ${rule.path} ${JSON.stringify(rule.matches)}`

function verdicts(view: View, config: VirtualService, hosts: readonly string[]): Verdict[] {
  const all = new Map<string, Verdict>()
  for (const host of hosts)
    for (const place of placesOf(view, config, host)) {
      const steps = view.derive(stepsAt, JSON.stringify(place))
      for (const [step, by] of judged(steps, config.object)) {
        const id = idOf(step)
        const verdict = all.get(id) ?? { step, hosts: new Set(), free: new Set(), by: new Set() }
        all.set(id, verdict)
        if (by === null) verdict.free.add(place.host)
        else {
          verdict.hosts.add(place.host)
          verdict.by.add(by)
        }
      }
    }
  return [...all.values()]
}

/** `spec.http[1].match[0]`, or the route itself where it has no more than one match. */
function matchPath(view: View, { rule }: Step): string {
  const { kind, namespace, name } = rule.object
  const route = view.get(kind, namespace, name)
  const index = Number(/\[(\d+)\]$/.exec(rule.path)?.[1] ?? -1)
  const matches = list(record(list(record(route?.["spec"])["http"])[index])["match"])
  if (matches.length < 2) return rule.path
  const text = JSON.stringify(rule.matches[0])
  const at = matches.findIndex((match) => JSON.stringify(match) === text)
  return at < 0 ? rule.path : `${rule.path}.match[${at}]`
}

/** Hosts for which a match is asked somewhere, and lost wherever it is. */
const lostFor = ({ hosts, free }: Verdict): string[] => [...hosts].filter((host) => !free.has(host))

function say(view: View, config: VirtualService, found: readonly Verdict[], report: Report): void {
  const byRoute = Map.groupBy(
    found,
    ({ step }) => `${step.rule.object.namespace}/${step.rule.object.name} ${step.rule.path}`,
  )
  for (const group of byRoute.values()) {
    const [first] = group
    if (first === undefined) continue
    // A route is lost for a host when all of its matches are.
    const whole = [...new Set(group.flatMap(lostFor))].filter((host) =>
      group.every(({ free }) => !free.has(host)),
    )
    if (whole.length > 0) {
      report(ruleShadowed, details(config, group, first.step.rule.path, whole))
      continue
    }
    for (const one of group) {
      const hosts = lostFor(one)
      if (hosts.length > 0) report(matchShadowed, details(config, [one], matchPath(view, one.step), hosts))
    }
  }
}

function details(config: VirtualService, lost: readonly Verdict[], path: string, hosts: readonly string[]) {
  const others = new Map(lost.flatMap((one) => [...one.by]).map((step) => [idOf(step), step.rule] as const))
  const rules = [...others.values()].slice(0, 3)
  const names = new Set(rules.map((rule) => `${rule.path} of ${named(rule.object)}`))
  const [step] = lost
  const elsewhere = step !== undefined && !same(step.step.rule.object, config.object)
  return {
    path,
    message: `For ${hosts.toSorted().join(", ")} all of its requests are taken by ${[...names].join(" and ")}, which ${names.size === 1 ? "is" : "are"} asked first`,
    references: rules.map((rule) => ({ object: rule.object, path: rule.path })),
    ...(elsewhere ? { at: step.step.rule.object } : {}),
  }
}

/** Hosts for which another VirtualService may be asked in the same place. */
function shared(view: View, object: KubeObject, config: VirtualService): string[] {
  const isWide = view.find(atGateways, wildcards).length > 0
  return config.hosts.filter((host, index) => {
    if (config.hosts.indexOf(host) !== index) return false
    if (view.find(atGateways, host.toLowerCase()).length > 1) return true
    return isWide && isWithinOthers(view, object, host.toLowerCase())
  })
}

function narrowed(view: View, config: VirtualService, report: Report): void {
  for (const [index, host] of config.hosts.entries())
    if (isWildcard(host))
      for (const gateway of config.gateways) {
        const closer = gateway === "mesh" ? [] : closerHosts(view, config, host, gateway)
        sayNarrowed(report, { host, path: `spec.hosts[${index}]`, where: `at gateway ${gateway}` }, closer)
      }
}

export const shadows = check({
  name: "virtualservice/shadows",
  subject: virtualServiceKind,
  reads: [
    virtualServiceKind,
    gatewayKind,
    "Pod",
    "HTTPRoute.gateway.networking.k8s.io",
    "Gateway.gateway.networking.k8s.io",
  ],
  rules: [ruleShadowed, matchShadowed, wildcardNarrowed],
  run: (object, view, report) => {
    if (list(record(object["spec"])["gateways"]).every((name) => name === "mesh")) return
    const config = modelOf(view, object)
    if (config === undefined) return
    narrowed(view, config, report)
    const hosts = shared(view, object, config)
    if (hosts.length > 0) say(view, config, verdicts(view, config, hosts), report)
  },
})

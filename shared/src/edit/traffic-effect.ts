import type { TrafficEffect } from "../api/change.ts"
import { instancesOf } from "../istio/endpoints.ts"
import { serviceHost } from "../istio/host.ts"
import { type Mesh, isSubset } from "../istio/mesh.ts"
import type { RegistryService } from "../istio/registry.ts"
import { preferred } from "../istio/visibility.ts"
import { byCodeUnit } from "../order.ts"
import { list, record, text } from "../topology/fact/read.ts"
import { readyPods, versionOf } from "./traffic/ends.ts"
import { type Both, type Flow, flowOf } from "./traffic/flow.ts"
import type { Live, LiveCall, LiveClient } from "./traffic/live.ts"
import type { Band } from "./traffic/mix.ts"
import { copiesBy, sentencesOf, shareSentences, unknownSentences } from "./traffic/sentences.ts"
import type { World } from "./world.ts"

export { type Live, type LiveCall, callersOf, liveCalls } from "./traffic/live.ts"

export type TrafficInput = {
  cluster: string
  before: Pick<World, "mesh">
  /** `worldAfter(before, effect)`. */
  after: Pick<World, "mesh">
  /** `namespace/name`. */
  services: readonly string[]
  live: Live
}

function serviceNamed(mesh: Mesh, name: string): RegistryService | undefined {
  const [namespace = "", own = ""] = name.split("/")
  const host = serviceHost(own, namespace, mesh.settings.domain)
  return (
    preferred(mesh.services.get(host) ?? [], namespace) ??
    mesh.services.get(own)?.find((service) => service.namespace === namespace)
  )
}

/** Versions of the workloads behind a service. */
function versionsBehind(mesh: Mesh, service: RegistryService): Map<string, string> {
  return new Map(
    instancesOf(mesh, service).map((instance) => [
      `${instance.namespace}/${instance.workload.name}`,
      versionOf(instance),
    ]),
  )
}

/** Calls of a service: those that name it, and those of services that stand for versions of it (Gateway API), which its routes send to. */
function callsOf(both: Both, live: Live): LiveCall[] {
  const { before, service } = both
  const own = live.calls.get(`${service.namespace}/${service.name}`) ?? []
  const versionServices = new Set<string>()
  const routes = before.httpRoutes.get(`service/${service.namespace}/${service.name}`) ?? []
  for (const target of routes.flatMap(({ route }) => list(route["route"]))) {
    const host = text(record(record(target)["destination"])["host"])
    const [other] = before.services.get(host) ?? []
    if (other !== undefined && other.host !== service.host && isSubset(service.selector, other.selector))
      versionServices.add(`${other.namespace}/${other.name}`)
  }
  return [...own, ...[...versionServices].flatMap((name) => live.calls.get(name) ?? [])]
}

function endOf({ to }: LiveCall, namespace: string, versions: ReadonlyMap<string, string>): string {
  if (to.end !== "version") return to.end
  return versions.get(`${namespace}/${to.workload}`) ?? (to.version || to.workload)
}

type Seen = { client: LiveClient; ends: Map<string, number> }

/** What each client was seen to reach, requests per second. */
function seenBy(calls: readonly LiveCall[], both: Both): Seen[] {
  const versions = versionsBehind(both.before, both.service)
  const clients = new Map<string, Seen>()
  for (const call of calls) {
    if (call.requestsPerSecond <= 0) continue
    const { client } = call
    const key = `${client.kind} ${client.namespace}/${client.workload}`
    const known = clients.get(key) ?? { client, ends: new Map<string, number>() }
    const end = endOf(call, both.service.namespace, versions)
    known.ends.set(end, (known.ends.get(end) ?? 0) + call.requestsPerSecond)
    clients.set(key, known)
  }
  return [...clients.values()]
}

function flow(both: Both, { client, ends }: Seen): Flow {
  if (client.kind !== "outside") return flowOf(both, { ...client, kind: client.kind }, ends)
  const bands = [...ends].map(([end, requestsPerSecond]) => ({ from: end, to: end, requestsPerSecond }))
  return { bands, parts: [], certain: true, unknown: [] }
}

function joined(bands: readonly Band[]): Band[] {
  const sums = new Map<string, Band>()
  for (const { from, to, requestsPerSecond } of bands) {
    const key = `${from}>${to}`
    sums.set(key, {
      from,
      to,
      requestsPerSecond: requestsPerSecond + (sums.get(key)?.requestsPerSecond ?? 0),
    })
  }
  return [...sums.values()].sort((a, b) => byCodeUnit(a.from, b.from) || byCodeUnit(a.to, b.to))
}

const sum = (rates: Iterable<number>): number => [...rates].reduce((total, rate) => total + rate, 0)

function effectOn(both: Both, input: TrafficInput): TrafficEffect {
  const { service } = both
  const seen = seenBy(callsOf(both, input.live), both)
  const flows = seen.map((own) => flow(both, own))
  const bands = joined(flows.flatMap((own) => own.bands))
  const parts = flows.flatMap((own) => own.parts)
  const isMeasured = bands.length > 0
  const anybody = (): Flow =>
    flowOf(both, { kind: "sidecar", namespace: service.namespace, labels: {} }, new Map())
  const told = isMeasured ? flows : [anybody()]
  const copies = copiesBy(parts, "after")
  return {
    cluster: input.cluster,
    service: `${service.namespace}/${service.name}`,
    bands,
    requestsPerSecond: sum(bands.map(({ requestsPerSecond }) => requestsPerSecond)),
    movedPerSecond: sum(
      bands.filter(({ from, to }) => from !== to).map(({ requestsPerSecond }) => requestsPerSecond),
    ),
    mirrored: [...copies].map(([to, requestsPerSecond]) => ({ to, requestsPerSecond })),
    sentences: [
      ...(isMeasured
        ? sentencesOf(bands, parts, readyPods(both.after, service))
        : shareSentences(told.flatMap((own) => own.parts))),
      ...unknownSentences(told.flatMap((own) => own.unknown)),
    ],
    certain: told.every((own) => own.certain),
    measuredAt: input.live.measuredAt,
  }
}

/** Of so few services it is told as well that nothing happens to them. */
const few = 3

/**
 * Where requests to each service go now, as they were measured, and where they would go after: by the routing model. Looks at no other services. Of a change that
 * is about many, only services to which something happens.
 */
export function trafficEffect(input: TrafficInput): TrafficEffect[] {
  const [before, after] = [input.before.mesh, input.after.mesh]
  const all = input.services.flatMap((name) => {
    const service = serviceNamed(before, name) ?? serviceNamed(after, name)
    return service === undefined ? [] : [effectOn({ before, after, service }, input)]
  })
  return all.length <= few ? all : all.filter(({ sentences }) => sentences.length > 0)
}

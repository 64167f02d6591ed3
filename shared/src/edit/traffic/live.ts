import type { TopologySources } from "../../api/mesh.ts"
import type { EdgeSample } from "../../telemetry/edge.ts"
import { indexedCluster } from "../../topology/build.ts"
import { collectSamples } from "../../topology/graph.ts"
import { type NodeIdentity, createResolver } from "../../topology/resolve.ts"
import type { Caller } from "../world.ts"

/** Who calls: a proxy of this cluster (which routes by its configuration), or somebody whom its routes do not reach. */
export type LiveClient = {
  kind: "sidecar" | "gateway" | "outside"
  namespace: string
  workload: string
  labels: Readonly<Record<string, string>>
}

/** Requests of one client to a service that ended in one place. */
export type LiveCall = {
  client: LiveClient
  /** `fault`: its own proxy answered for a fault. `none`: nobody did. Else the workload that answered. */
  to: { end: "version" | "fault" | "none"; workload: string; version: string }
  requestsPerSecond: number
  /** Connections, of what is no HTTP. */
  openedPerSecond: number
  /** Share by mutual TLS; null: nobody knows. */
  mtlsRatio: number | null
}

/** What is measured of calls to the services of one cluster, by `namespace/name`. */
export type Live = { measuredAt: number | null; calls: ReadonlyMap<string, readonly LiveCall[]> }

/** Flags of answers that the client's own proxy gives for a fault. Source: Envoy, response flags. */
const isFault = (flags: string): boolean => flags.split(",").includes("FI")

function clientOf(
  { identity, sample }: { identity: NodeIdentity; sample: EdgeSample },
  cluster: string,
): LiveClient {
  const { source } = sample
  const fact = identity.workload
  const isHere = identity.cluster?.cluster === cluster && source.workload !== ""
  // Proxies on both ends report; where only the called one does, the caller has none.
  const hasProxy = fact?.sidecar !== false && (fact?.sidecar === true || sample.reporter !== "destination")
  const isGateway = fact?.role === "gateway"
  return {
    kind: !isHere || !(hasProxy || isGateway) ? "outside" : isGateway ? "gateway" : "sidecar",
    namespace: source.namespace,
    workload: source.workload,
    labels: fact?.labels ?? {},
  }
}

/** What of a sample nobody answered is told apart by its flags. */
function endsOf(sample: EdgeSample): Pick<LiveCall, "to" | "requestsPerSecond">[] {
  const { workload, version } = sample.destination
  const all = sample.requestsPerSecond
  if (workload !== "") return [{ to: { end: "version", workload, version }, requestsPerSecond: all }]
  const faults = sample.responses
    .filter(({ flags }) => isFault(flags))
    .reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0)
  const parts = [
    { end: "fault" as const, requestsPerSecond: Math.min(all, faults) },
    { end: "none" as const, requestsPerSecond: Math.max(0, all - faults) },
  ]
  return parts.map(({ end, requestsPerSecond }) => ({
    to: { end, workload: "", version: "" },
    requestsPerSecond,
  }))
}

/** Calls to a cluster's services in the newest tick, out of the same ticks as the graph. */
export function liveCalls(sources: TopologySources, cluster: string): Live {
  const indexed = sources.clusters.map(indexedCluster)
  const clients = createResolver(indexed, "workload")
  const services = createResolver(indexed, "service")
  const calls = new Map<string, LiveCall[]>()
  for (const { sample, reporter } of collectSamples(sources.clusters, indexed)) {
    const target = services.target(sample.destination, reporter)
    if (target.service === null) continue
    const source = clients.source(sample.source, reporter)
    const client = clientOf({ identity: source, sample }, cluster)
    if (client.kind === "outside" && target.cluster?.cluster !== cluster) continue
    const key = `${target.namespace}/${target.service}`
    const known = calls.get(key) ?? []
    calls.set(key, known)
    const openedPerSecond = sample.tcp?.openedPerSecond ?? 0
    for (const { to, requestsPerSecond } of endsOf(sample))
      if (requestsPerSecond > 0 || (openedPerSecond > 0 && to.end !== "fault"))
        known.push({ client, to, requestsPerSecond, openedPerSecond, mtlsRatio: sample.mtlsRatio })
  }
  const newest = sources.clusters.find((source) => source.cluster === cluster)?.ticks.at(-1)
  return { measuredAt: newest?.at ?? null, calls }
}

/** The callers of a service for a world: by mutual TLS and not, each for itself. Undefined when nothing is measured at all. */
export function callersOf(
  live: Live,
): (service: { namespace: string; name: string }) => Caller[] | undefined {
  return ({ namespace, name }) => {
    if (live.measuredAt === null) return undefined
    const callers = new Map<string, Caller>()
    for (const { client, requestsPerSecond, openedPerSecond, mtlsRatio } of live.calls.get(
      `${namespace}/${name}`,
    ) ?? []) {
      const secure = mtlsRatio ?? (client.kind === "outside" ? 0 : null)
      const rate = requestsPerSecond + openedPerSecond
      if (secure === null) continue
      for (const [mtls, share] of [[true, secure] as const, [false, 1 - secure] as const]) {
        if (share * rate <= 0) continue
        const key = `${client.namespace}/${client.workload}/${mtls}`
        const known = callers.get(key)
        callers.set(key, {
          name: client.workload,
          namespace: client.namespace,
          mtls,
          requestsPerSecond: (known?.requestsPerSecond ?? 0) + share * rate,
        })
      }
    }
    return [...callers.values()]
  }
}

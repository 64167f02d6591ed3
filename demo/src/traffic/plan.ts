import type { Mesh } from "#shared/istio/mesh.ts"
import type { CallContext, Quality } from "./attempt.ts"
import { type Behaviour, type Call, type Demand, plainBehaviour } from "./behaviour.ts"
import { type Branch, type Served, isFailure } from "./branch.ts"
import { type Flow, branchFlows, servedFlows } from "./flow.ts"
import { type CallResult, httpCall } from "./http-call.ts"
import { type Latency, around, mixed, plus } from "./latency.ts"
import { tcpCall } from "./tcp-call.ts"
import { type Workload, workloadsOf } from "./workload.ts"

type Headers = Readonly<Record<string, string>>
type Visit = {
  workload: Workload
  headers: Headers
  calls: { call: Call; result: CallResult }[]
  quality: Quality
}

/** All rates of a mesh under its live config. Valid until an object changes. */
export type Plan = { flows: readonly Flow[]; workloads: ReadonlyMap<string, Workload> }

const variant = (workload: Workload, headers: Headers): string =>
  Object.keys(headers).length === 0 ? workload.key : `${workload.key}|${JSON.stringify(headers)}`

const behaviourOf = ({ behaviours }: Demand, workload: Workload): Behaviour =>
  behaviours.get(workload.key) ?? behaviours.get(`${workload.namespace}/${workload.app}`) ?? plainBehaviour

/** Callers wait for their calls one after the other; of a kind made several times per request, once. */
function waited(own: Latency, calls: Visit["calls"]): Latency {
  return calls.reduce((sum, { call, result }) => {
    if (call.protocol === "tcp" || call.perRequest === 0) return plus(sum, around(1))
    const part = Math.min(1, call.perRequest)
    const one = mixed(result.branches.map(({ share, latency }) => ({ share, latency })))
    return plus(
      sum,
      part === 1
        ? one
        : mixed([
            { share: part, latency: one },
            { share: 1 - part, latency: around(0) },
          ]),
    )
  }, own)
}

/** Part of the requests that fail since a call they need fails. */
const failedByCalls = (calls: Visit["calls"]): number =>
  1 -
  calls
    .filter(({ call }) => call.critical)
    .reduce((good, { call, result }) => {
      const failing = result.branches.filter(isFailure).reduce((sum, { share }) => sum + share, 0)
      return good * (1 - Math.min(1, call.perRequest) * Math.min(1, failing))
    }, 1)

function outcomesOf({ errors }: Behaviour, grpc: boolean, failing: number): Quality["outcomes"] {
  const ok = (1 - errors.share) * (1 - failing)
  const parts = grpc
    ? [
        { share: ok, code: "200", grpc: "0" },
        { share: errors.share, code: "200", grpc: errors.grpc },
        { share: (1 - errors.share) * failing, code: "200", grpc: "14" },
      ]
    : [
        { share: ok, code: "200", grpc: "" },
        { share: errors.share, code: String(errors.code), grpc: "" },
        { share: (1 - errors.share) * failing, code: "500", grpc: "" },
      ]
  return parts.filter(({ share }) => share > 0)
}

class Planner {
  readonly mesh: Mesh
  readonly demand: Demand
  readonly cluster: string
  readonly workloads: ReadonlyMap<string, Workload>
  readonly visits = new Map<string, Visit>()
  readonly flows: Flow[] = []
  readonly rates = new Map<string, number>()

  constructor(mesh: Mesh, demand: Demand, cluster: string) {
    this.mesh = mesh
    this.demand = demand
    this.cluster = cluster
    this.workloads = workloadsOf(mesh, demand.activePods)
  }

  private context(headers: Headers): CallContext {
    return {
      mesh: this.mesh,
      workloads: this.workloads,
      quality: (server, call) => {
        const visit = this.visit(server, headers)
        return call.protocol === "grpc" ? this.asGrpc(visit) : visit.quality
      },
    }
  }

  private asGrpc(visit: Visit): Quality {
    const behaviour = behaviourOf(this.demand, visit.workload)
    return {
      latency: visit.quality.latency,
      outcomes: outcomesOf(behaviour, true, failedByCalls(visit.calls)),
    }
  }

  private call(caller: Workload, call: Call, headers: Headers): { call: Call; result: CallResult } {
    const full =
      Object.keys(headers).length === 0 ? call : { ...call, headers: { ...call.headers, ...headers } }
    const context = this.context(headers)
    const result =
      full.protocol === "tcp"
        ? { branches: tcpCall(context, caller, full), mirrored: [] }
        : httpCall(context, caller, full)
    return { call: full, result }
  }

  /** A workload is looked at after what it calls; one that calls itself in the end answers as if it called nobody. */
  private visit(workload: Workload, headers: Headers): Visit {
    const key = variant(workload, headers)
    const known = this.visits.get(key)
    if (known) return known
    const behaviour = behaviourOf(this.demand, workload)
    const own = around(behaviour.latencyMs)
    const visit: Visit = {
      workload,
      headers,
      calls: [],
      quality: { latency: own, outcomes: outcomesOf(behaviour, false, 0) },
    }
    this.visits.set(key, visit)
    visit.calls = behaviour.calls.map((call) => this.call(workload, call, headers))
    visit.quality = {
      latency: waited(own, visit.calls),
      outcomes: outcomesOf(behaviour, false, failedByCalls(visit.calls)),
    }
    // callers come before what they call: a map keeps the order of insertion, so it moves to the end
    this.visits.delete(key)
    this.visits.set(key, visit)
    return visit
  }

  private arrive({ workload, share, worked }: Served, rate: number, headers: Headers): void {
    if (!worked) return
    const key = variant(workload, headers)
    this.rates.set(key, (this.rates.get(key) ?? 0) + rate * share)
  }

  private emit(
    caller: Workload,
    { call, result }: Visit["calls"][number],
    rate: number,
    headers: Headers,
  ): void {
    const ends = { caller, call, cluster: this.cluster, rate }
    for (const branch of result.branches) {
      this.flows.push(...branchFlows(ends, branch))
      if (branch.server) this.arrive(branch.server, rate, headers)
    }
    for (const served of result.mirrored) {
      this.flows.push(...servedFlows(ends, mirrorBranch(served, this.mesh, call), served))
      this.arrive(served, rate, headers)
    }
  }

  plan(): Plan {
    const begun = this.demand.origins.flatMap((origin) => {
      const caller = this.workloads.get(origin.workload)
      if (!caller) return []
      return [{ caller, origin, made: this.call(caller, origin.call, originHeaders(origin.call)) }]
    })
    for (const { caller, origin, made } of begun)
      this.emit(caller, made, origin.perSecond, originHeaders(origin.call))
    for (const [key, { workload, calls, headers }] of [...this.visits].reverse()) {
      const rate = this.rates.get(key) ?? 0
      if (rate > 0) for (const made of calls) this.emit(workload, made, rate * made.call.perRequest, headers)
    }
    return { flows: this.flows, workloads: this.workloads }
  }
}

/** What a request carries along through the whole mesh. */
const originHeaders = ({ headers }: Call): Headers => headers

const mirrorBranch = (served: Served, mesh: Mesh, call: Call): Branch => ({
  share: served.share,
  code: served.code,
  flags: "-",
  grpc: call.protocol === "grpc" ? "0" : "",
  service: mesh.services.get(call.host)?.[0] ?? null,
  cluster: "",
  server: served,
  upstream: served.workload,
  latency: served.latency,
})

/** Works out who calls whom how often, and with what success, under the config that `mesh` holds. */
export const planTraffic = (mesh: Mesh, demand: Demand, cluster: string): Plan =>
  new Planner(mesh, demand, cluster).plan()

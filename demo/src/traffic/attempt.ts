import { authorize } from "#shared/istio/authorization.ts"
import { connectionTo } from "#shared/istio/connection.ts"
import { type Target, targetOf } from "#shared/istio/endpoints.ts"
import type { Instance } from "#shared/istio/instance.ts"
import type { Mesh } from "#shared/istio/mesh.ts"
import type { Destination } from "#shared/istio/route.ts"
import type { Call } from "./behaviour.ts"
import { type Branch, type Served, localReply } from "./branch.ts"
import { type Latency, around, plus } from "./latency.ts"
import { type Workload, clientOf } from "./workload.ts"

/** How a workload answers one kind of request: what `visit` in plan.ts finds out before its callers are asked. */
export type Quality = { latency: Latency; outcomes: readonly { share: number; code: string; grpc: string }[] }

export type CallContext = {
  mesh: Mesh
  workloads: ReadonlyMap<string, Workload>
  quality(server: Workload, call: Call): Quality
}

/** A try of one call. `failure` names what a retry policy may ask for: `connect-failure`, `reset`, or empty. */
export type Attempt = Branch & { failure: "connect-failure" | "reset" | "" }

/** What two proxies and the way between them add. */
const overhead = around(1)
/** A host outside of the mesh. */
const outside = around(60)

/** Targets by name are named by each pod itself. */
export const containerPort = (target: Target, server: Instance): number => {
  const port = target.port?.target ?? 0
  return typeof port === "number" ? port : (server.ports[port] ?? target.port?.number ?? 0)
}

/** The ready workloads of a target, by their number of endpoints. */
export function serversOf(
  context: CallContext,
  target: Target,
): { workload: Workload; instance: Instance; share: number }[] {
  const found = new Map<string, { workload: Workload; instance: Instance; count: number }>()
  for (const instance of target.instances) {
    const key = `${instance.namespace}/${instance.workload.name}`
    const known = found.get(key)
    const workload = context.workloads.get(key)
    if (known) known.count++
    else if (workload) found.set(key, { workload, instance, count: 1 })
  }
  return [...found.values()].map(({ workload, instance, count }) => ({
    workload,
    instance,
    share: count / target.instances.length,
  }))
}

const principalOf = (workload: Workload): string => workload.principal.replace("spiffe://", "")

type Server = ReturnType<typeof serversOf>[number]

/** What the server's proxy and then the server itself do with the call. */
function answered(
  context: CallContext,
  caller: Workload,
  call: Call,
  entry: { target: Target; server: Server },
): Attempt[] {
  const { target, server } = entry
  const { workload, instance, share } = server
  const { service, policy } = target
  if (!service) return []
  const port = containerPort(target, instance)
  const connection = connectionTo(context.mesh, {
    fromProxy: caller.sidecar,
    policy,
    service,
    server: instance,
    port,
  })
  const common = { service, cluster: "", failure: "" as const, flags: "-" }
  if (!connection.accepted) {
    const plain = connection.security === "none"
    return [
      {
        ...common,
        ...localReply(call.protocol, 503),
        share,
        flags: plain ? "UC" : "UF",
        failure: plain ? "reset" : "connect-failure",
        server: null,
        upstream: workload,
        latency: overhead,
      },
    ]
  }
  const mutual = connection.security === "mutual_tls"
  const decision = authorize(context.mesh, instance, {
    principal: mutual ? principalOf(caller) : "",
    namespace: mutual ? caller.namespace : "",
    port,
    http: call,
  })
  const served = (code: string, latency: Latency, worked: boolean): Served => ({
    workload,
    share,
    code,
    flags: "-",
    security: connection.security,
    latency,
    worked,
  })
  if (!decision.allowed) {
    const reply = localReply(call.protocol, 403)
    return [
      {
        ...common,
        ...reply,
        share,
        upstream: workload,
        server: served(reply.code, overhead, false),
        latency: overhead,
      },
    ]
  }
  const { latency, outcomes } = context.quality(workload, call)
  return outcomes.map((outcome) => ({
    ...common,
    code: outcome.code,
    grpc: outcome.grpc,
    share: share * outcome.share,
    server: { ...served(outcome.code, latency, true), share: share * outcome.share },
    upstream: workload,
    latency: plus(latency, overhead),
  }))
}

/** One try towards one destination. Shares add up to 1. */
export function attemptsOf(
  context: CallContext,
  caller: Workload,
  call: Call,
  destination: Pick<Destination, "host" | "subset" | "port">,
  missingCode = 503,
): { attempts: Attempt[]; target: Target } {
  const target = targetOf(context.mesh, clientOf(caller), destination)
  const failing = (code: number, flags: string): Attempt[] => [
    {
      ...localReply(call.protocol, code),
      share: 1,
      flags,
      failure: "",
      service: target.service ?? null,
      cluster: "",
      server: null,
      upstream: null,
      latency: around(0.4),
    },
  ]
  switch (target.state) {
    case "no_cluster":
      // what has no cluster has no service in the metrics either
      return {
        attempts: failing(missingCode, "NC").map((attempt) => ({ ...attempt, service: null })),
        target,
      }
    case "no_endpoints":
      return { attempts: failing(503, "UH"), target }
    case "outside": {
      const ok = { code: "200", grpc: call.protocol === "grpc" ? "0" : "" }
      const attempt: Attempt = {
        ...ok,
        share: 1,
        flags: "-",
        failure: "",
        service: target.service ?? null,
        cluster: "",
        server: null,
        upstream: null,
        latency: outside,
      }
      return { attempts: [attempt], target }
    }
    case "endpoints":
      return {
        attempts: serversOf(context, target).flatMap((server) =>
          answered(context, caller, call, { target, server }),
        ),
        target,
      }
  }
}

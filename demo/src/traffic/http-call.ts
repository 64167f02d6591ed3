import { type Fault, type RouteDecision, routeRequest } from "#shared/istio/route.ts"
import { type Attempt, type CallContext, attemptsOf } from "./attempt.ts"
import type { Call } from "./behaviour.ts"
import { type Branch, type Served, localReply } from "./branch.ts"
import { around, plus } from "./latency.ts"
import { withRetries, withTimeout } from "./retry.ts"
import { type Workload, clientOf } from "./workload.ts"

export type CallResult = {
  branches: Branch[]
  /** Copies that servers get besides; nobody waits for their answers. */
  mirrored: Served[]
}

/** What the proxy answers without asking anybody. */
function ownAnswer(call: Call, decision: RouteDecision): Branch[] {
  const passes = decision.outcome === "passthrough"
  const cluster = passes ? "PassthroughCluster" : decision.outcome === "blackhole" ? "BlackHoleCluster" : ""
  const reply = passes
    ? { code: "200", grpc: call.protocol === "grpc" ? "0" : "" }
    : decision.outcome === "not_found"
      ? localReply(call.protocol, decision.status ?? 404)
      : { code: String(decision.status ?? 200), grpc: call.protocol === "grpc" ? "2" : "" }
  return [
    {
      ...reply,
      share: 1,
      flags: decision.outcome === "not_found" ? "NR" : "-",
      service: null,
      cluster,
      server: null,
      upstream: null,
      latency: passes ? around(60) : around(0.3),
    },
  ]
}

function forwarded(context: CallContext, caller: Workload, call: Call, decision: RouteDecision): Branch[] {
  if (decision.destinations.length === 0)
    return [
      {
        ...localReply(call.protocol, 503),
        share: 1,
        flags: "NC",
        service: null,
        cluster: "",
        server: null,
        upstream: null,
        latency: around(0.3),
      },
    ]
  // Gateway API wants 500 for a backend that is not there
  const missing = decision.decidedBy?.kind.startsWith("HTTPRoute.") === true ? 500 : 503
  return decision.destinations.flatMap((destination) => {
    const { attempts } = attemptsOf(context, caller, call, destination, missing)
    const settled: Attempt[] = withRetries(
      withTimeout(attempts, decision.timeoutMs ?? decision.retries.perTryTimeoutMs, call.protocol),
      decision.retries,
    )
    return settled.map(({ failure: _, ...branch }) => ({
      ...branch,
      share: branch.share * destination.share,
      server: branch.server && { ...branch.server, share: branch.server.share * destination.share },
    }))
  })
}

const scaled = (branch: Branch, share: number): Branch => ({
  ...branch,
  share: branch.share * share,
  server: branch.server && { ...branch.server, share: branch.server.share * share },
})

/** Delay and abort are drawn apart, as Envoy does; an aborted call never leaves the caller's proxy. */
function withFault(call: Call, fault: Fault | null, branches: readonly Branch[]): Branch[] {
  if (!fault) return [...branches]
  const { delay, abort } = fault
  const aborted: Branch[] = abort
    ? [
        {
          ...(abort.grpcStatus !== "" && call.protocol === "grpc"
            ? { code: "200", grpc: grpcNumber(abort.grpcStatus) }
            : localReply(call.protocol, abort.httpStatus)),
          share: 1,
          flags: "FI",
          service: branches[0]?.service ?? null,
          cluster: "",
          server: null,
          upstream: null,
          latency: around(0.3),
        },
      ]
    : []
  const rest = branches.map((branch) => scaled(branch, 1 - (abort?.share ?? 0)))
  const faulty = [...rest, ...aborted.map((branch) => scaled(branch, abort?.share ?? 0))]
  if (!delay) return faulty.filter(({ share }) => share > 0)
  return [
    ...faulty.map((branch) => scaled(branch, 1 - delay.share)),
    ...faulty.map((branch) => ({
      ...scaled(branch, delay.share),
      flags: branch.flags === "-" ? "DI" : `DI,${branch.flags}`,
      latency: plus(branch.latency, around(delay.ms)),
    })),
  ].filter(({ share }) => share > 0)
}

const grpcStatuses =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED".split(
    " ",
  )
const grpcNumber = (status: string): string => {
  const at = grpcStatuses.indexOf(status.toUpperCase())
  return at < 0 ? status : String(at)
}

const mirrorsOf = (
  context: CallContext,
  caller: Workload,
  call: Call,
  { mirrors }: RouteDecision,
): Served[] =>
  mirrors.flatMap((mirror) =>
    attemptsOf(context, caller, call, mirror).attempts.flatMap(({ server }) =>
      server ? [{ ...server, share: server.share * mirror.share }] : [],
    ),
  )

/** A workload without a proxy reaches the service as Kubernetes routes it: no config of the mesh applies on its side. */
function withoutProxy(context: CallContext, caller: Workload, call: Call): CallResult {
  const { attempts } = attemptsOf(context, caller, call, { host: call.host, subset: "", port: call.port })
  return { branches: attempts.map(({ failure: _, ...branch }) => branch), mirrored: [] }
}

/** All the ways in which one kind of HTTP or gRPC call ends under the live config. */
export function httpCall(context: CallContext, caller: Workload, call: Call): CallResult {
  if (!caller.sidecar) return withoutProxy(context, caller, call)
  const decision = routeRequest(context.mesh, clientOf(caller), call)
  const branches =
    decision.outcome === "route" ? forwarded(context, caller, call, decision) : ownAnswer(call, decision)
  return {
    branches: withFault(call, decision.fault, branches),
    mirrored: mirrorsOf(context, caller, call, decision),
  }
}

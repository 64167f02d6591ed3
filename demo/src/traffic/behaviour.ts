/** One kind of call a workload makes. `host` is the full host; `port` the service's port (at a gateway: the server's). */
export type Call = {
  protocol: "http" | "grpc" | "tcp"
  host: string
  port: number
  /** Calls for each request received (TCP: exchanges of `bytes`). */
  perRequest: number
  method: string
  path: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** Payload of one call, there and back. */
  bytes: { sent: number; received: number }
  /** Its failure fails the request it is made for. */
  critical: boolean
}

/** What a workload does with a request, whoever sends it. */
export type Behaviour = {
  /** Median of its own work. */
  latencyMs: number
  /** Part of its requests that it fails by itself. */
  errors: { share: number; code: number; grpc: string }
  calls: readonly Call[]
}

/** Requests that begin somewhere: a gateway that the outside calls, a job, a load generator. */
export type Origin = {
  /** `namespace/workload` that makes the call. */
  workload: string
  perSecond: number
  call: Call
}

/** Who calls whom in a demo mesh. Behaviour is found by `namespace/workload`, then by `namespace/app`. */
export type Demand = {
  origins: readonly Origin[]
  behaviours: ReadonlyMap<string, Behaviour>
  /** How many pods of a workload share its traffic, as in a system with leaders; absent: all. Keeps the metrics of a large mesh small. */
  activePods?: number
}

/** How a workload that nobody described behaves: a new version of a known app, or something a person deployed. */
export const plainBehaviour: Behaviour = {
  latencyMs: 4,
  errors: { share: 0, code: 500, grpc: "13" },
  calls: [],
}

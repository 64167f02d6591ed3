import type { ObjectRef } from "../kube/object.ts"
import type { Client, HttpRequest } from "./client.ts"
import type { Destination, RouteDecision } from "./decision.ts"
import { type Target, targetOf } from "./endpoints.ts"
import type { Labels, Mesh } from "./mesh.ts"
import { type Reason, reason } from "./reason.ts"
import { type RouteMemo, hostOf, routeRequest } from "./route.ts"
import { type Listeners, listenersOf } from "./server.ts"
import type { Rules } from "./gateway.ts"
import { traceOf } from "./trace.ts"

/** A request to explain: through which proxy (`gateway NS/POD`, `sidecar NS/POD`), and what is asked. */
export type ExplainQuestion = {
  id: number | string | null
  via: string
  port: number
  method: string
  host: string
  path: string
  headers: Readonly<Record<string, string>>
}

export type ExplainedDestination = Destination & {
  state: Target["state"]
  /** Ready ones behind it. */
  endpoints: number
}

/** Which route takes a request, where it goes, and why. */
export type Explanation = {
  id: number | string | null
  /** `namespace/name` of the VirtualService that holds the route. */
  virtualService: string | null
  /** The route's place in it; of an HTTPRoute, the rule's (`httpRoute` names it). */
  route: number | null
  httpRoute?: string
  destinations: readonly ExplainedDestination[]
  /** What the proxy answers by itself; null when an endpoint answers. */
  status: number | null
  reasons: readonly Reason[]
}

export type ExplainOptions = {
  /** Tell of every route that was looked at, too. */
  trace?: boolean
  /** Where the mesh's configuration is not known, `outboundTrafficPolicy` is a guess, and said to be. */
  outboundUnknown?: boolean
  /** Labels of a workload's pods, for a mesh that is known without its pods. */
  templateLabels?: (namespace: string, name: string) => Labels | undefined
}

const parsed = /^(gateway|sidecar)\s+([^/\s]+)\/(\S+)$/

/** The proxy that a text names, with the labels of its pod. @returns a reason when there is none. */
export function clientNamed(
  mesh: Mesh,
  via: string,
  { templateLabels }: Pick<ExplainOptions, "templateLabels"> = {},
): { client: Client } | { reason: Reason } {
  const [, kind, namespace = "", name = ""] = parsed.exec(via.trim()) ?? []
  if (kind === undefined)
    return {
      reason: reason(
        "client.unreadable",
        `"${via}" names no proxy; write "gateway NAMESPACE/POD" or "sidecar NAMESPACE/POD"`,
      ),
    }
  const known = (mesh.instances.get(namespace) ?? []).find((instance) => instance.name === name)
  const labels = known?.labels ?? templateLabels?.(namespace, name)
  if (labels === undefined)
    return { reason: reason("client.unknown", `There is no pod ${name} in namespace ${namespace}`) }
  return { client: { kind: kind === "gateway" ? "gateway" : "sidecar", namespace, labels } }
}

const placeOf = (path: string | null): number | null => {
  const index = /\[(\d+)\]/.exec(path ?? "")?.[1]
  return index === undefined ? null : Number(index)
}

const unserved = (target: Target): boolean => target.state === "no_cluster" || target.state === "no_endpoints"

const isGatewayApi = ({ decidedBy }: RouteDecision): boolean =>
  decidedBy?.kind.includes("gateway.networking.k8s.io") === true

/** What a client is told when no endpoint can answer. */
function statusOf(decision: RouteDecision, targets: readonly Target[]): number | null {
  const abort = decision.fault?.abort
  if (abort && abort.share >= 1) return abort.httpStatus
  if (decision.outcome !== "route") return decision.status
  if (!targets.every(unserved)) return null
  if (!isGatewayApi(decision)) return 503
  // A backend that is not there is a mistake of the route, for the Gateway API. Source: Gateway API, HTTPRouteRule.backendRefs.
  const invalid = targets.filter(({ state }) => state === "no_cluster").length
  return invalid === 0 ? 503 : invalid === targets.length ? 500 : null
}

const guess = reason(
  "outbound.unknown",
  "The mesh's configuration was not given: taken is outboundTrafficPolicy REGISTRY_ONLY; with ALLOW_ANY, Istio's default, the request leaves the mesh",
)

/** Answers questions to one mesh, which must not change meanwhile: what was found for a host is remembered. */
export class Explainer {
  readonly #mesh: Mesh
  readonly #options: ExplainOptions
  readonly #clients = new Map<string, ReturnType<typeof clientNamed>>()
  readonly #targets = new Map<string, Target>()
  readonly #rules = new Map<Client, Map<string, Rules>>()
  readonly #listeners = new Map<Client, Listeners>()

  constructor(mesh: Mesh, options: ExplainOptions = {}) {
    this.#mesh = mesh
    this.#options = options
  }

  readonly #memo: RouteMemo = {
    rules: (client, port, host, find) => {
      const known = this.#rules.get(client) ?? new Map<string, Rules>()
      this.#rules.set(client, known)
      const key = `${port} ${host}`
      const rules = known.get(key) ?? find()
      known.set(key, rules)
      return rules
    },
    listeners: (client) => {
      const known = this.#listeners.get(client) ?? listenersOf(this.#mesh, client)
      this.#listeners.set(client, known)
      return known
    },
  }

  #client(via: string): ReturnType<typeof clientNamed> {
    const known = this.#clients.get(via) ?? clientNamed(this.#mesh, via, this.#options)
    this.#clients.set(via, known)
    return known
  }

  #target(via: string, client: Client, destination: Destination, route: ObjectRef | null): Target {
    const key = `${via} ${route?.namespace} ${route?.name} ${destination.host} ${destination.subset} ${destination.port}`
    const known = this.#targets.get(key) ?? targetOf(this.#mesh, client, destination, { route })
    this.#targets.set(key, known)
    return known
  }

  explain(question: ExplainQuestion): Explanation {
    const found = this.#client(question.via)
    if (!("client" in found))
      return {
        id: question.id,
        virtualService: null,
        route: null,
        destinations: [],
        status: null,
        reasons: [found.reason],
      }
    const { client } = found
    const request: HttpRequest = question
    const decision = routeRequest(this.#mesh, client, request, this.#memo)
    const targets = decision.destinations.map((destination) =>
      this.#target(question.via, client, destination, decision.boundBy),
    )
    return {
      id: question.id,
      ...holderOf(decision),
      destinations: decision.destinations.map((destination, i) => ({
        ...destination,
        state: targets[i]?.state ?? "no_cluster",
        endpoints: targets[i]?.instances.length ?? 0,
      })),
      status: statusOf(decision, targets),
      reasons: [
        ...decision.reasons,
        ...targets.flatMap(({ reasons }) => reasons),
        ...(decision.outcome === "blackhole" && this.#options.outboundUnknown === true ? [guess] : []),
        ...(this.#options.trace === true
          ? traceOf(
              this.#mesh,
              client,
              { ...request, host: hostOf(this.#mesh, client, request.host, request.port) },
              { object: decision.decidedBy, path: decision.path },
            )
          : []),
      ],
    }
  }
}

function holderOf({
  decidedBy,
  path,
}: RouteDecision): Pick<Explanation, "virtualService" | "route" | "httpRoute"> {
  if (decidedBy === null || path === null) return { virtualService: null, route: null }
  const name = `${decidedBy.namespace}/${decidedBy.name}`
  if (decidedBy.kind.startsWith("VirtualService")) return { virtualService: name, route: placeOf(path) }
  const isRoute = decidedBy.kind.startsWith("HTTPRoute") || decidedBy.kind.startsWith("GRPCRoute")
  return {
    virtualService: null,
    route: isRoute ? placeOf(path) : null,
    ...(isRoute ? { httpRoute: name } : {}),
  }
}

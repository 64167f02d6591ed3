import { isWildcard } from "../../istio/host.ts"
import { delegateOf } from "../../istio/delegate.ts"
import { byAge } from "../../istio/mesh.ts"
import { routesFor } from "../../istio/sidecar-routes.ts"
import type { Routed } from "../../istio/rule.ts"
import { type KubeObject, type ObjectRef, byCreation, idOf, kindKeyOf } from "../../kube/object.ts"
import { type Json, record } from "../../topology/fact/read.ts"
import type { RoutingForm } from "../form.ts"
import { newObject } from "../new-object.ts"
import type { World } from "../world.ts"
import type { Lens } from "./lens.ts"
import type { Scope } from "./scope.ts"
import type { Target } from "./target.ts"
import { httpRouteLens } from "./http-route.ts"
import { versionServices } from "./version-services.ts"
import { virtualServiceLens } from "./virtual-service.ts"

export type Api = "istio" | "gateway"

export const virtualServiceKind = "VirtualService.networking.istio.io"
export const httpRouteKind = "HTTPRoute.gateway.networking.k8s.io"

/** An object that routes a service, as a form. */
export type Holder = {
  api: Api
  object: KubeObject
  /** It is not there yet. */
  isNew: boolean
  /** Other HTTPRoutes of the service, which are joined with this one. */
  joined: readonly KubeObject[]
  scope: Scope
  lens: Lens<RoutingForm>
  form: RoutingForm
}

/** All that routes a service for the clients in its mesh. */
export type Routes = {
  api: Api
  /** Those that count, the oldest first: one VirtualService, or all HTTPRoutes that are joined for the service; none: nothing is written for it. */
  holders: readonly Holder[]
  /** In the order in which they win. */
  objects: readonly ObjectRef[]
  /** Those for more hosts than the service by a wildcard. */
  wide: readonly ObjectRef[]
}

export const specOf = (object: KubeObject): Json => record(object["spec"])

const lenses: Readonly<Record<Api, (scope: Scope) => Lens<RoutingForm>>> = {
  istio: virtualServiceLens,
  gateway: httpRouteLens,
}

export function holderOf(world: World, target: Target, object: KubeObject, isNew = false): Holder {
  const { service } = target
  const api: Api = kindKeyOf(object) === httpRouteKind ? "gateway" : "istio"
  const scope: Scope = {
    service,
    namespace: object.metadata.namespace ?? "",
    domain: world.mesh.settings.domain,
    versionServices: api === "gateway" ? versionServices(world, service) : new Map(),
  }
  const lens = lenses[api](scope)
  return { api, object, isNew, joined: [], scope, lens, form: lens.read(specOf(object)) ?? { http: [] } }
}

const refsOf = (config: Routed): ObjectRef[] =>
  config.rules === undefined ? [config.object] : config.rules.map(({ object }) => object)

const distinct = (refs: readonly ObjectRef[]): ObjectRef[] => [
  ...new Map(refs.map((ref) => [idOf(ref), ref])).values(),
]

/** VirtualServices that name the host and are not for this client: at gateways, or for other namespaces. */
function elsewhere(world: World, host: string): ObjectRef[] {
  const found = []
  for (const config of world.mesh.virtualServices.values())
    if (config.hosts.includes(host)) found.push(config)
  return found.sort(byAge).map(({ object }) => object)
}

function apiOf(world: World, winner: Routed | undefined): Api {
  if (winner !== undefined) return winner.gatewayApi === true ? "gateway" : "istio"
  return world.serves(virtualServiceKind) || !world.serves(httpRouteKind) ? "istio" : "gateway"
}

/** What routes a service: whoever wrote it, in whichever API. */
export function routesOf(world: World, target: Target): Routes {
  const { service, client, port } = target
  const candidates = routesFor(world.mesh, { client, port, host: service.host })
  const exact = candidates.filter(({ own }) => !isWildcard(own)).map(({ config }) => config)
  const [winner] = exact
  const wide = candidates.filter(({ own }) => isWildcard(own)).map(({ config }) => config.object)
  return {
    api: apiOf(world, winner),
    holders: winner === undefined ? [] : holdersOf(world, target, refsOf(winner)),
    objects: distinct([...exact.flatMap(refsOf), ...elsewhere(world, service.host), ...wide]),
    wide: distinct(wide),
  }
}

function holdersOf(world: World, target: Target, refs: readonly ObjectRef[]): Holder[] {
  const objects = distinct(refs)
    .flatMap((ref) => world.object(ref) ?? [])
    .sort(byCreation)
  return objects.map((object) => ({
    ...holderOf(world, target, object),
    joined: objects.filter((other) => other !== object),
  }))
}

/** The objects that route the service, or a new one that routes nothing yet. */
export function holdersFor(
  world: World,
  target: Target,
  { api, holders }: Routes,
): readonly [Holder, ...Holder[]] {
  const [first, ...others] = holders
  if (first !== undefined) return [first, ...others]
  const { service } = target
  const place = {
    kind: api === "istio" ? virtualServiceKind : httpRouteKind,
    namespace: service.namespace,
    name: service.object.name,
  }
  const parent = { group: "", kind: "Service", name: service.name, port: target.port }
  const spec =
    api === "istio"
      ? { hosts: [service.object.kind === "Service" ? service.name : service.host] }
      : { parentRefs: [parent] }
  return [holderOf(world, target, newObject(world, place, spec), true)]
}

/** The VirtualService that a rule leaves requests to; undefined when there is none that it may use. */
export function delegateHolder(
  world: World,
  target: Target,
  { object, scope }: Holder,
  delegate: { namespace: string; name: string },
): Holder | undefined {
  const config = {
    object: { kind: virtualServiceKind, namespace: scope.namespace, name: object.metadata.name },
    namespace: scope.namespace,
  }
  const found = delegateOf(world.mesh, config, { delegate })
  const to = "target" in found ? world.object(found.target.object) : undefined
  return to && holderOf(world, target, to)
}

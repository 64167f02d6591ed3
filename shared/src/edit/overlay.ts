import type { Lookup } from "../incremental/table.ts"
import type { Instance } from "../istio/instance.ts"
import { type Mesh, byAge } from "../istio/mesh.ts"
import { MeshModel } from "../istio/model.ts"
import { type KubeObject, type ObjectRef, byPlace, idOf, kindKeyOf, refOf } from "../kube/object.ts"
import { byCodeUnit } from "../order.ts"
import type { World } from "./world.ts"

type Entry = { object: ObjectRef }
type Order<T> = (a: T, b: T) => number

/** What is there, but for what was put in its place or removed, and what was put. */
class Layers {
  readonly #gone: ReadonlySet<string>
  constructor(gone: ReadonlySet<string>) {
    this.#gone = gone
  }

  /** The list itself where nothing of it has changed. */
  list<T extends Entry>(
    below: readonly T[] | undefined,
    above: readonly T[] | undefined,
    order: Order<T>,
  ): readonly T[] | undefined {
    const kept = below?.some(({ object }) => this.#gone.has(idOf(object)))
      ? below.filter(({ object }) => !this.#gone.has(idOf(object)))
      : below
    if (above === undefined || above.length === 0) return kept?.length === 0 ? undefined : kept
    return [...(kept ?? []), ...above].sort(order)
  }

  /** Lists are made once: what was derived from one is found again by it. */
  lookup<T extends Entry>(
    below: Pick<Lookup<readonly T[]>, "get">,
    above: Lookup<readonly T[]>,
    order: Order<T>,
  ): Lookup<readonly T[]> {
    const known = new Map<string, readonly T[] | undefined>()
    const get = (key: string): readonly T[] | undefined => {
      if (known.has(key)) return known.get(key)
      const fresh = this.list(below.get(key), above.get(key), order)
      known.set(key, fresh)
      return fresh
    }
    const list = this.list.bind(this)
    return {
      get,
      has: (key) => get(key) !== undefined,
      *values() {
        // Whole, in no order: a list below may be cut in two here, which nobody can tell.
        if (!("values" in below)) return
        for (const items of (below as Lookup<readonly T[]>).values()) {
          const left = list(items, undefined, order)
          if (left !== undefined) yield left
        }
        yield* above.values()
      },
    }
  }

  first<T extends Entry>(below: Lookup<T>, above: Lookup<T>): Lookup<T> {
    const get = (key: string): T | undefined => {
      const known = below.get(key)
      return above.get(key) ?? (known && this.#gone.has(idOf(known.object)) ? undefined : known)
    }
    const gone = this.#gone
    return {
      get,
      has: (key) => get(key) !== undefined,
      *values() {
        for (const item of below.values()) if (!gone.has(idOf(item.object))) yield item
        yield* above.values()
      },
    }
  }
}

const byName: Order<Instance> = (a, b) =>
  byCodeUnit(a.name, b.name) || byCodeUnit(a.object.kind, b.object.kind)

function meshOver(below: Mesh, above: MeshModel, gone: ReadonlySet<string>): Mesh {
  const layers = new Layers(gone)
  const wildcard = layers.list(below.meshRoutes.wildcard, above.meshRoutes.wildcard, byAge) ?? []
  return {
    settings: below.settings,
    services: layers.lookup(below.services, above.services, byAge),
    wildcardServices: layers.list(below.wildcardServices, above.wildcardServices, byAge) ?? [],
    virtualServices: layers.first(below.virtualServices, above.virtualServices),
    meshRoutes: {
      byHost: layers.lookup(below.meshRoutes.byHost, above.meshRoutes.byHost, byAge),
      wildcard,
    },
    gatewayRoutes: layers.lookup(below.gatewayRoutes, above.gatewayRoutes, byAge),
    httpRoutes: layers.lookup(below.httpRoutes, above.httpRoutes, byAge),
    gateways: layers.list(below.gateways, above.gateways, byAge) ?? [],
    kubernetesGateways: layers.first(below.kubernetesGateways, above.kubernetesGateways),
    destinationRules: layers.lookup(below.destinationRules, above.destinationRules, byAge),
    sidecars: layers.lookup(below.sidecars, above.sidecars, byAge),
    peerAuthentications: layers.lookup(below.peerAuthentications, above.peerAuthentications, byAge),
    authorizationPolicies: layers.lookup(below.authorizationPolicies, above.authorizationPolicies, byAge),
    instances: layers.lookup(below.instances, above.instances, byName),
    byLabel: {
      get: (key) => layers.list(below.byLabel.get(key), above.byLabel.get(key), byName),
    },
  }
}

/** Objects to put (in place of those of the same name) and to remove: what `effectOf` makes of edits. */
export type Effect = { put: readonly KubeObject[]; remove: readonly ObjectRef[] }

/** What is not there yet will be the youngest: age decides what Istio prefers. */
const aged = (object: KubeObject): KubeObject =>
  object.metadata.creationTimestamp === undefined
    ? { ...object, metadata: { ...object.metadata, creationTimestamp: "9999-12-31T23:59:59Z" } }
    : object

/** The world after an effect, laid over the one that is there: in time that grows with the effect, not with the mesh. */
export function worldAfter(world: World, { put, remove }: Effect): World {
  const model = new MeshModel(world.mesh.settings)
  for (const object of put) model.put(aged(object))
  const fresh = new Map(put.map((object) => [idOf(refOf(object)), object]))
  const gone = new Set([...fresh.keys(), ...remove.map(idOf)])
  return {
    ...(world.callers === undefined ? {} : { callers: world.callers.bind(world) }),
    mesh: meshOver(world.mesh, model, gone),
    serves: (kind) => world.serves(kind),
    object: (ref) => fresh.get(idOf(ref)) ?? (gone.has(idOf(ref)) ? undefined : world.object(ref)),
    list: (kind, namespace) => {
      const kept = world.list(kind, namespace).filter((object) => !gone.has(idOf(refOf(object))))
      const added = put.filter(
        (object) =>
          kindKeyOf(object) === kind &&
          (namespace === undefined || (object.metadata.namespace ?? "") === namespace),
      )
      return added.length === 0 ? kept : [...kept, ...added].sort(byPlace)
    },
  }
}

import { type KubeObject, type ObjectRef, refOf } from "#shared/kube/object.ts"
import type { Engine } from "#shared/validation/engine/engine.ts"
import type { Cache, ObjectKey } from "../cluster/cache.ts"
import type { IsEnough } from "./slices.ts"

export type Intake = {
  /** Hands to the engine what changed, until it is enough; false while something is left. */
  take(isEnough: IsEnough): boolean
  close(): void
}

const textOf = ({ kind, namespace, name }: ObjectKey): string => `${kind}\n${namespace}\n${name}`

/** What changed in the cache since the engine was told, and the way to tell it in slices: a list that ends brings thousands of objects at once. */
export function createIntake(options: {
  cache: Cache
  engine: Engine
  /** The engine's name of the cluster. */
  cluster: string
  kinds: readonly string[]
  /** An object is another one now, or gone. */
  changed: (object: ObjectRef) => void
  /** Something is to be taken. */
  wake: () => void
}): Intake {
  const { cache, engine, cluster, kinds, changed, wake } = options
  const wanted = new Set(kinds)
  const objects = new Map<string, ObjectKey>()
  const states = new Set(kinds)
  const lists = new Set(kinds)
  let running: Iterator<void> | undefined

  function tell(ref: ObjectRef, object: KubeObject | undefined): void {
    if (engine.object(cluster, ref) === object) return
    if (object === undefined) engine.remove(cluster, ref)
    else engine.put(cluster, object)
    changed(ref)
  }

  /** What came and went while the kind was not known was not told one by one. */
  function* compare(kind: string): Generator<void> {
    for (const object of engine.cluster(cluster).store(kind).objects()) {
      const ref = refOf(object)
      if (cache.get(ref) === undefined) tell(ref, undefined)
      yield
    }
    for (const object of cache.objects(kind)) {
      tell({ kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name }, object)
      yield
    }
  }

  function* takeAll(): Generator<void> {
    const reasons = new Map(cache.kinds().map(({ kind, reason }) => [kind, reason]))
    for (const kind of states) {
      engine.setState(cluster, kind, { state: cache.stateOf(kind), reason: reasons.get(kind) ?? "" })
      states.delete(kind)
    }
    for (const kind of lists) {
      lists.delete(kind)
      yield* compare(kind)
    }
    for (const [text, key] of objects) {
      objects.delete(text)
      tell(key, cache.get(key))
      yield
    }
  }

  const stopListening = cache.listen({
    changed(key) {
      if (!wanted.has(key.kind)) return
      objects.set(textOf(key), key)
      wake()
    },
    known(kind) {
      if (!wanted.has(kind) || !cache.isKnown(kind)) return
      lists.add(kind)
      wake()
    },
    state(kind) {
      if (!wanted.has(kind)) return
      states.add(kind)
      wake()
    },
  })

  return {
    take(isEnough) {
      running ??= takeAll()
      while (running.next().done !== true) if (isEnough()) return false
      running = undefined
      return objects.size === 0 && lists.size === 0 && states.size === 0
    },
    close: stopListening,
  }
}

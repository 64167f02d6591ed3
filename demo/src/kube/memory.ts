import type { KubeObject } from "#shared/kube/object.ts"

/** One write, as a watch sees it. Objects are shared: treat them as read only. */
export type Change = {
  type: "ADDED" | "MODIFIED" | "DELETED"
  /** KindKey. */
  kind: string
  object: KubeObject
  /** The object before, for a watch with a selector. */
  previous: KubeObject | undefined
  version: number
}

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`

const keyOfObject = (object: KubeObject) => keyOf(object.metadata.namespace ?? "", object.metadata.name)

type Kept = {
  objects: Map<string, KubeObject>
  /** In order of namespace and name, until the set of objects changes. */
  sorted: KubeObject[] | undefined
  history: Change[]
  /** Version of the last change that is not in the history any more. */
  forgotten: number
}

/** Changes kept per kind, for watches that come back. Bounds memory: an old version of an object lives only here. */
const historyLimit = 2000

/** All objects with one resource version over all of them, and the last changes of each kind. The part that etcd plays elsewhere. */
export class Memory {
  #kinds = new Map<string, Kept>()
  #version = 0
  #compacted = 0
  #listeners = new Set<(change: Change) => void>()

  get version(): number {
    return this.#version
  }

  #kept(kind: string): Kept {
    let kept = this.#kinds.get(kind)
    if (!kept) {
      kept = { objects: new Map(), sorted: undefined, history: [], forgotten: 0 }
      this.#kinds.set(kind, kept)
    }
    return kept
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.#kinds.get(kind)?.objects.get(keyOf(namespace, name))
  }

  /** All objects of a kind in order of namespace and name, as etcd has them. */
  list(kind: string): readonly KubeObject[] {
    const kept = this.#kinds.get(kind)
    if (!kept) return []
    kept.sorted ??= [...kept.objects]
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, object]) => object)
    return kept.sorted
  }

  /** Stores the object under a new resource version and tells every listener. Returns what is stored. */
  put(kind: string, object: KubeObject): KubeObject {
    const kept = this.#kept(kind)
    const key = keyOfObject(object)
    const previous = kept.objects.get(key)
    const stored = this.#versioned(object)
    kept.objects.set(key, stored)
    kept.sorted = undefined
    this.#record(kept, {
      type: previous ? "MODIFIED" : "ADDED",
      kind,
      object: stored,
      previous,
      version: this.#version,
    })
    return stored
  }

  /** Removes the object; returns its last state, or undefined when it was not there. */
  remove(kind: string, namespace: string, name: string): KubeObject | undefined {
    const kept = this.#kept(kind)
    const previous = kept.objects.get(keyOf(namespace, name))
    if (!previous) return undefined
    kept.objects.delete(keyOf(namespace, name))
    kept.sorted = undefined
    const object = this.#versioned(previous)
    this.#record(kept, { type: "DELETED", kind, object, previous, version: this.#version })
    return object
  }

  #versioned(object: KubeObject): KubeObject {
    this.#version += 1
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
  }

  #record(kept: Kept, change: Change): void {
    kept.history.push(change)
    if (kept.history.length >= 2 * historyLimit) {
      const dropped = kept.history.splice(0, kept.history.length - historyLimit)
      kept.forgotten = dropped.at(-1)?.version ?? kept.forgotten
    }
    for (const listener of [...this.#listeners]) listener(change)
  }

  /** The changes of a kind after a version, or null when they are not all kept any more. */
  since(kind: string, version: number): Change[] | null {
    const kept = this.#kept(kind)
    if (version < Math.max(kept.forgotten, this.#compacted)) return null
    return kept.history.filter((change) => change.version > version)
  }

  /** Oldest version that can still be read. */
  get compacted(): number {
    return this.#compacted
  }

  /** Forgets all changes so far: older resource versions are gone. */
  compact(): void {
    this.#compacted = this.#version
    for (const kept of this.#kinds.values()) kept.history = []
  }

  /** Calls the listener with every change, in order, in the call that makes it. Returns how to stop. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
